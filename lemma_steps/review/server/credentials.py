"""The owner account of an embedded server, and the file that keeps it. Standard library only: both sides read it."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

FILE = "credentials.json"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who owns the server, and where it listens. `secret` signs the sessions of browsers; none of it is ever logged."""

    url: str
    username: str
    password: str
    api_key: str
    secret: str

    def __repr__(self) -> str:
        return f"Credentials(url={self.url!r}, username={self.username!r})"

    @classmethod
    def new(cls, url: str) -> Credentials:
        """Made-up ones, of at least 96 bits each."""
        return cls(url, "owner", secrets.token_urlsafe(12), secrets.token_urlsafe(24), secrets.token_hex(32))

    def at(self, url: str) -> Credentials:
        """The same account of a server that now listens at `url`."""
        return replace(self, url=url)

    def write(self, home: Path) -> None:
        """Keep them in `home`, whole or not at all, readable by this user only."""
        partial = home / f".{FILE}.partial"
        partial.unlink(missing_ok=True)
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=2)
        os.replace(partial, home / FILE)


def read(home: Path) -> Credentials | None:
    """What `home` keeps; None where no server has run there yet.

    Raises:
        ValueError: the file is there, but is not one of ours, or cannot be read.
    """
    path = home / FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read ({error})") from None
    names = [field.name for field in fields(Credentials)]
    if not (isinstance(values, dict) and all(isinstance(values.get(name), str) and values[name] for name in names)):
        raise ValueError(f"{path}: holds no {', '.join(names)}")
    return Credentials(*(values[name] for name in names))
