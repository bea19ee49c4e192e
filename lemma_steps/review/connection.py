"""The connection to an Argilla server, and what its client's errors are in one line.

The server's libraries are imported inside functions: other commands run without the `review` extra.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from logging import CRITICAL, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import httpx
from pydantic import ValidationError

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.review.server import credentials

if TYPE_CHECKING:
    import argilla as rg

URL, KEY = "ARGILLA_API_URL", "ARGILLA_API_KEY"
TIMEOUT_S = 120
"""Seconds for one answer; a batch of long records takes a slow server a good part of a minute."""
WAITS_S = (0.5, 1.0, 2.0, 4.0)
"""Seconds before the second and later attempts of a request that may be repeated."""

_REMEDIES = {
    401: f"the key is refused; give this server's in {KEY}",
    403: "the account of this key may not do that; use the key of an owner, or of an admin of the workspace",
    404: "no Argilla is at this address, or what was asked for is gone; check --api-url",
    413: "a record is larger than the server takes",
}
_OTHER = "what answers there is no Argilla server; check --api-url"
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
"""Answers that may be others a moment later: of a server under load, a locked database, or a gateway."""
T = TypeVar("T")


def connect(home: Path, api_url: str | None, api_key: str | None = None) -> rg.Argilla:
    """The server at `api_url` or ARGILLA_API_URL with `api_key` or ARGILLA_API_KEY; else the one whose folder is `home`.

    Raises:
        RefusedError: neither is there, no server answers, it refuses the key, or the client is not installed. The key
            stands in no text.
    """
    url, key = api_url or os.environ.get(URL), (api_key or os.environ.get(KEY, "")).strip()
    if not url:
        url, key = _of_home(home)
    elif not key:
        raise RefusedError(f"{_shown(url)}: no key; set {KEY} to the one of your page `My settings` there")
    return open_client(url, key)


def open_client(url: str, key: str) -> rg.Argilla:
    """A client that has asked the server who it is.

    Raises:
        RefusedError: as `connect`.
    """
    for name in ("argilla", "httpx"):  # what they log as an error, they raise as well
        getLogger(name).setLevel(CRITICAL)
    if not (key.isascii() and key.isprintable()):
        raise RefusedError(f"{_shown(url)}: the key has characters that no key has; check {KEY}")
    try:
        from argilla import Argilla
    except ImportError as error:  # a folder of this name is a package too, an empty one
        raise RefusedError(
            f"{error.name} is not in this environment; begin the command with `uv run --extra review`"
        ) from None
    with told(url):  # nothing is repeated here: whether a server runs should be told at once
        try:
            if httpx.URL(url).host and url.startswith(("http://", "https://")):
                return Argilla(api_url=url.rstrip("/"), api_key=key, timeout=TIMEOUT_S, retries=0)
        except (TypeError, ValueError):  # what answers is no page of Argilla's, or not JSON
            raise RefusedError(f"{_shown(url)}: {_OTHER}") from None
        raise RefusedError(f"{_shown(url)}: an address begins with http:// or https:// and a host; check --api-url")


def find_workspace(client: rg.Argilla, name: str) -> rg.Workspace | None:
    """The workspace of this name, if the key's account may see one."""
    return next((workspace for workspace in client.workspaces.list() if workspace.name == name), None)


def find_dataset(client: rg.Argilla, workspace: str, name: str) -> rg.Dataset | None:
    """The dataset of this name in the workspace, with its settings, if there are both."""
    found = find_workspace(client, workspace)
    return next((dataset.get() for dataset in found.datasets if dataset.name == name), None) if found else None


def repeated(request: Callable[[], T], waits_s: Sequence[float] | None = None) -> T:
    """The result of a request that may be sent twice, repeated after `waits_s` while the server may yet answer."""
    for wait in WAITS_S if waits_s is None else waits_s:
        try:
            return request()
        except Exception as error:  # the client raises errors of its HTTP library and of its own
            if not _passes(error):
                raise
        time.sleep(wait)
    return request()


@contextmanager
def told(server: rg.Argilla | str, begun: Callable[[], str | None] = lambda: None) -> Iterator[None]:
    """Make one line of what the client or its connection raises; any other error passes.

    Args:
        server: the client, or the server's address.
        begun: says what is there already and how to go on, once something was sent; before that None.

    Raises:
        RefusedError: the request failed before anything was sent.
        StoppedError: it failed after.
    """
    try:
        yield
    except (RefusedError, StoppedError):
        raise
    except Exception as error:
        why = _why(error)
        if why is None:
            raise
        where = _shown(server if isinstance(server, str) else server.api_url)
        if so_far := begun():
            raise StoppedError(f"{where}: {why}; {so_far}") from None
        raise RefusedError(f"{where}: {why}") from None


def _of_home(home: Path) -> tuple[str, str]:
    try:
        found = credentials.read(home)
    except ValueError as error:
        raise RefusedError(f"{error}; move the file away and start `recipes/review.py serve --home {home}`") from None
    if found is None:
        raise RefusedError(
            f"{home}: no Argilla server was started there; run `uv run recipes/review.py serve --home {home}`, "
            f"or name another server with --api-url and {KEY}"
        )
    return found.url, found.api_key


def _why(error: Exception) -> str | None:
    """What happened and what helps, in one line; None for an error that is not of the client or the connection."""
    failed = _failed(error)
    if isinstance(failed, httpx.HTTPStatusError):
        status = failed.response.status_code
        refusal = "the server refuses" if status < 500 else "the server fails; its own log says why"
        return f"{_REMEDIES.get(status, refusal)} (HTTP {status}{_detail(failed.response)})"
    if failed:
        kind = "no answer in time" if isinstance(failed, httpx.TimeoutException) else "no server answers"
        return f"{kind} ({_line(failed)}); is it running? `recipes/review.py serve` starts one"
    causes = _causes(error)
    if any(isinstance(cause, json.JSONDecodeError | httpx.InvalidURL) for cause in causes):
        return _OTHER
    if odd := next((cause.errors()[0] for cause in causes if isinstance(cause, ValidationError)), None):
        name = odd["input"]  # one that was given; anything else came from the server and may hold keys
        return f"{odd['msg']}, not {name[:80]!r}; give another" if isinstance(name, str) else _OTHER
    if any(type(cause).__name__ == "ArgillaCredentialsError" for cause in causes):
        return f"{_REMEDIES[401]} (HTTP 401)"
    if any(type(cause).__module__.startswith("argilla.") for cause in causes):
        return _line(causes[-1])
    return None


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error and what led to it; a clean-up that fails after a failure counts as led to."""
    return [error, *_causes(error.__cause__ or error.__context__)] if error is not None else []


def _failed(error: BaseException) -> httpx.HTTPStatusError | httpx.TransportError | None:
    """The request that failed first behind an error: a clean-up after it may have failed in another way."""
    requests = (
        each for each in reversed(_causes(error)) if isinstance(each, httpx.HTTPStatusError | httpx.TransportError)
    )
    return next(requests, None)


def _passes(error: BaseException) -> bool:
    """Whether the same request may succeed a moment later."""
    failed = _failed(error)
    if isinstance(failed, httpx.HTTPStatusError):
        return failed.response.status_code in _AGAIN
    return failed is not None


def _detail(response: httpx.Response) -> str:
    """What the server said of a request that it refused, as far as a line holds it."""
    said = " ".join(response.text.split())
    return f": {said[:300]}" if said and response.status_code in (400, 409, 422) else ""


def _line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).partition("\n")[0]


def _shown(url: str) -> str:
    """The address without a name and password in it."""
    return re.sub(r"//[^/]*@", "//", url)
