"""Who may send, when, and how many at once."""

from __future__ import annotations

import asyncio

import pytest

from lemma_steps.llms.engine import pace
from lemma_steps.llms.engine.gate import DECREASE, Endpoint
from lemma_steps.llms.engine.pace import Pace


def in_loop(work):
    return asyncio.run(work())


async def crowd(gate, tickets, seconds=0.0):
    """Everybody through the gate; the order of admission, and the most that were inside at once."""
    order, inside, peak = [], 0, 0

    async def one(ticket):
        nonlocal inside, peak
        async with gate.slot(ticket):
            order.append(ticket)
            inside += 1
            peak = max(peak, inside)
            await asyncio.sleep(seconds)
            inside -= 1

    await asyncio.gather(*(one(ticket) for ticket in tickets))
    return order, peak


def test_never_more_than_the_cap_and_first_come_first_served():
    async def work():
        return await crowd(Endpoint(3).gate("m"), range(20), 0.001)

    order, peak = in_loop(work)
    assert peak == 3
    assert order == list(range(20))


def test_a_request_that_is_sent_again_keeps_its_place():
    async def work():
        gate = Endpoint(1).gate("m")
        async with gate.slot(0):
            waiting = asyncio.ensure_future(crowd(gate, [5, 9, 2]))
            while len(gate.waiting) < 3:
                await asyncio.sleep(0)
        return (await waiting)[0]

    assert in_loop(work) == [2, 5, 9]


def test_all_models_of_an_endpoint_share_its_cap_in_one_order():
    async def work():
        endpoint, order, inside, peak = Endpoint(2), [], 0, 0

        async def one(ticket):
            nonlocal inside, peak
            async with endpoint.gate("ab"[ticket % 2]).slot(ticket):
                order.append(ticket)
                inside += 1
                peak = max(peak, inside)
                await asyncio.sleep(0.001)
                inside -= 1

        await asyncio.gather(*(one(ticket) for ticket in range(12)))
        return order, peak

    assert in_loop(work) == (list(range(12)), 2)


def test_a_model_may_have_a_smaller_cap_of_its_own():
    async def work():
        endpoint = Endpoint(10)
        return (await crowd(endpoint.gate("small", 2), range(9), 0.001))[1], (
            await crowd(endpoint.gate("large", 10), range(20), 0.001)
        )[1]

    assert in_loop(work) == (2, 10)


def test_one_waiter_that_leaves_takes_no_place_with_it():
    async def work():
        gate = Endpoint(1).gate("m")
        async with gate.slot(0):
            leaver = asyncio.ensure_future(crowd(gate, [1]))
            stayer = asyncio.ensure_future(crowd(gate, [2]))
            while len(gate.waiting) < 2:
                await asyncio.sleep(0)
            leaver.cancel()
        await asyncio.wait_for(stayer, 5)
        return gate.in_flight, gate.endpoint.in_flight

    assert in_loop(work) == (0, 0)


def test_a_waiter_that_leaves_the_moment_it_is_admitted_gives_its_place_back():
    async def work():
        gate = Endpoint(1).gate("m")
        async with gate.slot(0):
            leaver = asyncio.ensure_future(crowd(gate, [1]))
            while not gate.waiting:
                await asyncio.sleep(0)
        leaver.cancel()  # admitted by the line above, not yet woken
        await asyncio.gather(leaver, return_exceptions=True)
        await asyncio.wait_for(crowd(gate, [2]), 5)
        return gate.in_flight, gate.endpoint.in_flight

    assert in_loop(work) == (0, 0)


def round_of(gate, share, retry_after=0.0):
    size = max(round(gate.limit + 0.5), 10)
    for number in range(size):
        gate.heard(overloaded=number < share * size, retry_after=retry_after if number < share * size else 0.0)


SHARES = [(0.0, 100.0), (0.15, 100.0), (0.5, 100 * DECREASE), (1.0, 100 * DECREASE)]


@pytest.mark.parametrize(("share", "limit"), SHARES)
def test_a_round_of_overload_cuts_the_limit_and_single_overload_replies_do_not(share, limit):
    async def work():
        gate = Endpoint(100).gate("m")
        round_of(gate, share)
        return gate.limit

    assert in_loop(work) == pytest.approx(limit)


def test_the_limit_falls_to_one_at_least_and_grows_back_to_the_cap_by_equal_steps():
    async def work():
        gate = Endpoint(100).gate("m")
        for _ in range(30):
            round_of(gate, 1.0)
        lowest, limits = gate.limit, []
        for _ in range(25):
            round_of(gate, 0.0)
            limits.append(gate.limit)
        return lowest, limits

    lowest, limits = in_loop(work)
    assert lowest == 1.0
    assert limits[:3] == [6.0, 11.0, 16.0]
    assert limits[-1] == 100.0


def test_models_have_limits_of_their_own():
    async def work():
        endpoint = Endpoint(100)
        round_of(endpoint.gate("a"), 1.0)
        return endpoint.gate("a").limit, endpoint.gate("b").limit

    assert in_loop(work) == (100 * DECREASE, 100.0)


def test_a_round_of_overload_with_retry_after_holds_everybody_back_for_that_long():
    async def work():
        gate = Endpoint(10).gate("m")
        round_of(gate, 1.0, retry_after=0.2)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await crowd(gate, [1])
        return loop.time() - began

    assert in_loop(work) >= 0.2


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    return now


def test_no_minute_holds_more_than_its_share(clock):
    rate, sent = Pace(120), []
    for _ in range(1000):
        clock[0] += rate.take()
        sent.append(clock[0])
    assert max(sum(begin <= moment < begin + 60 for moment in sent) for begin in sent) <= 120
    assert sent[-1] < 1.05 * 1000 / 2, "and little of the rate is wasted"


def test_time_unused_is_not_saved_up(clock):
    rate = Pace(60)
    clock[0] += 3600
    assert rate.take() == 0
    assert rate.take() > 0.9


def test_an_estimate_is_corrected(clock):
    rate = Pace(6000)
    rate.take(100)
    rate.correct(-100)
    assert rate.take() == pytest.approx(0.0)
    rate.correct(1000)
    assert rate.take() >= 10


def test_without_a_limit_nobody_waits():
    assert Pace(None).take(10**9) == 0
