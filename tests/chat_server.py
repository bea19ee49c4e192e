"""A small real server with OpenAI's chat API that misbehaves on demand, the way real ones do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, Any] | bytes] | tuple[int, dict[str, Any] | bytes, dict[str, str]] | None
"""Status, body (JSON, or raw bytes) and headers; `None` drops the connection."""


def completion(text: str | None, finish: str = "stop", **message: Any) -> Reply:
    """A chat completion as the API gives it."""
    return completions([text], finish, **message)


def completions(texts: list[str | None], finish: str = "stop", **message: Any) -> Reply:
    """The same with several choices."""
    choices = [
        {"index": index, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return 200, {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": choices,
        "usage": usage,
    }


class ChatServer(ThreadingHTTPServer):
    """Answers every POST with `reply(request body)` after `latency_s`; keeps paths, headers, requests and the peak in flight."""

    daemon_threads = True
    request_queue_size = 1024  # of 5 the kernel drops the sixth connection, which is tried again after seconds

    def __init__(self, reply: Callable[[dict[str, Any]], Reply], latency_s: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply, self.latency_s = reply, latency_s
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.in_flight = self.peak = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Root of the API."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append(body)
            self.server.paths.append(self.path)
            self.server.keys.append(self.headers["Authorization"])
            self.server.in_flight += 1
            self.server.peak = max(self.server.peak, self.server.in_flight)
        time.sleep(self.server.latency_s)
        reply = self.server.reply(body)
        with self.server.lock:
            self.server.in_flight -= 1
        if reply is None:
            self.close_connection = True
            return
        status, payload, headers = (*reply, {})[:3]
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(reply: Callable[[dict[str, Any]], Reply], latency_s: float = 0.0) -> Iterator[ChatServer]:
    """The server, running until the block ends."""
    server = ChatServer(reply, latency_s)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
