"""How the simulated endpoint behaves: what a request's content decides about latency and faults."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

MEDIAN_S, SIGMA = 1.0, 0.6
FAULTS = ("too_many", "too_many_with_retry_after", "server_error", "dropped", "truncated", "garbage")


@dataclass
class Behaviour:
    """What can be changed while the endpoint runs.

    Attributes:
        latency: factor on the lognormal latency of median 1 s; 0 answers at once.
        right_share: share of student samples that are right.
        too_many, too_many_with_retry_after: shares answered 429, without and with `Retry-After: 1`.
        server_error: share answered 500.
        dropped: share whose connection is cut.
        truncated: share cut off, with `finish_reason` "length".
        garbage: share that makes no sense: half a body that is no JSON, half a completion of nonsense.
        failing: keys that are always answered 500.
        limit: requests in flight above which the answer is 429; None is no limit.
        log, record: files for the request log and for the bodies (JSONL `{key, problem, url, body}`).
    """

    latency: float = 1.0
    right_share: float = 0.0
    too_many: float = 0.0
    too_many_with_retry_after: float = 0.0
    server_error: float = 0.0
    dropped: float = 0.0
    truncated: float = 0.0
    garbage: float = 0.0
    failing: list[str] = field(default_factory=list)
    limit: int | None = None
    log: str | None = None
    record: str | None = None

    @classmethod
    def of(cls, **options: Any) -> Behaviour:
        """Behaviour from options that are checked: shares lie between 0 and 1, and together not above 1."""
        made = cls(**options)
        if not 0 <= sum(getattr(made, name) for name in FAULTS) <= 1:
            raise ValueError("the shares of faults add up to more than 1")
        return made

    def fault(self, key: str, attempt: int) -> str | None:
        """The fault of this attempt at this content, if it gets one."""
        if key in self.failing:
            return "server_error"
        draw = uniform(key, "fault", attempt)
        for name in FAULTS:
            draw -= getattr(self, name)
            if draw < 0:
                return name
        return None


def uniform(*parts: object) -> float:
    """A number in (0, 1) that depends on the parts alone."""
    number = int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=6).digest())
    return (number + 0.5) / 2**48


def key_of(body: dict[str, Any]) -> str:
    """The hash of a request's content, whatever the order of its fields."""
    return hashlib.blake2b(json.dumps(body, sort_keys=True).encode(), digest_size=12).hexdigest()


def prompt_of(body: dict[str, Any]) -> str:
    """The hash of what is asked, whatever the seed: an engine may ask again with another one."""
    return key_of({name: body.get(name) for name in ("messages", "prompt", "model")})


def latency_of(key: str) -> float:
    """Seconds, lognormal with median 1 and sigma 0.6."""
    return MEDIAN_S * math.exp(SIGMA * NormalDist().inv_cdf(uniform(key, "latency")))
