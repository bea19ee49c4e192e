"""What a push shows while it sends."""

from __future__ import annotations

import pytest

from lemma_steps.review import sending
from lemma_steps.review.sending import Sending


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    now = [0.0]
    monkeypatch.setattr(sending.time, "monotonic", lambda: now[0])
    return now


def test_without_a_terminal_a_line_every_ten_seconds_with_rate_and_time_left(capsys, clock):
    with Sending(1000) as shown:
        for seconds in (4, 8, 12, 16, 20, 24):
            clock[0] = seconds
            shown.add(100)
    assert capsys.readouterr().err.splitlines() == [
        "300 of 1,000 records sent, 25/s, 28 s left",
        "600 of 1,000 records sent, 25/s, 16 s left",
    ]
    assert shown.done == 600


def test_a_push_that_is_soon_done_says_nothing(capsys, clock):
    with Sending(200) as shown:
        clock[0] = 60
        shown.add(200)
    assert capsys.readouterr().err == ""
