"""A steady rate: so many units a minute."""

from __future__ import annotations

import time

_MARGIN = 1.02
"""Kept below the limit, so that no window of a minute holds more than it whatever the network does to the spacing."""


class Pace:
    """Tells each taker how long to wait so that no minute sees more than `per_minute` units. `None`: no limit."""

    def __init__(self, per_minute: float | None) -> None:
        self._seconds_per_unit = 60.0 * _MARGIN / per_minute if per_minute else 0.0
        self._free_at = 0.0

    def take(self, units: float = 1.0) -> float:
        """Seconds to wait before these units may be used; they are taken."""
        now = time.monotonic()
        begin = max(now, self._free_at)
        self._free_at = begin + units * self._seconds_per_unit
        return begin - now

    def correct(self, units: float) -> None:
        """Take more, or give back what an estimate took too much."""
        self._free_at += units * self._seconds_per_unit
