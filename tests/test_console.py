"""How a command ends."""

from __future__ import annotations

import signal

import pytest

from lemma_steps.console import exit_codes
from lemma_steps.errors import RefusedError, StoppedError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RefusedError("no"), 2, "error: no\n"),
        (StoppedError("later"), 3, "stopped: later\n"),
        (KeyboardInterrupt(), 3, "stopped: interrupted; run the same command again to resume\n"),
        (None, None, ""),
    ],
)
def test_work_ends_with_its_code_and_signals_mean_again_what_they_meant(capsys, error, code, said):
    """Processes forked later, such as those of a stock pipeline, would take SIGTERM for Ctrl-C and not end."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    ended = None
    try:
        with exit_codes():
            assert signal.getsignal(signal.SIGTERM) != before[1]
            if error:
                raise error
    except SystemExit as end:
        ended = end.code
    assert ended == code
    assert capsys.readouterr().err == said
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
