"""The global batch is the same on every number of GPUs, or the run is refused with numbers that work."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.training.batch import accumulation, steps

PAPER_BATCH = 4 * 8 * 8  # per GPU, accumulation, GPUs: the published training script


@pytest.mark.parametrize(("gpus", "expected"), [(1, 64), (2, 32), (4, 16), (8, 8), (16, 4), (64, 1)])
def test_the_papers_batch_is_made_on_any_usual_number_of_gpus(gpus, expected):
    assert accumulation(PAPER_BATCH, 4, gpus) == expected


@pytest.mark.parametrize(
    ("batch", "micro", "gpus", "remedy"),
    [
        (256, 4, 3, "--gpus 2, or another batch with --global-batch 252"),
        (256, 4, 128, "--gpus 64, or another batch with --global-batch 512"),
        (256, 4, 7, "--gpus 4, or another batch with --global-batch 252"),
        (8, 2, 3, "--gpus 2, or another batch with --global-batch 6"),
        (256, 3, 1, "set micro_batch_size to a divisor of 256"),
        (8, 16, 1, "set micro_batch_size to a divisor of 8"),
    ],
)
def test_what_cannot_make_it_is_refused_with_what_can(batch, micro, gpus, remedy):
    with pytest.raises(RefusedError, match=re.escape(remedy) + "$"):
        accumulation(batch, micro, gpus)


@given(st.integers(1, 512), st.integers(1, 16), st.integers(1, 64))
def test_a_step_sees_exactly_the_batch_and_the_numbers_named_work(batch, micro, gpus):
    try:
        assert accumulation(batch, micro, gpus) * micro * gpus == batch
    except RefusedError as error:
        assert batch % (micro * gpus)
        if named := re.search(r"--gpus (\d+), .*--global-batch (\d+)$", str(error)):
            fewer, other = map(int, named.groups())
            assert accumulation(batch, micro, fewer) * micro * fewer == batch
            assert accumulation(other, micro, gpus) * micro * gpus == other


@pytest.mark.parametrize(
    ("rows", "epochs", "batch", "expected"),
    [
        (88_904, 3, 256, 1044),  # the published script: 1041, its transformers left out what was not a full step
        (8, 10, 8, 10),
        (9, 1, 8, 2),
        (1, 1, 256, 1),
        (80, 0.5, 8, 5),
        (88, 0.5, 8, 6),
        (32, 2.25, 8, 9),
    ],
)
def test_an_epochs_last_batch_is_a_step(rows, epochs, batch, expected):
    assert steps(rows, epochs, batch) == expected


@given(st.integers(1, 10_000), st.integers(1, 5), st.integers(1, 300))
def test_whole_epochs_take_whole_epochs(rows, epochs, batch):
    assert steps(rows, epochs, batch) == epochs * math.ceil(rows / batch)
