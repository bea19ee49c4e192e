"""The request store: nothing stored is lost, nothing foreign is touched."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.llms.engine.keys import request_key
from lemma_steps.llms.engine.prices import Prices
from lemma_steps.llms.engine.store import Entry, RequestStore
from lemma_steps.llms.engine.usage import Usage


def entry(number, text="reply", usd=0.5, reason=None):
    return Entry(request_key({"n": number}), text, reason, "m", Usage(10, 4, 3), usd)


def put(store, *entries):
    asyncio.run(store.put(entries))


def test_what_is_put_is_there_after_reopening(tmp_path):
    path = tmp_path / "requests.sqlite"
    with RequestStore(path) as store:
        put(store, entry(1), entry(2, None, reason="refused"))
    with RequestStore(path) as store:
        assert store.get(entry(1).key) == entry(1)
        assert store.get(entry(2).key) is None
        totals = store.ledger.totals
    assert (totals.calls, totals.tokens_in, totals.tokens_cached, totals.tokens_out) == (2, 20, 8, 6)
    assert totals.usd == pytest.approx(1.0)
    assert list(tmp_path.iterdir()) == [path], "the write-ahead log is folded in on closing"


def test_a_call_without_price_is_counted_as_such_not_as_free(tmp_path):
    with RequestStore(tmp_path / "s") as store:
        put(store, entry(1, usd=None), entry(2))
        assert (store.ledger.totals.unpriced, store.ledger.totals.usd) == (1, 0.5)
    with RequestStore(tmp_path / "s") as store:
        assert (store.ledger.totals.unpriced, store.ledger.totals.usd) == (1, 0.5)


def test_calls_get_their_price_when_it_becomes_known(tmp_path):
    (tmp_path / "prices.yaml").write_text("- {model: m, input: 1000000, cached: 1000000, output: 0}\n")
    with RequestStore(tmp_path / "s") as store:
        put(store, entry(1, usd=None), entry(2, usd=0.25))
        store.price(Prices.read(tmp_path / "prices.yaml"))
        assert (store.ledger.totals.unpriced, store.ledger.totals.usd) == (0, 10.25)
        assert store.get(entry(1).key).usd == 10


def test_a_later_good_reply_takes_the_place_of_an_earlier_one(tmp_path):
    with RequestStore(tmp_path / "s") as store:
        put(store, entry(1, "old"))
        put(store, entry(1, "new"))
        assert store.get(entry(1).key).text == "new"


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_any_text_comes_back_as_it_was(texts):
    with RequestStore(None) as store:
        put(store, *(entry(number, text) for number, text in enumerate(texts)))
        assert [store.get(entry(number).key).text for number in range(len(texts))] == texts


def test_a_reply_is_on_disk_when_put_returns(tmp_path):
    """A process that dies the moment after loses nothing."""
    code = (
        "import asyncio, os, signal, sys\n"
        "from lemma_steps.llms.engine.store import Entry, RequestStore\nfrom lemma_steps.llms.engine.usage import Usage\n"
        "async def main():\n"
        "    store = RequestStore(sys.argv[1])\n"
        "    await asyncio.gather(*(store.put([Entry(f'{n:032x}', str(n), None, 'm', Usage(), None)]) for n in range(300)))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    path = tmp_path / "requests.sqlite"
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == -signal.SIGKILL
    with RequestStore(path) as store:
        assert [store.get(f"{n:032x}").text for n in range(300)] == [str(n) for n in range(300)]


def test_replies_that_come_together_are_committed_together(tmp_path):
    store = RequestStore(tmp_path / "s")
    commits = []
    commit = store._commit
    store._commit = lambda connection, group: (commits.append(len(group)), commit(connection, group))

    async def many():
        await asyncio.gather(*(store.put([entry(n)]) for n in range(500)))

    asyncio.run(many())
    store.close()
    assert sum(commits) == 500
    assert len(commits) < 50


def test_two_users_of_one_process_share_one_store_and_its_ledger(tmp_path):
    with RequestStore.shared(tmp_path / "s") as one, RequestStore.shared(f"{tmp_path}/./s") as other:
        assert one is other
        put(one, entry(1))
        assert other.ledger.totals.calls == 1
    with RequestStore.shared(tmp_path / "s") as again:
        assert again is not one


def test_two_processes_write_one_file(tmp_path):
    path = tmp_path / "s"
    code = (
        "import asyncio, sys\n"
        "from lemma_steps.llms.engine.store import Entry, RequestStore\nfrom lemma_steps.llms.engine.usage import Usage\n"
        "async def main():\n"
        "    with RequestStore.shared(sys.argv[1]) as store:\n"
        "        for n in range(40):\n"
        "            await store.put([Entry(f'{int(sys.argv[2]) + n:032x}', 'x', None, 'm', Usage(), 0.0)])\n"
        "asyncio.run(main())\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, str(path), str(start)]) for start in (0, 1000)]
    assert [run.wait(60) for run in runs] == [0, 0]
    with RequestStore(path) as store:
        assert store.ledger.totals.calls == 80


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_opens_the_store_for_itself(tmp_path):
    """distilabel forks its steps: a fork has the object but not the thread that writes."""
    with RequestStore.shared(tmp_path / "s") as store:
        put(store, entry(1))
        child = os.fork()
        if not child:
            try:
                with RequestStore.shared(tmp_path / "s") as own:
                    asyncio.run(asyncio.wait_for(own.put([entry(2)]), 10))
                os._exit(0)
            except BaseException:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert store.get(entry(2).key) == entry(2)


def of_another_version(path):
    with sqlite3.connect(path) as connection:
        connection.executescript(f"CREATE TABLE reply (key); PRAGMA application_id = {0x4C454D41}")


def other_sqlite(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE thesis (text)")


def damaged(path):
    with RequestStore(path) as store:
        put(store, *(entry(n, "x" * 3000) for n in range(60)))
    data = bytearray(path.read_bytes())
    data[8192:60000] = os.urandom(60000 - 8192)
    path.write_bytes(data)


def half(path):
    with RequestStore(path) as store:
        put(store, *(entry(n, "x" * 3000) for n in range(60)))
    path.write_bytes(path.read_bytes()[:5000])


FOREIGN = {
    "of other software": (other_sqlite, "an SQLite file of other software"),
    "of another version": (of_another_version, "no such column"),
    "no database": (lambda path: path.write_text("a thesis, " * 1000), "no request store, or a damaged one"),
    "overwritten": (damaged, "damaged"),
    "cut off": (half, "damaged"),
    "a folder": (lambda path: path.mkdir(), "unable to open"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_or_damaged_file_is_refused_and_untouched(tmp_path, kind):
    path = tmp_path / "requests.sqlite"
    make, words = FOREIGN[kind]
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(RefusedError, match=words) as refusal:
        RequestStore(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)
    if before is not None:
        assert path.read_bytes() == before


class SmallDisk(RequestStore):
    """On a disk of sixty pages: SQLite reports this limit as it reports a full disk."""

    def _connect(self):
        connection = super()._connect()
        connection.execute("PRAGMA max_page_count = 60")
        return connection


def test_a_full_disk_stops_the_run_and_keeps_what_was_stored(tmp_path):
    path, store = tmp_path / "requests.sqlite", SmallDisk(tmp_path / "requests.sqlite")

    async def fill():
        for number in range(2000):
            await store.put([entry(number, "x" * 4000)])

    with pytest.raises(StoppedError, match=r"disk is full.*free some space.*nothing stored is lost"):
        asyncio.run(fill())
    stored = store.ledger.totals.calls
    store.close()
    assert 1 < stored < 2000
    with RequestStore(path) as store:
        assert store.ledger.totals.calls == stored
        assert store.get(entry(0).key).text == "x" * 4000
        put(store, entry(5000))


KEYS = [
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
    ({"messages": [{"content": "x"}]}, {"messages": [{"content": "y"}]}, False),
    ({"seed": 1}, {"seed": 2}, False),
    ({"temperature": 0.7}, {"temperature": 0.8}, False),
    ({"model": "a"}, {"model": "b"}, False),
    ({"x": "\ud800"}, {"x": "\ud801"}, False),
]


@pytest.mark.parametrize(("one", "other", "same"), KEYS)
def test_a_key_is_the_content(one, other, same):
    assert (request_key(one) == request_key(other)) is same
    assert request_key(one, 0) != request_key(one, 1)


USAGE = [
    ({"prompt_tokens": 11, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}}, Usage(11, 4, 7)),
    ({"prompt_tokens": 11.0, "completion_tokens": 7.0}, Usage(11, None, 7)),
    ({"prompt_tokens": 11.5, "completion_tokens": -7, "prompt_tokens_details": {"cached_tokens": 4}}, Usage()),
    ({"prompt_tokens": "11", "completion_tokens": True, "prompt_tokens_details": 3}, Usage()),
    ({"prompt_tokens": float("nan"), "completion_tokens": float("inf")}, Usage()),
    (None, Usage()),
    ([], Usage()),
]


@pytest.mark.parametrize(("told", "read"), USAGE)
def test_only_counts_are_read_as_counts(told, read):
    assert Usage.read(told) == read


@pytest.mark.parametrize("usage", [Usage(11, 4, 7), Usage(11, None, 2), Usage(None, None, None), Usage(5, 5, None)])
@pytest.mark.parametrize("parts", [1, 2, 5])
def test_shares_add_up(usage, parts):
    shares = usage.shares(parts)
    assert len(shares) == parts
    assert sum(share.tokens_in or 0 for share in shares) == (usage.tokens_in or 0)
    assert sum(share.tokens_out or 0 for share in shares) == (usage.tokens_out or 0)
