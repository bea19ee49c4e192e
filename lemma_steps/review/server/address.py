"""Where an embedded server listens. Standard library only: both sides use it."""

from __future__ import annotations

import os
import socket

ANYWHERE = {"0.0.0.0", "::"}


def bound(host: str, port: int) -> socket.socket:
    """A socket that holds the port, so that nobody else takes it, but does not answer yet.

    Raises:
        OSError: the port is taken, or `host` is no address of this machine.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    holder = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # connections of a former server may linger; elsewhere the option would share the port
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(address)
    except OSError:
        holder.close()
        raise
    return holder


def url(host: str, port: int) -> str:
    """What commands and browsers on this machine use."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
