"""Answers with 422 where upstream falls over a request that nobody can fulfil."""

from __future__ import annotations

import traceback

from argilla_server.api.routes import api_v1
from fastapi import Request
from fastapi.responses import JSONResponse

_FELL_IN = {  # upstream's function
    "RangeFilter.check_ge_and_le": "the ends of a range must both be numbers or both be text",
    "SearchRecordsQueryValidator.validate": "filters must name at least one",
}


def patch() -> None:
    """Apply all; once, before the server starts."""
    api_v1.add_exception_handler(TypeError, _wrong_kind)
    api_v1.add_exception_handler(OverflowError, _too_large)


async def _wrong_kind(request: Request, error: Exception) -> JSONResponse:
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    where = frame.f_code.co_qualname
    if where not in _FELL_IN:
        raise error
    return _refusal(_FELL_IN[where])


async def _too_large(request: Request, error: Exception) -> JSONResponse:
    return _refusal(f"a number is too large ({error})")  # an offset, for SQLite


def _refusal(why: str) -> JSONResponse:
    return JSONResponse({"detail": why}, status_code=422)
