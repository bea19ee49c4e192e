"""What is changed in argilla-server 2.8.0, and how it is started. It has had no release since, so these spots stay put.

Redis is replaced by one in this process, the job that follows a changed number of reviewers runs on the server's own
loop, what slows the logging of records down without need is cut, and annotators are told no more than their page shows.
Webhooks and imports from the Hub are not run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import fakeredis
import redis

redis.from_url = lambda url, **options: fakeredis.FakeRedis()  # the server connects while it is imported

import faster  # noqa: E402
import privacy  # noqa: E402
import refusals  # noqa: E402
import sqlite_engine  # noqa: E402
import uvicorn  # noqa: E402
from alembic import command, config  # noqa: E402
from argilla_server import database  # noqa: E402
from argilla_server._app import app as argilla  # noqa: E402
from argilla_server.contexts import accounts  # noqa: E402
from argilla_server.enums import UserRole  # noqa: E402
from argilla_server.jobs import dataset_jobs  # noqa: E402
from argilla_server.models import User  # noqa: E402
from credentials import Credentials  # noqa: E402

_running: set[asyncio.Task[None]] = set()


def app() -> Any:
    """The ASGI application, ready to be served."""
    job = dataset_jobs.update_dataset_records_status_job
    job.delay = _on_this_loop(job)
    faster.patch()
    privacy.patch()
    refusals.patch()
    return argilla


def prepare_database(account: Credentials) -> None:
    """Make or migrate the tables and the search index, and let the owner's account be what the credentials say."""
    migrations = config.Config()  # without the file, which would take the log over
    migrations.set_main_option("script_location", "argilla_server:alembic")
    command.upgrade(migrations, "head")
    sqlite_engine.install()
    asyncio.run(_owner(account))


def uvicorn_server(application: Any, when_ready: Callable[[], None]) -> uvicorn.Server:
    """A server of `application` that says so once it answers."""

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                when_ready()

    return Server(
        uvicorn.Config(application, log_config=None, access_log=False, timeout_graceful_shutdown=5, lifespan="on")
    )


def _on_this_loop(job: Callable[..., Any]) -> Callable[..., None]:
    def delay(*arguments: Any, **named: Any) -> None:
        task = asyncio.get_running_loop().create_task(job(*arguments, **named))
        _running.add(task)  # the loop itself keeps no hold of it
        task.add_done_callback(_running.discard)

    return delay


async def _owner(account: Credentials) -> None:
    async with database.AsyncSessionLocal() as session:
        user = await User.get_by(session, username=account.username)
        if user is None:
            user = User(first_name=account.username, username=account.username, password_hash="")
            session.add(user)
        user.role, user.api_key = UserRole.owner, account.api_key
        if not (user.password_hash and accounts.verify_password(account.password, user.password_hash)):
            user.password_hash = accounts.hash_password(account.password)
        await session.commit()
    await database.async_engine.dispose()  # its connections belong to the loop that ends here
