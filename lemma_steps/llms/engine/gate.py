"""Who may send next, and how many at once: additive increase, multiplicative decrease, first come, first served."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

TOLERATED = 0.2
"""Share of overload replies (429, 5xx) in one round that is taken for chance, not for too many requests at once."""
DECREASE = 0.7
INCREASE_ROUNDS = 20
"""Rounds without overload after which the limit has grown by the whole cap."""
SHORTEST_ROUND = 10

_endpoints: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Endpoint]] = WeakKeyDictionary()


class Endpoint:
    """The cap that all models of one endpoint share in one event loop, whichever steps use them."""

    def __init__(self, cap: int) -> None:
        self.cap, self.in_flight = cap, 0
        self.gates: dict[str, Gate] = {}
        self.tickets = itertools.count()
        self.alive_at = 0.0
        """Loop time of the last response of any status; 0 before the first."""

    @classmethod
    def at(cls, url: str, cap: int) -> Endpoint:
        """The endpoint of this event loop; the largest cap of its users holds."""
        endpoints = _endpoints.setdefault(asyncio.get_running_loop(), {})
        endpoint = endpoints.setdefault(url, cls(cap))
        endpoint.cap = max(endpoint.cap, cap)
        return endpoint

    def gate(self, model: str, cap: int | None = None) -> Gate:
        """The gate of one model, which may have a smaller cap of its own."""
        return self.gates.setdefault(model, Gate(self, cap or self.cap))

    def let_in(self) -> None:
        """Admit whoever waits longest, as long as there is room."""
        while self.in_flight < self.cap:
            open_gates = [gate for gate in self.gates.values() if gate.has_room()]
            if not open_gates:
                return
            min(open_gates, key=lambda gate: gate.waiting[0][0]).admit()


class Gate:
    """The requests of one model at one endpoint.

    The limit begins at the cap. A round is as many replies as the limit at its beginning. A round in which more
    than `TOLERATED` of the replies say overload multiplies the limit by `DECREASE` and, where the server asked for a
    pause (`Retry-After`), nothing is sent until it is over; any other round adds a twentieth of the cap. Single overload
    replies cost their own request a wait, not everyone's speed.
    """

    def __init__(self, endpoint: Endpoint, cap: int) -> None:
        self.endpoint, self.cap = endpoint, cap
        self.limit = float(cap)
        self.in_flight = 0
        self.waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._replies = self._overloaded = 0
        self._pause = 0.0
        self._closed_until = 0.0

    @asynccontextmanager
    async def slot(self, ticket: int) -> AsyncIterator[None]:
        """Hold one of the places; `ticket` is the request's number, kept when it is sent again."""
        loop = asyncio.get_running_loop()
        admitted: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self.waiting, (ticket, admitted))
        self.endpoint.let_in()
        try:
            await admitted
        except asyncio.CancelledError:
            if admitted.done() and not admitted.cancelled():
                self._leave()
            raise
        try:
            yield
        finally:
            self._leave()

    def heard(self, *, overloaded: bool, retry_after: float = 0.0) -> None:
        """Count one reply, and end the round if it was the last one."""
        self._replies += 1
        self._overloaded += overloaded
        self._pause = max(self._pause, retry_after)
        if self._replies < max(self.limit, SHORTEST_ROUND):
            return
        if self._overloaded > TOLERATED * self._replies:
            self.limit = max(1.0, self.limit * DECREASE)
            self._close_for(self._pause)
        else:
            self.limit = min(self.cap, self.limit + self.cap / INCREASE_ROUNDS)
        self._replies = self._overloaded = 0
        self._pause = 0.0

    def has_room(self) -> bool:
        """Whether somebody waits and may go."""
        while self.waiting and self.waiting[0][1].done():
            heapq.heappop(self.waiting)
        closed = self._closed_until > asyncio.get_running_loop().time()
        return bool(self.waiting) and self.in_flight < self.limit and not closed

    def admit(self) -> None:
        """Let the first in line through."""
        _, admitted = heapq.heappop(self.waiting)
        self.in_flight += 1
        self.endpoint.in_flight += 1
        admitted.set_result(None)

    def _leave(self) -> None:
        self.in_flight -= 1
        self.endpoint.in_flight -= 1
        self.endpoint.let_in()

    def _close_for(self, seconds: float) -> None:
        if seconds > 0:
            loop = asyncio.get_running_loop()
            self._closed_until = loop.time() + seconds
            loop.call_later(seconds + 0.01, self.endpoint.let_in)
