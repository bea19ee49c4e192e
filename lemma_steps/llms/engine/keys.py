"""The name of a request: a hash of its content."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def request_key(body: dict[str, Any], index: int = 0) -> str:
    """32 hex digits of SHA-256 over what decides the reply, and the number of the sample.

    Neither the endpoint nor the key of the API is part of it: a server that moves keeps its replies.

    Args:
        body: messages or prompt, model, sampling parameters, seed.
        index: which of several samples of this request, from 0.
    """
    content = json.dumps([body, index], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]
