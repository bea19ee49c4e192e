"""An OpenAI endpoint that is not there: replies of the offline teacher, real latencies, and faults on demand.

    uv run benchmarks/simulated_endpoint.py --problems problems.jsonl --log requests.log

Prints its URL as the first line and serves until it is killed. POST /v1/chat/completions and /v1/completions and GET
/v1/models are the API. Teacher prompts are answered by `lemma_steps.llms.offline`, student prompts by a wrong or right
solution made from the gold text of the problem file. Latency is lognormal; latency, reply and usage are functions of the
request's content alone, faults of its content and of how often it was sent before, so that a retry can succeed.
POST /control takes the options of `Behaviour` as JSON and holds from then on; GET /control gives them and the CPU used.

The log has two lines per request, `time event key status in_flight prompt`: `received` as soon as it is read, then
`answered`, or `gone` where the client hung up. A key is a hash of the request's content, a prompt one of its messages and
model alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections import Counter
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any
from weakref import WeakSet

from aiohttp import web
from simulated_behaviour import Behaviour, key_of, latency_of, prompt_of, uniform
from simulated_replies import Replies

GONE = 499
"""Status in the log of a request whose client hung up."""


class Endpoint:
    """The server: one handler for both kinds of completion, a log, and a port that can go down."""

    def __init__(self, replies: Replies, behaviour: Behaviour, port: int) -> None:
        self.replies, self.behaviour, self.port = replies, behaviour, port
        self.in_flight = self.requests = 0
        self._attempts: Counter[str] = Counter()
        self._log: int | None = None
        self._recorded: set[str] = set()
        self._connections: WeakSet[asyncio.Transport] = WeakSet()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open_log()

    async def start(self) -> None:
        """Listen; port 0 takes a free one, which stays the same when the port goes down and comes back."""
        app = web.Application(client_max_size=64 * 2**20)
        app.add_routes(
            [
                web.post("/v1/chat/completions", self.complete),
                web.post("/v1/completions", self.complete),
                web.get("/v1/models", self.models),
                web.get("/control", self.show),
                web.post("/control", self.control),
            ]
        )
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self._listen()

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=4096, reuse_address=True)
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def go_down(self, seconds: float) -> None:
        """Close the port and every connection, and come back after `seconds`."""
        await self._site.stop()
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(seconds)
        await self._listen()

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """One completion, or what happens instead."""
        body = json.loads(await request.read())
        behaviour, key, prompt = self.behaviour, key_of(body), prompt_of(body)
        self.requests += 1
        self.in_flight += 1
        fault = behaviour.fault(key, self._attempts[key])
        if behaviour.limit is not None and self.in_flight > behaviour.limit:
            fault = "too_many"
        else:
            self._attempts[key] += 1
        status = {"too_many": 429, "too_many_with_retry_after": 429, "server_error": 500, "dropped": 0}.get(fault, 200)
        connection = request.transport
        assert isinstance(connection, asyncio.Transport)
        self._connections.add(connection)
        self._line("received", key, status, prompt)
        if behaviour.record:
            self._note(behaviour.record, key, request.path, body)
        ended, end_status = "gone", GONE
        try:
            if status != 429:
                await asyncio.sleep(latency_of(key) * behaviour.latency)
            response = self._response(key, body, fault, status, behaviour)
            if status:
                await response.prepare(request)
                await response.write_eof()
            ended, end_status = "answered", status
            if not status:
                connection.abort()
            return response
        finally:
            self.in_flight -= 1
            self._line(ended, key, end_status, prompt)

    def _response(
        self, key: str, body: dict[str, Any], fault: str | None, status: int, behaviour: Behaviour
    ) -> web.Response:
        if status == 429:
            wait = {"Retry-After": "1"} if fault == "too_many_with_retry_after" else {}
            return _error(429, "Rate limit reached", "rate_limit_exceeded", wait)
        if status != 200:
            return _error(500, "The server had an error while processing your request", "server_error")
        if fault == "garbage" and uniform(key, "garbage") < 0.5:
            return web.Response(body=b"<html><body>502 upstream, sort of", content_type="application/json")
        return web.Response(
            body=self.replies.body(key, body, fault, behaviour.right_share), content_type="application/json"
        )

    async def models(self, request: web.Request) -> web.Response:
        """The models that there are."""
        return web.json_response({"object": "list", "data": [{"id": "sim", "object": "model", "owned_by": "sim"}]})

    async def show(self, request: web.Request) -> web.Response:
        """The behaviour, and what the process has used."""
        cpu = time.process_time()
        seen = {"requests": self.requests, "in_flight": self.in_flight, "cpu_s": cpu}
        return web.json_response({**asdict(self.behaviour), **seen})

    async def control(self, request: web.Request) -> web.Response:
        """Change the behaviour; every change forgets how often a content was sent. `{"down_s": X}` closes the port for X s."""
        change = await request.json()
        down = change.pop("down_s", None)
        try:
            self.behaviour = Behaviour.of(**{**asdict(self.behaviour), **change})
        except (TypeError, ValueError) as error:
            return _error(400, str(error), "invalid_request_error")
        self._attempts.clear()
        self._recorded.clear()
        if "log" in change:
            self._open_log()
        if down is not None:
            task = asyncio.ensure_future(self.go_down(down))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await self.show(request)

    def _open_log(self) -> None:
        if self._log is not None:
            os.close(self._log)
        name = self.behaviour.log
        self._log = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if name else None

    def _line(self, event: str, key: str, status: int, prompt: str) -> None:
        if self._log is not None:
            os.write(self._log, f"{time.time():.6f}\t{event}\t{key}\t{status}\t{self.in_flight}\t{prompt}\n".encode())

    def _note(self, path: str, key: str, url: str, body: dict[str, Any]) -> None:
        if key not in self._recorded:
            self._recorded.add(key)
            entry = {"key": key, "problem": self.replies.problem(body), "url": url, "body": body}
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")


def _error(status: int, message: str, code: str, headers: dict[str, str] | None = None) -> web.Response:
    error = {"error": {"message": message, "type": code, "param": None, "code": code}}
    return web.json_response(error, status=status, headers=headers)


async def _serve(endpoint: Endpoint) -> None:
    await endpoint.start()
    print(f"http://127.0.0.1:{endpoint.port}/v1", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--problems", type=Path)
    for each in fields(Behaviour):
        option = "--" + each.name.replace("_", "-")
        if each.name == "failing":
            parser.add_argument(option, action="append", default=[], metavar="KEY")
        else:
            kind = str if each.name in ("log", "record") else int if each.name == "limit" else float
            parser.add_argument(option, type=kind, default=each.default)
    options = vars(parser.parse_args())
    port, problems = options.pop("port"), options.pop("problems")
    asyncio.run(_serve(Endpoint(Replies(problems), Behaviour.of(**options), port)))


if __name__ == "__main__":
    main()
