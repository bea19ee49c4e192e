"""A small real server with OpenAI's files and batches that misbehaves on demand, the way real ones do."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answer = dict[str, Any] | tuple[int, dict[str, Any]] | str | None
"""What becomes of one line: a response body; a status and an error body; the code of an error without a response; or no line."""
KEY = "sk-not-to-be-seen-0123456789"


def completion(text: str, **fields: Any) -> dict[str, Any]:
    """A chat completion as the API gives it."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], **fields}


def error(message: str, code: str | None = None) -> dict[str, Any]:
    """An error body as the API gives it."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


@dataclass
class Plan:
    """The course of one batch: the states that its polls see, the last one repeated, and its errors if it fails."""

    states: list[str] = field(default_factory=lambda: ["validating", "in_progress", "finalizing", "completed"])
    errors: list[dict[str, Any]] = field(default_factory=list)


class BatchServer:
    """Takes files, makes batches of them, answers every line with `reply(key, body)`.

    Attributes:
        faults: per call (`upload`, `create`, `retrieve`, `list`, `content`) what the next ones meet: a status with an
            error body, `None` for no fault, or a word: `drop` closes the connection unread, `lose` does the work and closes
            it, `garble` answers with no JSON, `halve` breaks off in the middle, `hold` never begins, `keep` does the work
            and never answers, `hang` breaks off in the middle and stays silent, `pause` waits half a second there.
        metadata: whether batches show the metadata that they were made with.
        plans: the course of the next batches.
        held: set when a call meets `hold`, `keep` or `hang`.
        lines: how often each request was in a batch that the server took and did not refuse.
        batches: bodies of all batches; `sizes`: the lines of each; `beside`: how many others were open when it was made.
    """

    def __init__(self, reply: Callable[[str, dict[str, Any]], Answer]) -> None:
        self.reply = reply
        self.faults: dict[str, deque[Any]] = defaultdict(deque)
        self.plans: deque[Plan] = deque()
        self.held = threading.Event()
        self.calls: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.sizes: list[int] = []
        self.beside: list[int] = []
        self.metadata = True
        self.models: list[set[str]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""
        self._courses: dict[str, Plan] = {}

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=2**30)
        app.router.add_post("/v1/files", self._call("upload", self._upload))
        app.router.add_get("/v1/files/{id}/content", self._call("content", self._content))
        app.router.add_post("/v1/batches", self._call("create", self._create))
        app.router.add_get("/v1/batches", self._call("list", self._list))
        app.router.add_get("/v1/batches/{id}", self._call("retrieve", self._retrieve))
        return app

    def _call(self, name: str, work: Callable[[web.Request], Any]) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.calls[name] += 1
            fault = self.faults[name].popleft() if self.faults[name] else None
            if isinstance(fault, tuple):
                status, body, *headers = fault
                return web.json_response(body, status=status, headers=headers[0] if headers else None)
            if fault in ("drop", "hold"):
                return await self._silence(request, fault == "hold")
            response = await work(request)
            if fault in ("lose", "keep"):
                return await self._silence(request, fault == "keep")
            if fault == "garble":
                return web.Response(body=b"<html>gateway</html>", content_type="application/json")
            if fault in ("halve", "hang", "pause"):
                half = web.StreamResponse(headers={"Content-Length": str(len(response.body))})
                await half.prepare(request)
                await half.write(response.body[: len(response.body) // 2])
                if fault == "pause":
                    await asyncio.sleep(0.5)
                    await half.write(response.body[len(response.body) // 2 :])
                    return half
                return await self._silence(request, fault == "hang")
            return response

        return handle

    async def _silence(self, request: web.Request, hold: bool) -> web.StreamResponse:
        if hold:
            self.held.set()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        assert form["file"].filename.endswith(".jsonl")
        return web.json_response(self._file(form["file"].file.read()))

    def _file(self, content: bytes) -> dict[str, Any]:
        file_id = f"file-{len(self.files)}"
        self.files[file_id] = content
        return {
            "id": file_id,
            "object": "file",
            "bytes": len(content),
            "created_at": 0,
            "filename": "x",
            "purpose": "batch",
            "status": "processed",
        }

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        plan = self.plans.popleft() if self.plans else Plan()
        batch_id = f"batch_{len(self.batches)}"
        lines = [json.loads(line) for line in self.files[body["input_file_id"]].splitlines()]
        assert body["completion_window"] == "24h"
        assert all(line["method"] == "POST" and line["url"] == body["endpoint"] for line in lines)
        assert len({line["custom_id"] for line in lines}) == len(lines)
        if plan.states[-1] != "failed":
            self.lines.update(line["custom_id"] for line in lines)
        self.sizes.append(len(lines))
        self.beside.append(sum(batch["status"] in ("validating", "in_progress") for batch in self.batches.values()))
        self.models.append({line["body"]["model"] for line in lines})
        self._courses[batch_id] = plan
        self.batches[batch_id] = {
            **body,
            "metadata": body["metadata"] if self.metadata else None,
            "id": batch_id,
            "object": "batch",
            "created_at": int(time.time()),
            "status": "validating",
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }
        return web.json_response(self.batches[batch_id])

    async def _list(self, request: web.Request) -> web.Response:
        ids = sorted(self.batches, key=lambda name: -int(name.removeprefix("batch_")))
        begin = ids.index(request.query["after"]) + 1 if "after" in request.query else 0
        page = ids[begin : begin + 2]  # small, so that there are several
        data = [self.batches[name] for name in page]
        return web.json_response({"object": "list", "data": data, "has_more": begin + 2 < len(ids)})

    async def _retrieve(self, request: web.Request) -> web.Response:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return web.json_response(error("No such batch"), status=404)
        plan = self._courses[batch["id"]]
        batch["status"] = plan.states.pop(0) if len(plan.states) > 1 else plan.states[0]
        if batch["status"] == "failed":
            batch["errors"] = {"object": "list", "data": plan.errors}
        elif batch["status"] in ("completed", "expired", "cancelled") and "output_file_id" not in batch:
            self._answer(batch)
        return web.json_response(batch)

    def _answer(self, batch: dict[str, Any]) -> None:
        output, errors = [], []
        for line in map(json.loads, self.files[batch["input_file_id"]].splitlines()):
            key, answer = line["custom_id"], self.reply(line["custom_id"], line["body"])
            item: dict[str, Any] = {"id": "r", "custom_id": key, "response": None, "error": None}
            if isinstance(answer, str):
                errors.append({**item, "error": {"code": answer, "message": f"words about {answer}"}})
            elif isinstance(answer, tuple):
                errors.append({**item, "response": {"status_code": answer[0], "request_id": "q", "body": answer[1]}})
            elif answer is not None:
                output.append({**item, "response": {"status_code": 200, "request_id": "q", "body": answer}})
        output.reverse()  # in no order that anyone could rely on
        for name, lines in (("output_file_id", output), ("error_file_id", errors)):
            content = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in lines)
            batch[name] = self._file(content.encode("utf-8", "surrogatepass"))["id"] if lines else ""
        batch["request_counts"] = {"total": len(output) + len(errors), "completed": len(output), "failed": len(errors)}

    async def _content(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["id"])
        if content is None:
            return web.json_response(error("No such File object"), status=404)
        return web.Response(body=content, content_type="application/octet-stream")


@contextmanager
def serving(reply: Callable[[str, dict[str, Any]], Answer]) -> Iterator[BatchServer]:
    """The server, in a thread of its own, until the block ends."""
    server, ready, loop = BatchServer(reply), threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(server.application(), shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
