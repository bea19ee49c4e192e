"""What a recipe shows on the terminal, and how it ends."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EISDIR
from math import inf
from pathlib import Path

from lemma_steps.errors import RefusedError, StoppedError


def quiet_libraries() -> None:
    """Keep the log lines and warnings of the libraries below us out of the user's way; errors still show."""
    os.environ.setdefault("DISTILABEL_LOG_LEVEL", "ERROR")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    warnings.filterwarnings("ignore", module=r"pydantic\..*|distilabel\..*")
    warnings.filterwarnings("ignore", category=SyntaxWarning, module=r"torchao\..*")
    for name in ("distilabel", "httpx", "openai", "datasets", "huggingface_hub", "bitsandbytes", "torch.utils._pytree"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a second Ctrl-C leaves tasks behind, as it should


def many(count: int, word: str) -> str:
    """`1 row`, `1,200 rows`."""
    return f"{count:,} {word}{'s' * (count != 1)}"


def refuse_unwritable(file: Path | None, option: str) -> None:
    """Make sure, before work begins, that the file which an option names can be written at its end.

    Raises:
        RefusedError: it cannot.
    """
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
    except OSError as error:
        raise RefusedError(f"{option} {file}: {error.strerror}; give another file") from None


def refuse_no_amount(budget_usd: float | None) -> None:
    """Make sure that a budget, where there is one, is an amount of dollars.

    Raises:
        RefusedError: it is not.
    """
    if budget_usd is not None and not 0 < budget_usd < inf:
        raise RefusedError(f"--budget-usd {budget_usd}: give an amount above 0")


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn the errors that a user can act on into one line and the exit code that design.md gives them.

    A request to end (SIGTERM: a scheduler, a container) is treated as Ctrl-C is, until the work has ended.
    """
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if threading.current_thread() is threading.main_thread():
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # what `&` in a script leaves: SIGTERM would do nothing
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    except RefusedError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except StoppedError as error:
        print(f"stopped: {error}", file=sys.stderr)
        raise SystemExit(3) from None
    except Exception:
        # distilabel installs a traceback that prints local variables, keys among them
        sys.excepthook = sys.__excepthook__
        raise
    except KeyboardInterrupt:
        print("stopped: interrupted; run the same command again to resume", file=sys.stderr)
        raise SystemExit(3) from None
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in former.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
