"""The embedded server itself. Runs as a script in the server's environment, where lemma_steps cannot be imported."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import shutil
import signal
import socket
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import address
import credentials
from filelock import FileLock, Timeout

LOCK, LOG = ".lock", "server.log"
_LOG_BYTES = 2**20


def main() -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code: 0 after such an end, 2 if it could not start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    home: Path = arguments.home
    os.umask(0o077)  # the database holds keys, also where somebody opens the folder to others
    try:
        with FileLock(home / LOCK, blocking=False), address.bound(arguments.host, arguments.port) as holder:
            _serve(home, arguments.host, arguments.port, holder)
    except KeyboardInterrupt:
        print("Argilla has ended; everything is kept.", flush=True)
        return 0
    except Timeout:
        return _refused(f"{home}: a server of this home is running already")
    except Exception as error:  # its traceback would tell a user nothing
        logging.getLogger("serve").exception("the server could not start")
        return _refused(f"{home}: the server could not start ({type(error).__name__}: {error}); see {home / LOG}")
    return _refused(f"{home}: the server could not start; see {home / LOG}")


def _refused(why: str) -> int:
    print(f"error: {' '.join(why.split())}", file=sys.stderr)
    return 2


def _serve(home: Path, host: str, port: int, holder: socket.socket) -> None:
    url = address.url(host, port)
    known = credentials.read(home)
    account = known.at(url) if known else credentials.Credentials.new(url)
    account.write(home)
    _prepare_process(home, account)

    gc.disable()  # a fifth of the start, and nothing that is imported is ever thrown away
    import upstream  # imports argilla_server, which reads its settings from the environment at once

    gc.enable()
    gc.freeze()

    app = upstream.app()
    upstream.prepare_database(account)
    server = upstream.uvicorn_server(
        app, lambda: print(_greeting(home, host, port, account, new=known is None), flush=True)
    )
    server.run(sockets=[holder])


def _prepare_process(home: Path, account: credentials.Credentials) -> None:
    """Settings of the server, a log file for what it says, and a folder for the copy of its pages that each start makes."""
    pages = home / "tmp"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(exist_ok=True)
    for name in [name for name in os.environ if name.startswith("ARGILLA_")]:
        del os.environ[name]  # meant for another server, or for clients
    os.environ.update(
        ARGILLA_HOME_PATH=str(home),
        ARGILLA_SEARCH_ENGINE="sqlite",
        ARGILLA_DATABASE_SQLITE_TIMEOUT="60",  # seconds that one writer waits for another
        ARGILLA_AUTH_SECRET_KEY=account.secret,
        ARGILLA_AUTH_OAUTH_CFG=str(home / "oauth.yaml"),
        ARGILLA_CORS_ORIGINS="[]",  # its own page needs none, and no other page has business here
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_HUB_OFFLINE="1",
        TMPDIR=str(pages),
    )
    log = RotatingFileHandler(home / LOG, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    logging.basicConfig(level=logging.WARNING, handlers=[log], format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.captureWarnings(True)


def _greeting(home: Path, host: str, port: int, account: credentials.Credentials, *, new: bool) -> str:
    lines = []
    if new:
        lines.append(f"Owner account: user {account.username}, password {account.password}, API key {account.api_key}")
        lines.append(f"They are shown this once and kept in {home / credentials.FILE}, readable by you alone.")
    else:
        lines.append(f"User {account.username}; its password and API key are in {home / credentials.FILE}.")
    if host in address.ANYWHERE:
        lines.append(
            f"It listens on every address of {socket.gethostname()}: whoever reaches the port sees the log-in page, and "
            f"nothing on the way is encrypted. From another machine: http://{socket.gethostname()}:{port}"
        )
    return "\n".join([*lines, f"Argilla is ready at {account.url} (Ctrl-C ends it)"])


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    logging.shutdown()
    os._exit(code)  # everything is kept by now; Python would take its modules apart for seconds
