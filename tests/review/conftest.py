"""A real Argilla server for these tests: one process, started as a user starts it, in a temporary home."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lemma_steps.review.server import credentials

RECIPE = Path(__file__).parents[2] / "recipes" / "review.py"
BUILD_S, START_S = 600, 90  # the first start on a machine builds the server's environment


class ArgillaServer:
    """`recipes/review.py serve` in a process of its own; `kill` and `start` again keep home and port."""

    host = "127.0.0.1"

    def __init__(self, home: Path, port: int | None = None) -> None:
        self.home, self.port = home, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.printed = home.with_name(f"{home.name}.out")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> ArgillaServer:
        """Start it and wait until it answers; skips the test where its environment cannot be built."""
        with self.printed.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, str(RECIPE), "serve", "--home", str(self.home)),
                    *("--host", self.host, "--port", str(self.port)),
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        begin = time.monotonic()
        while "Argilla is ready" not in (said := self.printed.read_text("utf-8", "replace")):
            if self.process.poll() is not None and "environment cannot be built" in said:
                pytest.skip(said.strip().splitlines()[-1])
            waited = time.monotonic() - begin
            assert self.process.poll() is None, said
            assert waited < (BUILD_S if said.count("Built") < said.count("Building") else START_S), said
            time.sleep(0.1)
        return self

    def kill(self) -> None:
        """As a crash would: SIGKILL, and nothing is put in order."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As Ctrl-C does. Returns the exit code."""
        assert self.process
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)

    @property
    def credentials(self) -> credentials.Credentials:
        known = credentials.read(self.home)
        assert known
        return known


@dataclass(frozen=True)
class Reviewer:
    """An annotator's account; `client` is the SDK in that person's name."""

    username: str
    password: str
    id: str
    client: Any


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def argilla_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArgillaServer]:
    """Started once per session. A test that kills it starts it again; the data of the others is kept.

    Skips in an environment without Argilla's SDK, so that the default tests build no environment for a server.
    """
    pytest.importorskip("argilla", reason="needs the review extra")
    server = ArgillaServer(tmp_path_factory.mktemp("argilla") / "home")
    try:
        yield server.start()
    finally:
        if server.process and server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="session")
def client(argilla_server: ArgillaServer) -> Any:
    """The SDK in the owner's name."""
    import argilla as rg

    return rg.Argilla(api_url=argilla_server.url, api_key=argilla_server.credentials.api_key, timeout=60, retries=2)


@pytest.fixture(scope="session")
def produced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What recipes/lemma.py writes for sixty of the bundled problems: over 200 kept rows."""
    out = tmp_path_factory.mktemp("produced") / "out"
    command = [sys.executable, str(RECIPE.with_name("lemma.py")), "--limit", "60", "--output", str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return out


_number = count(1)


@pytest.fixture
def workspace(client: Any) -> str:
    """The name of a new workspace."""
    import argilla as rg

    name = f"workspace-{next(_number)}-{uuid4().hex[:6]}"
    rg.Workspace(name=name, client=client).create()
    return name


@pytest.fixture
def dataset_name() -> str:
    """A name that no other test has."""
    return f"dataset-{next(_number)}-{uuid4().hex[:6]}"


@pytest.fixture
def annotator(client: Any, workspace: str) -> Callable[..., Reviewer]:
    """`annotator()` makes an account in `workspace`; `annotator("ana")` one whose name begins so."""
    import argilla as rg

    def make(name: str = "annotator", password: str = "a password 12345") -> Reviewer:
        user = rg.User(
            username=f"{name}-{uuid4().hex[:6]}", password=password, role="annotator", client=client
        ).create()
        user.add_to_workspace(client.workspaces(workspace))
        return Reviewer(user.username, password, str(user.id), signed_in(client.api_url, user.username, password))

    return make


def signed_in(url: str, username: str, password: str) -> Any:
    """The SDK in the name of someone who gives a password, as on the log-in page."""
    import argilla as rg
    import httpx

    token = httpx.post(f"{url}/api/v1/token", data={"username": username, "password": password}, timeout=60)
    token.raise_for_status()
    bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
    me = httpx.get(f"{url}/api/v1/me", headers=bearer, timeout=60).raise_for_status().json()
    return rg.Argilla(api_url=url, api_key=me["api_key"], timeout=60, retries=2)


def respond(client: Any, record: Any, answers: dict[str, Any], status: str = "submitted") -> None:
    """Answer a record as the web page does, in the name of `client`; again, to change the answer.

    Args:
        record: an `rg.Record` that came from the server, or the server's id of one.
        answers: question name to value.
        status: `submitted`, `draft` or `discarded`.
    """
    respond_to_all(client, [(record, answers, status)])


def respond_to_all(client: Any, given: list[tuple[Any, dict[str, Any], str]]) -> None:
    """`respond` for many records: (record, answers, status) each."""
    items = [
        {
            "record_id": str(getattr(record, "_server_id", record)),
            "values": {name: {"value": value} for name, value in answers.items()},
            "status": status,
        }
        for record, answers, status in given
    ]
    for begin in range(0, len(items), 100):  # as many as the server takes at once
        reply = client.api.http_client.post("/api/v1/me/responses/bulk", json={"items": items[begin : begin + 100]})
        reply.raise_for_status()
        for item in reply.json()["items"]:
            assert item["item"], item["error"]
