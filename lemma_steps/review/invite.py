"""Accounts for reviewers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lemma_steps.errors import RefusedError
from lemma_steps.review.connection import find_workspace, told

if TYPE_CHECKING:
    import argilla as rg


def invite(client: rg.Argilla, workspace: str, names: Sequence[str]) -> Iterator[str]:
    """Make annotator accounts that see the workspace, which is made if missing; a line for each, with its password.

    A password is made up, shown in its line and kept nowhere. An account that exists keeps its password and is let into
    the workspace. Lines come as accounts are made, so that a failure half-way loses no password.

    Raises:
        RefusedError: a name is blank or not printable, or the server refuses; accounts told of before are there.
    """
    import argilla as rg

    if odd := [name for name in names if not name.isprintable() or not name.strip() or name != name.strip()]:
        raise RefusedError(f"{odd[0]!r}: no name for an account; leave out spaces and control characters")
    with told(client):
        place = find_workspace(client, workspace) or rg.Workspace(workspace, client=client).create()
        members = {user.username for user in place.users}
        existing = {user.username: user for user in client.users.list()}
    alone = ", for this machine alone; `serve --host 0.0.0.0` tells the one for others" * _is_local(client.api_url)
    yield f"page: {client.api_url} (workspace {workspace}){alone}"
    for name in dict.fromkeys(names):
        with told(client):
            if user := existing.get(name):
                if name not in members and user.role.value != "owner":  # an owner sees every workspace
                    user.add_to_workspace(place)
                    yield f"{name}: has an account; now sees {workspace} too"
                else:
                    yield f"{name}: has an account and sees {workspace} (password lost? invite under another name)"
                continue
            password = secrets.token_urlsafe(9)
            user = rg.User(username=name, password=password, role="annotator", client=client).create()
        yield f"{name}: password {password} (shown once; pass it on)"
        with told(client):
            user.add_to_workspace(place)


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
