"""The verdict of the published grader, bounded in time and memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from functools import partial

from lemma_steps.answers.pool import VerifyPool, decided, in_order, shared_pool
from lemma_steps.answers.qwen.equal import equal
from lemma_steps.answers.qwen.extract import golds, prediction
from lemma_steps.answers.qwen.requirements import require
from lemma_steps.answers.qwen.strip import MAX_CHARS
from lemma_steps.answers.verdict import Verdict

TIMEOUT_S = 5.0
"""Seconds of CPU time for one comparison. The published code gives it 60 by the clock, on 32 processes."""


def _submit(pool: VerifyPool, timeout_s: float, gold: str, reply: str) -> Future[Verdict]:
    expected, target = golds(gold)
    answer = prediction(expected, reply)
    if answer is None or len(answer) > MAX_CHARS:
        return decided(Verdict.WRONG)
    if (outcome := equal(answer, target)) is None:
        return pool.compare("qwen", target, answer, timeout_s=timeout_s)
    return decided(Verdict.RIGHT if outcome else Verdict.WRONG)


def match_many(pairs: Iterable[tuple[str, str]], *, timeout_s: float = TIMEOUT_S) -> Iterator[Verdict]:
    """Verdicts on (gold, reply) pairs in order, reading at most a window of pairs ahead of the consumer.

    Strings and numbers are compared here; the rest on the processes that `verify` uses. What crashes a parser is wrong.

    Raises:
        RefusedError: a library is missing or of a version that would grade differently.
    """
    require()
    pool = shared_pool()
    for verdict in in_order(pool, partial(_submit, pool, timeout_s), pairs):
        yield Verdict.WRONG if verdict is Verdict.UNPARSED else verdict


def match(gold: str, reply: str, *, timeout_s: float = TIMEOUT_S) -> Verdict:
    """Whether the published grader calls `reply` right: `RIGHT`, `WRONG`, or `TIMED_OUT`, which counts as not matched.

    Args:
        gold: the gold answer after the rule of its set, before the stripping; for MATH `gold_of` the worked solution.
        reply: the whole reply, cut at the stop strings.
    """
    return next(match_many([(gold, reply)], timeout_s=timeout_s))
