"""What is counted of outputs whose errors nobody labelled."""

from __future__ import annotations

import pytest

from lemma_steps.output.text_checks import TextChecks
from tests.output.rows import kept, rejected

PLAIN = {"method": "sft", "error_step": None}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (kept(1), (0, 0, 0, 0, 0)),  # its error is labelled
        (rejected(1, "audit_trajectory", "r", output="1+1=3"), (0, 0, 0, 0, 0)),
        (kept(1, **PLAIN, output=" No sum at all."), (1, 0, 0, 0, 0)),
        (kept(1, **PLAIN, output=" 1+1=2. 2+2=5. 2+3=6."), (1, 0, 3, 2, 1)),
        (kept(1, **PLAIN, output=" x+1=y. Wait, that is wrong. 1+1=2."), (1, 1, 1, 0, 0)),
    ],
)
def test_counts(row, expected):
    checks = TextChecks()
    checks.add(row)
    assert tuple(checks.report().values()) == expected
