"""Fixtures shared by all tests."""

from __future__ import annotations

import os
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
