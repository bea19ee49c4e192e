"""A repository on the Hub: requests that are repeated while that may help, and failures told in one line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from logging import ERROR, getLogger
from pathlib import Path
from typing import Literal, TypeVar

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id

from lemma_steps.errors import RefusedError, StoppedError

WAITS_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before the second and later attempts of a request that the server may yet answer."""

_REMEDIES = {
    400: "the server does not accept the content or the name",
    401: "the token is not valid; set HF_TOKEN to one with write access",
    402: "the account's plan does not allow it; publish elsewhere or raise the plan",
    403: "the token has no write access to it; use a token with that right, or another name",
    404: "no such repository or revision, or the token may not see it; check the name",
    413: "a file is larger than the server takes",
}
_AGAIN = {408, 409, 412, 425, 429}
"""Client errors that pass: time-outs, rate limits, another commit at the same moment."""

Kind = Literal["dataset", "model"]
"""What a repository holds."""
T = TypeVar("T")


def check_name(repo: str) -> None:
    """Refuse what can be no repository's name.

    Raises:
        RefusedError: it cannot.
    """
    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise RefusedError(f"{_first_line(error)}") from None


def hub_id(name: str) -> str | None:
    """The name, if it is one of the Hub's (`ORG/NAME`) and no path of this machine."""
    if name.count("/") != 1 or Path(name).exists():
        return None
    try:
        validate_repo_id(name)
    except HFValidationError:
        return None
    return name


class Target:
    """A repository on a server.

    Args:
        repo: `ORG/NAME` or `NAME`.
        endpoint: address of the server; default `HF_ENDPOINT`, else the Hub.
        token: default `HF_TOKEN`, else the stored login; it is never shown.
        waits_s: seconds before each further attempt of a request.
        kind: whether it holds a dataset or a model.

    Raises:
        RefusedError: there is no token.
    """

    def __init__(
        self, repo: str, endpoint: str | None, token: str | None, waits_s: Sequence[float], kind: Kind = "dataset"
    ) -> None:
        token = token or get_token()
        if not token:
            raise RefusedError(f"{repo}: no token for the Hub; set HF_TOKEN, or log in with `hf auth login`")
        self.repo, self.waits_s, self.kind = repo, waits_s, kind
        self.api = HfApi(endpoint=endpoint, token=token, library_name="lemma-recipes")
        self.where = f"{repo} at {self.api.endpoint}"

    def refuse_public(self, name: str) -> None:
        """Refuse to put private rows or weights where everybody reads them."""
        if self.attempt(lambda: self.api.repo_info(name, repo_type=self.kind).private) is False:
            raise RefusedError(f"{name}: exists and is public; publish with --public, or give another name")

    def attempt(self, request: Callable[[], T]) -> T:
        """The request's result, repeated with growing waits while the server may yet answer.

        Raises:
            RefusedError: the server says no, or the name is none.
            StoppedError: it cannot be reached or keeps failing.
        """
        for wait in (*self.waits_s, None):
            try:
                with _quiet():
                    return request()
            except HFValidationError as error:
                raise RefusedError(f"{self.repo}: {_first_line(error)}") from None
            except Exception as error:  # the Hub client raises errors of its HTTP library and of its own
                status = _status(error)
                if status is None and not _is_passing(error):
                    raise
                if status is not None and status < 500 and status not in _AGAIN:
                    told = f"{_REMEDIES.get(status, 'the server refuses')} (HTTP {status})"
                    raise RefusedError(f"{self.where}: {told}; nothing local was changed") from None
                if wait is None:
                    why = f"HTTP {status}" if status else _first_line(_causes(error)[-1])
                    raise StoppedError(
                        f"{self.where}: {why} in {len(self.waits_s) + 1} attempts; nothing local was changed, try again later"
                    ) from None
            time.sleep(wait)
        raise AssertionError("unreachable")


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what led to it; the library wraps the failure of an upload."""
    return [error, *(_causes(error.__cause__) if error.__cause__ is not None else [])]


def _status(error: BaseException) -> int | None:
    """The HTTP status behind an error, where a server answered."""
    return next((cause.response.status_code for cause in _causes(error) if isinstance(cause, HfHubHTTPError)), None)


def _is_passing(error: BaseException) -> bool:
    """Whether the connection failed, or a gateway answered in place of the server (its page is no JSON).

    By name: the library's HTTP client is httpx or httpx2, depending on its version.
    """
    kinds = {kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__}
    return bool(kinds & {"TransportError", "JSONDecodeError"})


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).split("\n", 1)[0]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the library's remark that open files are sent by HTTP, which is what is wanted here."""
    logger = getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
