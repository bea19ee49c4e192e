"""The batch queue against a server that misbehaves, and against SIGKILL: every line is submitted and paid once."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import replace

import openai
import pytest

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.llms.engine import batch_collect
from lemma_steps.llms.engine.batch import BatchQueue
from lemma_steps.llms.engine.batch_lines import answer, request_line, split
from lemma_steps.llms.engine.exchange import LARGEST_BODY, ExchangeError
from lemma_steps.llms.engine.keys import request_key
from lemma_steps.llms.engine.store import Entry, RequestStore
from lemma_steps.llms.engine.usage import Usage
from tests.batch_server import KEY, Plan, completion, error, serving

PATH = "/v1/chat/completions"
FAST = {"quiet_s": 0.05, "poll_s": 0.02, "backoff_s": 0.01, "settle_s": 0.05}


def body(n, model="m"):
    return {"model": model, "messages": [{"role": "user", "content": f"question {n}"}], "max_tokens": 9}


def key(n, model="m"):
    return request_key(body(n, model))


def echo(custom_id, request):
    return completion("reply to " + request["messages"][0]["content"])


def text(reply):
    return reply["choices"][0]["message"]["content"]


@asynccontextmanager
async def queue_at(url, store, api_key=KEY, **options):
    client = openai.AsyncOpenAI(base_url=url, api_key=api_key, timeout=10)
    queue = BatchQueue(client, store, **{**FAST, **options})
    try:
        yield queue
    finally:
        await queue.close()
        await client.close()


def entry(name, reply):
    return Entry(name, text(reply), None, "m", Usage(1, 0, 1), 0.5)


async def fetch(queue, store, n, attempts=1, model="m"):
    """What the engine does: look in the store, ask, store, use; ask again where that may help."""
    if (known := store.get(key(n, model))) is not None:
        return known.text
    for left in reversed(range(attempts)):
        try:
            reply = await queue.ask(key(n, model), body(n, model))
        except ExchangeError as failure:
            if left and failure.retryable:
                continue
            return failure
        await store.put([entry(key(n, model), reply)])
        return text(reply)


def run(server, path, numbers, *, attempts=1, after=None, **options):
    """Fetch all numbers at once through a new store and a new queue, as a new process would."""

    async def go():
        store = RequestStore(path)
        try:
            async with queue_at(server.url, store, **options) as queue:
                return await asyncio.wait_for(asyncio.gather(*(fetch(queue, store, n, attempts) for n in numbers)), 30)
        finally:
            store.close()

    return asyncio.run(go())


def tables(path):
    connection = sqlite3.connect(path)
    counts = {
        t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("batch_line", "batch_reply", "reply")
    }
    states = [state for (state,) in connection.execute("SELECT state FROM batches ORDER BY touched_at")]
    connection.close()
    return counts, states


@pytest.fixture
def path(tmp_path):
    return tmp_path / "requests.sqlite"


def expected(numbers):
    return [f"reply to question {n}" for n in numbers]


def test_all_that_waits_goes_out_as_one_batch_and_everyone_gets_his_reply(path):
    with serving(echo) as server:
        assert run(server, path, range(20)) == expected(range(20))
    assert server.sizes == [20]
    assert set(server.lines.values()) == {1}
    assert tables(path) == ({"batch_line": 0, "batch_reply": 0, "reply": 20}, ["completed"])


def test_a_row_that_asks_again_after_its_reply_joins_the_others_in_the_next_batch(path):
    """Two dependent stages of twenty rows are two batches, not forty."""

    async def go(url):
        store = RequestStore(path)

        async def row(queue, n):
            await fetch(queue, store, n)
            await asyncio.sleep(0.02 * n)
            return await fetch(queue, store, 100 + n)

        async with queue_at(url, store, quiet_s=0.2) as queue:
            await asyncio.gather(*(row(queue, n) for n in range(20)))
        store.close()

    with serving(echo) as server:
        asyncio.run(go(server.url))
    assert server.sizes == [20, 20]


def test_nothing_is_flushed_while_replies_are_still_handed_out(path, monkeypatch):
    """The download stands still for longer than a queue must be quiet, with half of the rows at their next stage."""
    monkeypatch.setattr(batch_collect, "CHUNK", 1)

    async def go(url):
        store = RequestStore(path)

        async def row(queue, n):
            await fetch(queue, store, n)
            return await fetch(queue, store, 100 + n)

        async with queue_at(url, store) as queue:
            await asyncio.gather(*(row(queue, n) for n in range(10)))
        store.close()

    with serving(lambda name, request: completion("z" * 100_000)) as server:
        server.faults["content"].append("pause")
        asyncio.run(go(server.url))
    assert server.sizes == [10, 10]


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        ({"max_requests": 8}, [8, 8, 4]),
        ({"max_bytes": 6 * len(request_line(key(10), PATH, body(10))) - 1}, [5, 5, 5, 5]),
    ],
)
def test_a_full_batch_goes_out_at_once(path, options, sizes):
    with serving(echo) as server:
        assert run(server, path, range(10, 30), **options) == expected(range(10, 30))
        assert sorted(server.sizes, reverse=True) == sizes
        assert all(
            len(content) <= options.get("max_bytes", 10**9)
            for name, content in server.files.items()
            if b'"url"' in content
        )


def test_a_batch_holds_one_model_only(path):
    async def go(url):
        store = RequestStore(path)
        async with queue_at(url, store) as queue:
            await asyncio.gather(
                *(fetch(queue, store, n, model=model) for n in range(5) for model in ("teacher", "student"))
            )
        store.close()

    with serving(echo) as server:
        asyncio.run(go(server.url))
    assert sorted(map(sorted, server.models)) == [["student"], ["teacher"]]
    assert server.sizes == [5, 5]


def test_two_askers_of_one_request_share_its_line(path):
    async def go(url):
        store = RequestStore(path)
        async with queue_at(url, store) as queue:
            replies = await asyncio.gather(*(queue.ask(key(1), body(1)) for _ in range(3)))
        store.close()
        return replies

    with serving(echo) as server:
        assert [text(reply) for reply in asyncio.run(go(server.url))] == expected([1, 1, 1])
    assert server.lines == {key(1): 1}


def test_asking_again_after_the_reply_was_stored_buys_another_reply(path):
    """A truncated reply was paid and stored as no good; the engine asks for a new one."""
    count = 0

    def reply(custom_id, request):
        nonlocal count
        count += 1
        return completion(f"number {count}")

    async def go(url, times):
        store = RequestStore(path)
        texts = []
        async with queue_at(url, store) as queue:
            for _ in range(times):
                got = await queue.ask(key(1), body(1))
                await store.put([replace(entry(key(1), got), text=None, reason="reply_truncated")])
                texts.append(text(got))
        store.close()
        return texts

    with serving(reply) as server:
        assert asyncio.run(go(server.url, 2)) == ["number 1", "number 2"]
        assert asyncio.run(go(server.url, 1)) == ["number 3"]
    assert tables(path)[0] == {"batch_line": 0, "batch_reply": 0, "reply": 3}


def test_a_reply_stored_only_after_the_next_collection_is_not_handed_out_twice(path):
    count = 0

    def reply(custom_id, request):
        nonlocal count
        count += 1
        return completion(f"number {count}")

    async def go(url):
        store = RequestStore(path)
        async with queue_at(url, store) as queue:
            first = await queue.ask(key(1), body(1))
            await queue.ask(key(2), body(2))
            await store.put([replace(entry(key(1), first), text=None, reason="reply_truncated")])
            again = await queue.ask(key(1), body(1))
        store.close()
        return text(first), text(again)

    with serving(reply) as server:
        assert asyncio.run(go(server.url)) == ("number 1", "number 3")


def test_who_leaves_before_the_flush_is_not_submitted(path):
    async def go(url):
        store = RequestStore(path)
        async with queue_at(url, store, quiet_s=0.2) as queue:
            gone = asyncio.ensure_future(queue.ask(key(1), body(1)))
            stays = asyncio.ensure_future(queue.ask(key(2), body(2)))
            await asyncio.sleep(0)
            gone.cancel()
            await stays
            assert gone.cancelled()
        store.close()

    with serving(echo) as server:
        asyncio.run(go(server.url))
    assert server.lines == {key(2): 1}


@pytest.mark.parametrize(
    ("given", "code", "retryable", "fatal"),
    [
        ((400, error("too many tokens")), "http_400", False, False),
        ((429, error("slow down", "rate_limit_exceeded")), "http_429", True, False),
        ((429, error("no money", "insufficient_quota")), "http_429", False, True),
        ((500, error("oops")), "http_500", True, False),
        ((503, {"error": "oops"}), "http_503", True, False),
        ((401, error("bad key")), "http_401", False, True),
        ((404, error("no model", "model_not_found")), "http_404", False, True),
        ((200, []), "garbled_reply", True, False),
        ("batch_expired", "batch_expired", True, False),
        ("server_error", "server_error", True, False),
        (None, "batch_line_missing", True, False),
        (completion("x" * (LARGEST_BODY + 10)), "reply_too_long", False, False),
    ],
)
def test_a_failed_line_costs_its_asker_only(path, given, code, retryable, fatal):
    with serving(lambda name, request: given if name == key(3) else echo(name, request)) as server:
        replies = run(server, path, range(6))
    failure = replies.pop(3)
    assert (failure.code, failure.retryable, failure.fatal) == (code, retryable, fatal)
    assert replies == expected([0, 1, 2, 4, 5])
    assert set(server.lines.values()) == {1}


def test_failed_lines_go_into_the_next_batch(path):
    failed = set()

    def once(name, request):
        if name in {key(n) for n in range(3)} - failed:
            failed.add(name)
            return 500, error("oops")
        return echo(name, request)

    with serving(once) as server:
        assert run(server, path, range(9), attempts=2) == expected(range(9))
    assert server.sizes == [9, 3]


def test_an_expired_batch_keeps_what_it_finished(path):
    late = {key(n) for n in range(4)}

    def reply(name, request):
        if name in late:
            late.discard(name)
            return "batch_expired" if name == key(0) else None
        return echo(name, request)

    with serving(reply) as server:
        server.plans.append(Plan(["in_progress", "expired"]))
        assert run(server, path, range(10), attempts=2) == expected(range(10))
    assert server.sizes == [10, 4]
    assert tables(path)[1] == ["expired", "completed"]


def test_a_batch_cancelled_by_hand_stops_the_run_and_keeps_its_replies(path):
    with serving(lambda name, request: None if name == key(0) else echo(name, request)) as server:
        server.plans.append(Plan(["in_progress", "cancelling", "cancelled"]))
        with pytest.raises(StoppedError, match="batch_0 was cancelled"):
            run(server, path, range(5))
        server.reply = echo
        assert run(server, path, range(5)) == expected(range(5))
    assert server.sizes == [5, 1]


def test_a_line_that_fails_validation_is_named_and_the_others_are_submitted_again(path):
    with serving(echo) as server:
        bad = {"code": "invalid_json_line", "line": 2, "message": "not parseable", "param": None}
        server.plans.append(Plan(["validating", "failed"], [bad]))
        replies = run(server, path, range(4), attempts=2)
    failure = replies.pop(1)
    assert (failure.code, failure.retryable, "not parseable" in failure.detail) == ("batch_failed", False, True)
    assert replies == expected([0, 2, 3])
    assert server.sizes == [4, 3]


def test_a_batch_that_fails_for_no_reason_fails_its_askers_and_may_be_tried_again(path):
    with serving(echo) as server:
        server.plans.append(Plan(["failed"]))
        [failure] = run(server, path, [1])
        assert (failure.code, failure.retryable) == ("batch_failed", True)
        assert run(server, path, [1]) == expected([1])


@pytest.mark.parametrize("code", ["model_not_found", "billing_hard_limit_reached", "insufficient_quota"])
def test_a_batch_that_no_other_could_better_stops_the_run_with_the_endpoints_words(path, code):
    with serving(echo) as server:
        server.plans.append(Plan(["failed"], [{"code": code, "line": 1, "message": "words of theirs", "param": None}]))
        with pytest.raises(StoppedError, match="words of theirs"):
            run(server, path, range(3), attempts=9)
    assert server.sizes == [3]


def test_too_many_queued_tokens_make_smaller_batches_and_no_failed_row(path):
    limit = {"code": "token_limit_exceeded", "line": None, "message": "Enqueued token limit reached", "param": None}
    with serving(echo) as server:
        server.plans.extend([Plan(["failed"], [limit]), Plan(["failed"], [limit])])
        assert run(server, path, range(16)) == expected(range(16))
    assert server.sizes[:2] == [16, 8]
    assert max(server.sizes[2:]) <= 8
    assert set(server.lines.values()) == {1}


def test_with_another_batch_open_one_over_the_token_limit_waits_for_it(path):
    limit = {"code": "token_limit_exceeded", "line": None, "message": "Enqueued token limit reached", "param": None}
    with serving(echo) as server:
        server.plans.extend([Plan(["in_progress"] * 20 + ["completed"]), Plan(["failed"], [limit])])
        assert run(server, path, range(8), max_requests=4) == expected(range(8))
    assert server.sizes == [4, 4, 4]
    assert server.beside == [0, 1, 0]


@pytest.mark.parametrize("call", ["upload", "create", "retrieve", "content"])
@pytest.mark.parametrize(
    "fault",
    [
        "drop",
        "lose",
        "garble",
        (500, error("oops")),
        (429, error("slow"), {"Retry-After": "0.02"}),
        (502, {}),
        (408, error("late")),
    ],
    ids=str,
)
def test_passing_faults_of_every_call_cost_time_only(path, call, fault):
    with serving(echo) as server:
        server.faults[call].extend([fault, fault])
        assert run(server, path, range(5)) == expected(range(5))
    assert server.calls[call] + server.calls["list"] >= 2
    assert set(server.lines.values()) == {1}, "nothing is paid twice"
    assert server.sizes == [5]


def test_a_download_that_breaks_in_the_middle_begins_again(path):
    with serving(echo) as server:
        server.faults["content"].extend(["halve", "halve"])
        assert run(server, path, range(2000)) == expected(range(2000))
    assert server.calls["content"] == 3
    assert server.sizes == [2000]


def test_a_list_that_fails_does_not_pass_for_an_empty_one(path):
    with serving(echo) as server:
        server.faults["create"].append("lose")
        server.faults["list"].extend(["drop", (500, error("oops")), "garble"])
        assert run(server, path, range(5)) == expected(range(5))
    assert server.sizes == [5]


@pytest.mark.parametrize("metadata", [True, False])
def test_a_lost_batch_is_found_by_its_name_or_else_by_its_file(path, metadata):
    with serving(echo) as server:
        for n in range(3):
            assert run(server, path, [n]) == expected([n])
        server.faults["create"].append("lose")
        server.metadata = metadata
        assert run(server, path, [50]) == expected([50])
    assert len(server.batches) == 4


def test_a_file_not_yet_known_everywhere_is_waited_for_and_a_lost_one_uploaded_again(path):
    gone = (400, error("Cannot find file file-0, or project does not have access to it."))
    with serving(echo) as server:
        server.faults["create"].extend([gone] * 3)
        assert run(server, path, range(3)) == expected(range(3))
        assert server.calls["upload"] == 1
        server.faults["create"].extend([gone] * 5)
        assert run(server, path, range(10, 13)) == expected(range(10, 13))
        assert server.calls["upload"] == 3
    assert server.sizes == [3, 3]


def test_a_file_that_is_too_large_is_halved(path):
    with serving(echo) as server:
        server.faults["upload"].extend([(413, error("Request entity too large")), (400, error("File is too large."))])
        assert run(server, path, range(8)) == expected(range(8))
    assert sorted(server.sizes) == [2, 2, 4] or max(server.sizes) <= 4
    assert set(server.lines.values()) == {1}


@pytest.mark.parametrize("call", ["upload", "create"])
@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (401, f"Incorrect API key provided: {KEY}", "invalid_api_key"),
        (403, "Country not supported", None),
        (404, "Invalid URL (POST /v1/batches)", None),
        (405, "Method Not Allowed", None),
        (429, "You exceeded your current quota", "insufficient_quota"),
        (400, "billing hard limit", "billing_hard_limit_reached"),
    ],
)
def test_what_no_request_can_pass_is_refused_at_once_in_the_endpoints_words(path, call, status, words, code):
    with serving(echo) as server:
        server.faults[call].extend([(status, error(words, code))] * 9)
        with pytest.raises(RefusedError) as caught:
            run(server, path, range(3), attempts=9)
    message = str(caught.value)
    assert words.replace(KEY, "***") in message
    assert server.url in message
    assert KEY not in message
    assert "\n" not in message
    assert server.calls[call] == 1


def test_after_work_began_the_same_stops_the_run_and_a_right_key_goes_on(path):
    with serving(echo) as server:
        server.faults["retrieve"].extend([None, (401, error("Incorrect API key"))])
        with pytest.raises(StoppedError, match="Incorrect API key"):
            run(server, path, range(5))
        assert run(server, path, range(5)) == expected(range(5))
    assert server.sizes == [5]


def test_an_endpoint_that_is_down_is_refused_at_the_start_and_waited_for_later(path):
    with serving(echo) as server:
        url = server.url
    server.url = url
    with pytest.raises(RefusedError, match="run again when it answers"):
        run(server, path, range(3), patience_s=0.2)
    with serving(echo) as server:
        server.faults["retrieve"].extend(["drop"] * 200)
        with pytest.raises(StoppedError, match="poll of batch batch_0"):
            run(server, path, range(3), patience_s=0.2)
        server.faults["retrieve"].clear()
        assert run(server, path, range(3)) == expected(range(3))
    assert server.sizes == [3]


def test_another_endpoint_does_not_take_over_what_was_submitted_elsewhere(path):
    with serving(echo) as server, serving(echo) as other:
        server.plans.append(Plan(["in_progress"]))
        leave(server, path, range(3))
        with pytest.raises(StoppedError, match="run again with the endpoint as before"):
            run(other, path, range(3))
    assert not other.batches


def leave(server, path, numbers):
    """Ask, and go away while the batch is open."""

    async def go():
        store = RequestStore(path)
        try:
            async with queue_at(server.url, store) as queue:
                rows = [asyncio.ensure_future(fetch(queue, store, n)) for n in numbers]
                while not server.calls["retrieve"]:
                    await asyncio.sleep(0.005)
                for row in rows:
                    row.cancel()
                assert set(map(type, await asyncio.gather(*rows, return_exceptions=True))) == {asyncio.CancelledError}
        finally:
            store.close()

    asyncio.run(go())


def test_replies_that_nobody_waits_for_are_kept_until_asked(path):
    """After a restart rows come one by one; the batch is collected for the first of them."""

    async def late(url):
        store = RequestStore(path)
        texts = []
        async with queue_at(url, store) as queue:
            for n in range(10):
                texts.append(await fetch(queue, store, n))
        store.close()
        return texts

    with serving(echo) as server:
        server.plans.append(Plan(["in_progress"] * 9 + ["completed"]))
        leave(server, path, range(10))
        assert asyncio.run(late(server.url)) == expected(range(10))
    assert server.sizes == [10]
    assert tables(path)[0]["batch_reply"] == 0


def test_replies_of_any_characters_arrive_unchanged(path):
    odd = "a\u2028b\u2029c\x85d\x0be\x1cf\r\n\ud83dg 𝛼"
    with serving(lambda name, request: completion(odd)) as server:

        async def go():
            store = RequestStore(path)
            async with queue_at(server.url, store) as queue:
                reply = await queue.ask(key(1), body(1))
            store.close()
            return text(reply)

        assert asyncio.run(go()) == odd


def test_the_api_key_is_nowhere_in_the_file_or_in_what_comes_back(path):
    with serving(lambda name, request: completion(f"you said {KEY}")) as server:
        assert run(server, path, [1]) == ["you said ***"]
    assert KEY.encode() not in b"".join(p.read_bytes() for p in path.parent.iterdir())


def test_progress_for_the_live_display(path):
    seen = []

    async def go(url):
        store = RequestStore(path)
        async with queue_at(url, store) as queue:
            rows = asyncio.gather(*(fetch(queue, store, n) for n in range(4)))
            while not rows.done():
                await asyncio.sleep(0.005)
                seen.extend((queue.waiting, b.id, b.state, b.total, b.submitted_at > 0) for b in queue.batches)
            assert (queue.waiting, queue.batches) == (0, [])
        store.close()

    with serving(echo) as server:
        asyncio.run(go(server.url))
    assert (4, "batch_0", "in_progress", 4, True) in seen


def test_no_disk_is_a_stop_not_a_loss(path):
    with serving(echo) as server:
        server.plans.append(Plan(["in_progress"] * 9 + ["completed"]))
        leave(server, path, range(50))

        async def full():
            store = RequestStore(path)
            pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
            try:
                async with queue_at(server.url, store) as queue:
                    store.connection.execute(f"PRAGMA max_page_count = {pages}")
                    await asyncio.gather(*(fetch(queue, store, n) for n in range(50)))
            finally:
                store.close()

        server.reply = lambda name, request: completion("y" * 2000)
        with pytest.raises(StoppedError, match=r"full.*nothing stored is lost"):
            asyncio.run(full())
        assert run(server, path, range(50)) == ["y" * 2000] * 50
    assert server.sizes == [50]


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 10**6])
def test_lines_are_split_at_line_feeds_wherever_the_chunks_end(cut):
    data = b'{"a": "\xe2\x80\xa8"}\n\n{"b": "\r\x0c"}\nlast'

    async def chunks():
        for begin in range(0, len(data), cut):
            yield data[begin : begin + cut]

    async def go():
        return [line async for line in split(chunks())]

    assert asyncio.run(go()) == [b'{"a": "\xe2\x80\xa8"}', b'{"b": "\r\x0c"}', b"last"]


@pytest.mark.parametrize(
    "junk", [b"null", b"[]", b"<html>", b'{"custom_id": 3}', b'{"custom_id": "', b"[" * 100_000, b"\xff\xfe"]
)
def test_a_line_of_junk_belongs_to_nobody(junk):
    name, result = answer(junk)
    assert name == ""
    assert isinstance(result, ExchangeError)


def test_the_key_of_a_broken_line_is_still_read():
    name, result = answer(json.dumps({"custom_id": key(1), "response": {}}).encode()[:-3])
    assert (name, result.code, result.retryable) == (key(1), "garbled_reply", True)


# --- SIGKILL -----------------------------------------------------------------------------------------------------------

ROWS = 40


def worker(url, path, die_after):
    """A run in a process of its own; dies by its own hand after `die_after` replies, where given."""

    batch_collect.CHUNK = 3  # so that a kill finds a batch half collected

    async def go():
        store = RequestStore(path)
        stored = 0

        async def row(queue, n):
            nonlocal stored
            await fetch(queue, store, n)
            stored += 1
            if stored == die_after:
                os.kill(os.getpid(), signal.SIGKILL)

        async with queue_at(url, store) as queue:
            await asyncio.gather(*(row(queue, n) for n in range(ROWS)))
        store.close()

    asyncio.run(go())


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context(
        "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else None
    )
    if hasattr(context, "set_forkserver_preload"):
        context.set_forkserver_preload(["tests.llms.test_batch"])
    return context


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize(
    ("call", "fault", "uploads"),
    [
        ("upload", "hold", 1),
        ("upload", "keep", 2),
        ("create", "hold", 1),
        ("create", "keep", 1),
        ("retrieve", "hold", 1),
        ("retrieve", "keep", 1),
        ("content", "hold", 1),
        ("content", "hang", 1),
    ],
)
def test_killed_at_any_moment_every_line_is_submitted_once(path, processes, call, fault, uploads):
    """`hold`: killed before the server did the work; `keep`: after it, before the answer; `hang`: half a file collected."""
    with serving(lambda name, request: completion("z" * 20_000)) as server:
        server.faults[call].append(fault)
        victim = processes.Process(target=worker, args=(server.url, path, None))
        victim.start()
        assert server.held.wait(20)
        while fault == "hang" and not tables(path)[0]["reply"]:
            time.sleep(0.01)
        victim.kill()
        victim.join()
        assert victim.exitcode == -signal.SIGKILL
        assert run(server, path, range(ROWS)) == ["z" * 20_000] * ROWS
    assert server.lines == {key(n): 1 for n in range(ROWS)}
    assert len([content for content in server.files.values() if b'"url"' in content]) == uploads
    assert tables(path)[0] == {"batch_line": 0, "batch_reply": 0, "reply": ROWS}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_while_replies_are_handed_out_nothing_is_bought_again(path, processes):
    with serving(echo) as server:
        for die_after in (1, ROWS // 2):
            victim = processes.Process(target=worker, args=(server.url, path, die_after))
            victim.start()
            victim.join(20)
            assert victim.exitcode == -signal.SIGKILL
        assert run(server, path, range(ROWS)) == expected(range(ROWS))
    assert server.lines == {key(n): 1 for n in range(ROWS)}
    assert tables(path)[0] == {"batch_line": 0, "batch_reply": 0, "reply": ROWS}


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("seed", range(5))
def test_killed_at_random_moments_until_done_every_line_is_submitted_once(path, processes, seed):
    draw, kills = random.Random(seed), 0
    with serving(lambda name, request: completion("z" * 20_000)) as server:
        for _ in range(60):
            for call in ("upload", "create", "retrieve", "list", "content"):
                server.faults[call] = deque(
                    draw.choices([None, "drop", "lose", (500, error("oops"))], [6, 1, 1, 1], k=9)
                )
            run_ = processes.Process(target=worker, args=(server.url, path, None))
            run_.start()
            run_.join(draw.uniform(0.02, 0.5))
            if run_.exitcode is None:
                run_.kill()
                kills += 1
            run_.join()
            if run_.exitcode == 0:
                break
        assert run(server, path, range(ROWS)) == ["z" * 20_000] * ROWS
    assert kills > 2
    assert server.lines == {key(n): 1 for n in range(ROWS)}
