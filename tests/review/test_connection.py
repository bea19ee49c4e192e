"""Connecting to a server: where it is looked for, and every failure in one line without the key."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.review.connection import KEY, URL, connect, open_client, repeated, told
from lemma_steps.review.server.credentials import Credentials

SECRET = "a-key-that-nobody-may-read"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in (URL, KEY):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def web():
    """`web(status, body)` starts a server that answers everything so, and returns its address."""
    servers = []

    def start(status, body, kind="application/json"):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *arguments):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def refusal(action):
    """The text of the refusal, which is one line and never holds the key."""
    with pytest.raises(RefusedError) as refused:
        action()
    text = str(refused.value)
    assert "\n" not in text
    assert SECRET not in text
    return text


class TestWhere:
    def test_nothing_known_gives_both_remedies(self, tmp_path):
        text = refusal(lambda: connect(tmp_path / "none", None))
        assert f"serve --home {tmp_path / 'none'}" in text
        assert "--api-url" in text
        assert KEY in text

    def test_an_address_needs_a_key(self, tmp_path):
        assert KEY in refusal(lambda: connect(tmp_path, "http://127.0.0.1:1"))

    def test_a_damaged_file_of_the_home_is_named(self, tmp_path):
        (tmp_path / "credentials.json").write_text(json.dumps({"url": "x"}))
        assert str(tmp_path / "credentials.json") in refusal(lambda: connect(tmp_path, None))

    @pytest.mark.parametrize("key", ["käse", "two\nlines", "a\x00b"])
    def test_a_key_that_no_header_can_hold_is_not_shown(self, tmp_path, key):
        assert "characters" in refusal(lambda: connect(tmp_path, "http://127.0.0.1:1", SECRET + key))

    def test_without_the_extra_the_command_that_has_it_is_told(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "argilla", None)
        assert "uv run --extra review" in refusal(lambda: open_client("http://127.0.0.1:1", SECRET))

    def test_a_folder_of_the_clients_name_is_not_the_client(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "argilla", ModuleType("argilla"))
        assert "argilla is not in this environment" in refusal(lambda: open_client("http://127.0.0.1:1", SECRET))


class TestFailures:
    @pytest.fixture(autouse=True)
    def _client(self):
        pytest.importorskip("argilla", reason="needs the review extra")

    @pytest.mark.parametrize(
        ("status", "body", "said"),
        [
            (401, '{"detail": {"code": "unauthorized"}}', f"give this server's in {KEY}"),
            (403, "{}", "may not"),
            (404, "{}", "no Argilla is at this address"),
            (404, "<html>", "no Argilla is at this address"),
            (500, "boom", "the server fails"),
            (503, "<html>try later", "HTTP 503"),
            (200, "<html>somebody else's page", "no Argilla server"),
            (200, "[]", "no Argilla server"),
            (200, '{"other": "json"}', "no Argilla server"),
        ],
    )
    def test_what_a_server_may_answer(self, web, status, body, said):
        url = web(status, body)
        text = refusal(lambda: open_client(url, SECRET))
        assert said in text
        assert url in text

    @pytest.mark.parametrize(
        "url",
        ["http://127.0.0.1:9", "http://no-such-host.invalid", "127.0.0.1:6900", "nonsense", "http://[::1", "", "http://h:99999"],
    )  # fmt: skip
    def test_an_address_where_nobody_answers(self, url):
        refusal(lambda: open_client(url, SECRET))

    def test_a_password_in_the_address_is_not_shown(self):
        assert "geheim" not in refusal(lambda: open_client("http://ana:geheim@127.0.0.1:9/argilla", SECRET))

    def test_a_server_that_is_down_is_told_of_at_once_with_the_command_that_starts_it(self, tmp_path):
        Credentials("http://127.0.0.1:9", "owner", "password", SECRET, "secret").write(tmp_path)
        assert "recipes/review.py serve" in refusal(lambda: connect(tmp_path, None))


class TestTold:
    def test_after_the_first_request_it_is_a_stop_that_can_be_resumed(self):
        said = pytest.raises(StoppedError, match=r"http://h: no server answers .*; 5 of 9 are there")
        with said, told("http://h", lambda: "5 of 9 are there"):
            raise httpx.ConnectError("refused")

    @pytest.mark.parametrize("error", [ValueError("ours"), KeyError("x"), AssertionError()])
    def test_a_fault_of_the_program_passes(self, error):
        with pytest.raises(type(error)), told("http://h"):
            raise error

    @pytest.mark.parametrize("error", [RefusedError("a"), StoppedError("b")])
    def test_what_was_told_already_passes(self, error):
        with pytest.raises(type(error), match=str(error)), told("http://h", lambda: "more"):
            raise error

    def test_a_clean_up_that_fails_does_not_hide_the_first_failure(self):
        gone = TestRepeated.answered(404)
        gone.__context__ = TestRepeated.answered(500)
        with pytest.raises(RefusedError, match="HTTP 500"), told("http://h"):
            raise gone


class TestRepeated:
    @staticmethod
    def failing(*errors):
        left = list(errors)

        def request():
            if left:
                raise left.pop(0)
            return "done"

        return request

    @staticmethod
    def answered(status):
        response = httpx.Response(status, request=httpx.Request("GET", "http://h"))
        return httpx.HTTPStatusError("no", request=response.request, response=response)

    def test_what_may_pass_is_tried_again(self):
        request = self.failing(
            httpx.ReadTimeout("slow"), httpx.ConnectError("down"), self.answered(503), self.answered(500)
        )
        assert repeated(request, (0, 0, 0, 0)) == "done"

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
    def test_a_refusal_is_not(self, status):
        request = self.failing(self.answered(status))
        with pytest.raises(httpx.HTTPStatusError):
            repeated(request, (0, 0, 0))
        assert request() == "done"

    def test_it_gives_up(self):
        with pytest.raises(httpx.ConnectError):
            repeated(self.failing(*[httpx.ConnectError("down")] * 3), (0, 0))


def test_the_home_of_a_server_is_enough(argilla_server):
    pytest.importorskip("argilla", reason="needs the review extra")
    assert connect(Path(argilla_server.home), None).me.role.value == "owner"


def test_an_address_with_its_key_goes_before_the_home(argilla_server, tmp_path, monkeypatch):
    pytest.importorskip("argilla", reason="needs the review extra")
    monkeypatch.setenv(URL, argilla_server.url)
    monkeypatch.setenv(KEY, argilla_server.credentials.api_key)
    Credentials("http://127.0.0.1:9", "owner", "password", SECRET, "secret").write(tmp_path)
    assert connect(tmp_path, None).api_url == argilla_server.url
