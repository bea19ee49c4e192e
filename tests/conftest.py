"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tests start many processes; with this set each of them would compile every module anew, three seconds at a time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session")
def lemma_data() -> Path:
    """The folder of public sets that `LEMMA_DATA` names; tests that need it skip where it is absent."""
    folder = os.environ.get("LEMMA_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("LEMMA_DATA names no folder of public sets")
    return Path(folder)


@pytest.fixture(scope="session", autouse=True)
def no_measurements_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Reports quote what was measured; what the user of this machine measured is not for tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEMMA_MEASURED", str(tmp_path_factory.mktemp("measured")))
        yield


@pytest.fixture(autouse=True)
def one_figure_is_enough(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All figures of a run take half a second to draw; tests/output draws them, for the others the funnel will do."""
    drawn = sys.modules.get("lemma_steps.output.figures.drawn")
    if drawn is not None and "output" not in request.path.parts:
        monkeypatch.setattr(drawn, "_KINDS", {"funnel": drawn._KINDS["funnel"]})
