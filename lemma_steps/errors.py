"""The errors that cross layers, one per thing a caller can do about them."""

from __future__ import annotations

from typing import Any


class RefusedError(Exception):
    """Work cannot begin: bad input, configuration, or a second run. The text says what, where and the remedy (exit code 2)."""


class StoppedError(Exception):
    """Work stopped after it began and can be resumed (exit code 3)."""


class RejectionError(Exception):
    """One row leaves the pipeline, with a reason code, the evidence and whatever columns it had gained by then."""

    def __init__(self, reason: str, detail: str = "", columns: dict[str, Any] | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.columns = reason, detail, columns or {}


class CallFailedError(RejectionError):
    """A model call gave no usable reply; costs one row, never its batch. `entry` is the store's, where it was paid for."""

    entry: Any = None
