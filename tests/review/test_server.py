"""The embedded server as a process: who may start it, what it tells, and what outlives its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
import pytest

from lemma_steps.review.server import address, credentials
from tests.review.conftest import RECIPE, ArgillaServer, free_port, respond


def serve(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(RECIPE), "serve", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


def token(url: str, password: str) -> httpx.Response:
    return httpx.post(f"{url}/api/v1/token", data={"username": "owner", "password": password}, timeout=30)


def who(server: ArgillaServer, **headers: str) -> int:
    return httpx.get(f"{server.url}/api/v1/me", headers=headers, timeout=30).status_code


@pytest.fixture
def own_server(argilla_server, tmp_path):
    """A server that a test may end and spoil; after the shared one, which has built the environment."""
    server = ArgillaServer(tmp_path / "a home")
    yield server
    if server.process and server.process.poll() is None:
        server.kill()


def test_what_it_keeps_is_for_its_user_alone(argilla_server):
    assert argilla_server.home.stat().st_mode & 0o777 == 0o700
    assert (argilla_server.home / credentials.FILE).stat().st_mode & 0o777 == 0o600


def test_it_says_where_it_is_and_answers_with_the_web_page(argilla_server):
    said = argilla_server.printed.read_text()
    assert said.rstrip().endswith(f"Argilla is ready at {argilla_server.url} (Ctrl-C ends it)")
    assert "WARNING" not in said
    page = httpx.get(argilla_server.url, timeout=30)
    assert page.status_code == 200
    assert "<title>Argilla" in page.text
    assert httpx.get(f"{argilla_server.url}/api/v1/version", timeout=30).json()["version"] == "2.8.0"
    engine = httpx.get(f"{argilla_server.url}/api/v1/status", timeout=30).json()["search_engine"]
    assert engine["name"] == "sqlite"


def test_it_listens_on_this_machine_only(argilla_server):
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:] if Path("/proc/net/tcp").exists() else []
    if not listening:
        pytest.skip("needs /proc/net/tcp")
    mine = {line.split()[1] for line in listening if line.split()[1].endswith(f":{argilla_server.port:04X}")}
    assert f"0100007F:{argilla_server.port:04X}" in mine
    assert f"00000000:{argilla_server.port:04X}" not in mine


def test_neither_guessed_nor_default_keys_open_it(argilla_server):
    assert who(argilla_server) == 401
    assert who(argilla_server, **{"X-Argilla-Api-Key": "argilla.apikey"}) == 401
    assert token(argilla_server.url, "12345678").status_code == 401
    assert who(argilla_server, **{"X-Argilla-Api-Key": argilla_server.credentials.api_key}) == 200


def test_pages_of_other_sites_may_not_read_it(argilla_server):
    reply = httpx.get(
        f"{argilla_server.url}/api/v1/version", headers={"Origin": "http://elsewhere.example"}, timeout=30
    )
    assert "access-control-allow-origin" not in reply.headers


def test_a_second_server_of_a_home_is_refused(argilla_server):
    done = serve("--home", argilla_server.home, "--port", free_port())
    assert done.returncode == 2
    assert f"a server of this home is running already at {argilla_server.url}" in done.stderr
    assert argilla_server.process.poll() is None


@pytest.mark.parametrize("mode", ["bound", "listening"])
def test_a_taken_port_is_refused_before_anything_is_made(tmp_path, mode):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        if mode == "listening":
            other.listen()
        done = serve("--home", tmp_path / "home", "--port", other.getsockname()[1])
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "cannot listen at 127.0.0.1" in line
    assert "--port" in line
    assert not (tmp_path / "home" / credentials.FILE).exists()


REFUSED = {
    "another folder's": ({"train.parquet": ""}, "holds train.parquet, which is not a server's"),
    "spoilt credentials": ({"argilla.db": "", credentials.FILE: '{"url": "x"}'}, "delete it"),
    "no JSON": ({"argilla.db": "", credentials.FILE: "{"}, "cannot be read"),
}


@pytest.mark.parametrize(("files", "why"), REFUSED.values(), ids=REFUSED)
def test_a_home_that_is_none_is_refused_untouched(tmp_path, files, why):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = serve("--home", tmp_path, "--port", free_port())
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert why in line
    assert {name: (tmp_path / name).read_text() for name in files} == files


def test_killed_and_started_again_it_has_everything(argilla_server, client, workspace):
    session = token(argilla_server.url, argilla_server.credentials.password).json()["access_token"]
    former = argilla_server.credentials
    argilla_server.kill()
    assert who(argilla_server.start(), Authorization=f"Bearer {session}") == httpx.codes.OK
    assert argilla_server.credentials == former
    assert former.password not in argilla_server.printed.read_text()
    assert client.workspaces(workspace).name == workspace
    assert (
        len(list((argilla_server.home / "tmp").iterdir())) == 1
    )  # the copy of the pages that the killed one left is gone


def test_the_owner_follows_the_file_of_credentials(own_server):
    first = own_server.start().credentials
    assert first.password in own_server.printed.read_text()
    assert own_server.stop() == 0
    assert "Traceback" not in own_server.printed.read_text()

    (own_server.home / credentials.FILE).unlink()  # lost: new ones are made, and the former open nothing
    own_server.host = "0.0.0.0"
    last = own_server.start().credentials
    assert last.password in own_server.printed.read_text()
    assert last.url == own_server.url
    assert "nothing on the way is encrypted" in own_server.printed.read_text()
    if sys.platform == "linux":  # where this too is an address of the machine
        assert httpx.get(f"http://127.0.0.2:{own_server.port}", timeout=30).status_code == 200
    assert [token(own_server.url, account.password).status_code for account in (first, last)] == [401, 201]
    keys = [{"X-Argilla-Api-Key": account.api_key} for account in (first, last)]
    assert [who(own_server, **key) for key in keys] == [401, 200]

    own_server.process.send_signal(signal.SIGTERM)
    assert own_server.process.wait(20) == 0
    assert "Traceback" not in own_server.printed.read_text()


def test_people_answer_while_records_come_in(client, workspace, dataset_name, annotator):
    import argilla as rg

    settings = rg.Settings(
        fields=[rg.TextField("problem")],
        questions=[rg.LabelQuestion("decision", labels=["keep", "drop"]), rg.TextQuestion("comment", required=False)],
        distribution=rg.TaskDistribution(min_submitted=2),
    )
    dataset = rg.Dataset(dataset_name, workspace=workspace, settings=settings, client=client).create()

    def log(begin: int, end: int) -> None:
        text = "a step of some length, " * 60
        dataset.records.log([{"id": str(n), "problem": f"{n} {text}"} for n in range(begin, end)], batch_size=100)

    log(0, 12)
    before, people, logged = list(dataset.records()), [annotator(), annotator()], Event()

    def answer(person, value):
        """-> how many answers were taken while records came in."""
        meanwhile = 0
        for record in before:
            respond(person.client, record, {"decision": value, "comment": record.id})
            meanwhile += not logged.is_set()
        return meanwhile

    with ThreadPoolExecutor(3) as threads:
        logging = threads.submit(lambda: (log(12, 512), logged.set()))
        answering = [threads.submit(answer, *who) for who in zip(people, ("keep", "drop"), strict=True)]
        logging.result()
        assert all(done.result() > 0 for done in answering)
    assert dataset.progress() == {"total": 512, "completed": 12, "pending": 500}
    got = {
        (record.id, answer.question_name, answer.value, str(answer.user_id))
        for record in dataset.records()
        for answer in record.responses
    }
    assert got == {
        (str(n), question, value, person.id)
        for n in range(12)
        for person, label in zip(people, ("keep", "drop"), strict=True)
        for question, value in (("decision", label), ("comment", str(n)))
    }


ADDRESSES = [
    ("127.0.0.1", "http://127.0.0.1:6900"),
    ("localhost", "http://localhost:6900"),
    ("0.0.0.0", "http://127.0.0.1:6900"),
    ("::", "http://[::1]:6900"),
    ("::1", "http://[::1]:6900"),
]


@pytest.mark.parametrize(("host", "expected"), ADDRESSES, ids=[host for host, _ in ADDRESSES])
def test_where_this_machine_finds_it(host, expected):
    assert address.url(host, 6900) == expected


def test_credentials_come_back_as_written_and_show_no_secret(tmp_path):
    made = credentials.Credentials.new("http://127.0.0.1:1")
    made.write(tmp_path)
    assert credentials.read(tmp_path) == made
    assert os.listdir(tmp_path) == [credentials.FILE]
    assert not any(secret in repr(made) for secret in (made.password, made.api_key, made.secret))
    assert credentials.read(tmp_path / "none") is None
