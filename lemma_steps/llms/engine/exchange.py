"""One request and its answer over HTTP, bounded in time and size."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

LARGEST_BODY = 4 * 2**20
"""Bytes of one response that are read, after decompression."""
_CHUNK = 2**16
_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
_RETRYABLE = {408, 409, 425, 429}
_FATAL = {401, 402, 403, 404}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
"""Hosts that a proxy does not reach, even where NO_PROXY does not say so."""


class ExchangeError(Exception):
    """No usable response.

    Attributes:
        code: reason code: `http_N`, `connection_failed`, `request_timed_out`, `garbled_reply`, `reply_too_long`.
        detail: the endpoint's own words, without the API key.
        retryable: whether the same request may succeed later.
        retry_after: seconds that the server asked to wait; 0 where it did not.
        overloaded: the server has too much to do (429, 5xx).
        lost: no response came at all.
        fatal: every other request would fail likewise (wrong key, no such model, no quota).
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        retryable: bool = False,
        retry_after: float = 0.0,
        overloaded: bool = False,
        lost: bool = False,
        fatal: bool = False,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.retryable, self.retry_after = code, detail, retryable, retry_after
        self.overloaded, self.lost, self.fatal = overloaded, lost, fatal


class Exchange:
    """Sends JSON to one endpoint. Belongs to the event loop in which it is first used; `close` it there.

    Args:
        base_url: the root of the API, ending in `/v1`.
        api_key: sent as bearer token; removed from everything that comes back.
        timeout_s: seconds that one request may take.
    """

    def __init__(self, base_url: str, api_key: str, timeout_s: float) -> None:
        self._root, self._api_key, self._timeout_s = base_url.rstrip("/"), api_key, timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The JSON object that the server answers with.

        Raises:
            ExchangeError: no connection, no answer in time, an error status, a body that is too large or no JSON object.
        """
        try:
            async with self._open().post(f"{self._root}{path}", json=body) as response:
                data = await self._read(response)
                if response.status >= 400:
                    raise self._refusal(response, data)
        except TimeoutError:
            raise ExchangeError(
                "request_timed_out", f"no reply within {self._timeout_s:g} s", retryable=True, lost=True
            ) from None
        except aiohttp.InvalidURL as error:
            raise ExchangeError("invalid_url", f"{self._root}: {_first_line(str(error))}", fatal=True) from None
        except (aiohttp.ClientError, OSError) as error:
            words = _first_line(self._clean(str(error) or type(error).__name__)).replace(" ssl:default", "")
            raise ExchangeError("connection_failed", words, retryable=True, lost=True) from None
        reply = _parsed(data)
        if not isinstance(reply, dict):
            raise ExchangeError("garbled_reply", f"no JSON object: {_first_line(data[:200])!r}", retryable=True)
        return reply

    async def answers(self) -> bool:
        """Whether anything answers at the endpoint, with whatever status."""
        try:
            async with self._open().get(f"{self._root}/models", timeout=aiohttp.ClientTimeout(total=30)):
                return True
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # the gate limits
                timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=min(30.0, self._timeout_s)),
                headers={"Authorization": f"Bearer {self._api_key}"},
                proxy=_proxy(self._root),
            )
        return self._session

    async def _read(self, response: aiohttp.ClientResponse) -> str:
        data = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            data += chunk
            if len(data) > LARGEST_BODY:
                response.close()
                raise ExchangeError("reply_too_long", f"more than {LARGEST_BODY:,} bytes")
        return self._clean(data.decode("utf-8", "replace"))

    def _clean(self, text: str) -> str:
        return text.replace(self._api_key, "***") if len(self._api_key) > 5 else text

    def _refusal(self, response: aiohttp.ClientResponse, data: str) -> ExchangeError:
        body = _parsed(data)
        error = body.get("error", body) if isinstance(body, dict) else {}
        error = error if isinstance(error, dict) else {"message": error}
        words = _first_line(str(error.get("message") or error.get("detail") or data or response.reason))
        status, kinds = response.status, (error.get("code"), error.get("type"))
        no_model, no_quota = "model_not_found" in kinds, any(kind in _QUOTA for kind in kinds)
        fatal = status in _FATAL or no_model or no_quota
        busy = status == 429 or status >= 500
        return ExchangeError(
            f"http_{status}",
            words,
            retryable=not fatal and (busy or status in _RETRYABLE),
            retry_after=_seconds(response.headers.get("Retry-After")),
            overloaded=busy and not fatal,
            fatal=fatal,
        )


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL; looked up once, since aiohttp would read it for every request."""
    parts = urlsplit(url)
    if parts.hostname in _LOOPBACK or proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


def _parsed(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _seconds(header: str | None) -> float:
    """Of a `Retry-After` in seconds; 0 for none, for a date, for nonsense. Two minutes at most."""
    try:
        return min(max(0.0, float(header or 0)), 120.0)
    except ValueError:
        return 0.0


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0][:300]
