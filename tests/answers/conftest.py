"""One pool for all tests of the answer check: its processes start once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lemma_steps.answers import VerifyPool


@pytest.fixture(scope="session")
def pool() -> Iterator[VerifyPool]:
    with VerifyPool(workers=2) as shared:
        yield shared
