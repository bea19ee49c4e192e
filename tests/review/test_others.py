"""A changed row repeats no other row as that one is now, wherever the two stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from lemma_steps.review.others import Others
from tests.output.rows import kept

ONE, TWO, THREE = ({**kept(number), "id": str(number)} for number in (1, 2, 3))


def like(row: dict[str, Any], id: str, **changes: Any) -> dict[str, Any]:
    made = {**row, "id": id, **changes}
    return made | {"output": made["erroneous_prefix"] + made["reflection"] + made["correction"]}


@pytest.fixture
def others() -> Iterator[Others]:
    with closing(Others()) as found:
        for row in (ONE, TWO, THREE):
            found.put(row)
        yield found


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (TWO, None),
        (like(TWO, "2", correction=TWO["correction"] + " "), None),
        (like(ONE, "2"), ("exact_duplicate", "of 1")),
        (like(THREE, "2"), ("exact_duplicate", "of 3")),
        (like(ONE, "2", question="Another question?"), ("exact_duplicate", "of 1")),
        (like(ONE, "2", correction=ONE["correction"].replace("\n", " \n")), ("exact_duplicate", "of 1")),
        (
            like(ONE, "2", reflection="Quite other words, which I take back.\n"),
            ("near_duplicate", "of 1, in other words of reflection"),
        ),
        (like(ONE, "2", reflection="Quite other words.\n", correction="So it is.\nThe answer is: 5"), None),
        (like(ONE, "2", question="Another question?", reflection="Quite other words.\n"), None),
    ],
)
def test_what_repeats_another_row(others: Others, row: dict[str, Any], found: tuple[str, str] | None) -> None:
    assert others.repeated(row) == found


def test_a_row_counts_as_it_is_now_and_not_as_it_was(others: Others) -> None:
    others.put(like(ONE, "1", reflection="Quite other words.\n", correction="So it is.\nThe answer is: 5"))
    assert others.repeated(like(ONE, "2")) is None
    again = like(ONE, "2", reflection="Quite other words.\n", correction="So it is.\nThe answer is: 5")
    assert others.repeated(again) == ("exact_duplicate", "of 1")
