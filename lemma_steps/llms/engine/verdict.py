"""Whether one choice of a reply may be used as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lemma_steps.errors import CallFailedError

LONGEST_TEXT = 1_000_000
"""Characters of one reply; a whole solution has a few thousand."""
_WHOLE = {"stop", "eos", "eos_token", "stop_sequence", "end_turn", "complete", ""}
_FAILED = {
    "length": "reply_truncated",
    "max_tokens": "reply_truncated",
    "content_filter": "content_filtered",
    "safety": "content_filtered",
}
_SURROGATE = re.compile("[\ud800-\udfff]")


def judge(choice: Any) -> str:
    """The text of one choice of a chat or text completion; lone surrogates, which no file can hold, become U+FFFD.

    Raises:
        CallFailedError: reply_truncated, content_filtered, reply_aborted, refused, empty_reply, reply_too_long, garbled_reply.
    """
    if not isinstance(choice, Mapping):
        raise CallFailedError("garbled_reply", "a choice is no object")
    given = choice.get("message")
    message = given if isinstance(given, Mapping) else {}
    finish = str(choice.get("finish_reason") or "")[:40].lower()
    if finish in _FAILED:
        raise CallFailedError(_FAILED[finish], f"finish_reason is {finish}")
    if refusal := message.get("refusal"):
        raise CallFailedError("refused", str(refusal)[:300])
    text = choice.get("text", message.get("content"))
    if text is not None and not isinstance(text, str):
        raise CallFailedError("garbled_reply", f"the reply is a {type(text).__name__}, not text")
    if not text or not text.strip():
        raise CallFailedError("empty_reply", f"finish_reason is {finish}")
    if finish not in _WHOLE:
        raise CallFailedError("reply_aborted", f"finish_reason is {finish}")
    if len(text) > LONGEST_TEXT:
        raise CallFailedError("reply_too_long", f"{len(text):,} characters; at most {LONGEST_TEXT:,} are taken")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
