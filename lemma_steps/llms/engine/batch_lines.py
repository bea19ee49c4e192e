"""The lines of a batch's files."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

from lemma_steps.llms.engine.exchange import LARGEST_BODY, ExchangeError

NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_HEAD = 4096
_KEY = re.compile(rb'"custom_id"\s*:\s*"([0-9a-f]{32})"')
_RETRYABLE = {408, 409, 425, 429}
_FATAL = {401, 402, 403, 404}


def request_line(key: str, path: str, body: dict[str, Any]) -> str:
    """One request, in ASCII, with its line feed."""
    return json.dumps({"custom_id": key, "method": "POST", "url": path, "body": body}) + "\n"


def answer(line: bytes) -> tuple[str, dict[str, Any] | ExchangeError]:
    """The key of the request that a line answers, and the response body, or why there is none.

    The key is empty where none can be read. A failed request says so in `response` (an HTTP status and its body) or in
    `error` (a code and a message: the batch expired or was cancelled before the request's turn came).
    """
    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        item = None
    if not isinstance(item, dict) or not isinstance(item.get("custom_id"), str):
        found = _KEY.search(line[:_HEAD])
        return found.group(1).decode() if found else "", _garbled(line)
    key, response, error = item["custom_id"], item.get("response"), item.get("error")
    if not isinstance(response, dict):
        if not isinstance(error, dict):
            return key, _garbled(line)
        code = str(error.get("code") or "batch_failed")
        return key, ExchangeError(code, _words(error), retryable=code not in NO_MONEY, fatal=code in NO_MONEY)
    status, body = response.get("status_code"), response.get("body")
    if status == 200 and isinstance(body, dict):
        return key, body
    if not isinstance(status, int) or status == 200:
        return key, _garbled(line)
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {"message": error or body}
    kinds = {str(error.get("code")), str(error.get("type"))}
    fatal = status in _FATAL or "model_not_found" in kinds or bool(kinds & NO_MONEY)
    retryable = not fatal and (status >= 500 or status in _RETRYABLE)
    return key, ExchangeError(f"http_{status}", _words(error), retryable=retryable, fatal=fatal)


async def split(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines that end in a line feed and nothing else: a reply may hold other line separators.

    Of a line longer than 4 MB only the head is given, and nothing of an empty one.
    """
    rest = bytearray()
    async for chunk in chunks:
        *lines, tail = chunk.split(b"\n")
        for line in lines:
            rest += line
            if rest:
                yield _cut(rest)
            rest.clear()
        rest += tail
        if len(rest) > LARGEST_BODY:
            del rest[LARGEST_BODY + 1 :]
    if rest:
        yield _cut(rest)


_CUT = b"\0"
"""Ends the head of a line that was too long; no JSON holds it."""


def _cut(line: bytearray) -> bytes:
    return bytes(line) if len(line) <= LARGEST_BODY else bytes(line[:_HEAD]) + _CUT


def _garbled(line: bytes) -> ExchangeError:
    if line.endswith(_CUT):
        return ExchangeError("reply_too_long", f"more than {LARGEST_BODY:,} bytes")
    return ExchangeError("garbled_reply", f"no answer: {line[:200]!r}", retryable=True)


def _words(error: dict[str, Any]) -> str:
    return str(error.get("message") or error.get("code") or "no reason given").strip().split("\n", 1)[0][:300]
