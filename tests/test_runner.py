"""The runner: order, concurrency, explosion, rejection and what it refuses."""

from __future__ import annotations

import asyncio
import random

import pytest
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts

from lemma_steps.errors import RefusedError, RejectionError
from lemma_steps.runner import Runner, in_order
from lemma_steps.steps.base import OrderedStep, RowStep


class Wait(RowStep):
    """Takes a random time, so that rows finish out of order."""

    async def process_row(self, row):
        await asyncio.sleep(random.Random(row["n"]).random() / 100)
        return {**row, "waited": True}


class Explode(RowStep):
    async def process_row(self, row):
        return [{**row, "part": part} for part in range(row["n"] % 4)]


class RejectOdd(RowStep):
    async def process_row(self, row):
        if row["n"] % 2:
            raise RejectionError("odd", f"{row['n']} is odd", {"seen": True})
        return row


class Broken(RowStep):
    async def process_row(self, row):
        raise ZeroDivisionError("a fault of the program")


class Number(OrderedStep):
    _next: int = 0

    def process_in_order(self, row):
        self._next += 1
        return {**row, "position": self._next}


def chain(*steps, rows=50):
    with Pipeline(name="test") as pipeline:
        previous = LoadDataFromDicts(data=[{"n": n} for n in range(rows)], batch_size=7)
        for step in steps:
            made = step()
            previous >> made
            previous = made
    return pipeline


def run(pipeline, **options):
    runner = Runner(pipeline, **options)

    async def collect():
        return [row async for row in runner.rows()]

    with runner:
        return asyncio.run(collect()), runner.counts


@pytest.mark.parametrize("admitted", [1, 3, 1000])
def test_rows_leave_in_input_order_whatever_finishes_first(admitted):
    rows, _ = run(chain(Wait, Number), admitted=admitted)
    assert [row["n"] for row in rows] == list(range(50))
    assert [row["position"] for row in rows] == list(range(1, 51))


def test_a_row_may_become_several_or_none():
    rows, counts = run(chain(Explode, Wait))
    assert [(row["n"], row["part"]) for row in rows] == [(n, part) for n in range(50) for part in range(n % 4)]
    assert (counts["explode_0"].rows_in, counts["explode_0"].rows_out) == (50, len(rows))


def test_a_rejected_row_stays_in_the_stream_and_is_passed_on():
    rows, counts = run(chain(RejectOdd, Wait, Number))
    rejected = [row for row in rows if row.get("rejected_by")]
    assert len(rows) == 50
    assert [row["n"] for row in rejected] == list(range(1, 50, 2))
    assert all(row["rejected_by"] == "reject_odd_0" and row["reason"] == "odd" and row["seen"] for row in rejected)
    assert not any("waited" in row for row in rejected)
    assert counts["reject_odd_0"].rejected == {"odd": 25}
    assert (counts["wait_0"].rows_in, counts["wait_0"].rows_out) == (25, 25)


def test_a_fault_of_the_program_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        run(chain(Broken))


def test_defect_29_rows_overlap_instead_of_waiting_for_their_batch():
    running = most = 0

    class Count(RowStep):
        async def process_row(self, row):
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1
            return row

    run(chain(Count))
    assert most == 50


def test_defect_12_no_debug_cap_every_row_is_processed():
    rows, _ = run(chain(Wait, rows=300), admitted=7)
    assert len(rows) == 300


def test_at_most_so_many_rows_are_admitted():
    running = most = 0

    async def work(item):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return item

    async def source():
        for item in range(100):
            yield item

    async def collect():
        return [item async for item in in_order(source(), work, 8)]

    assert asyncio.run(collect()) == list(range(100))
    assert most == 8


def test_same_class_runs_row_by_row_and_by_batch():
    step = RejectOdd(name="reject_odd", pipeline=Pipeline(name="unit"))
    step.load()
    assert [row.get("reason") for row in next(step.process([{"n": 1}, {"n": 2}]))] == ["odd", None]
    step.unload()


def test_a_branch_is_refused():
    with Pipeline(name="branch") as pipeline:
        start, left, right = LoadDataFromDicts(data=[{"n": 1}]), Wait(), Wait()
        start >> [left, right]
    with pytest.raises(RefusedError, match="branches or joins"):
        Runner(pipeline)


def test_a_foreign_step_is_refused():
    with Pipeline(name="foreign") as pipeline:
        LoadDataFromDicts(data=[{"n": 1}]) >> KeepColumns(columns=["n"])
    with pytest.raises(RefusedError, match="run this pipeline with"):
        Runner(pipeline)
