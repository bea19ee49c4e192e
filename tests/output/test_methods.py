"""Every method that a recipe writes has words of its own on card and page."""

from __future__ import annotations

from typing import get_args

import pytest

from lemma_steps.baseline_settings import Method
from lemma_steps.output.methods import about


@pytest.mark.parametrize("method", get_args(Method))
def test_a_baseline_says_how_it_was_made_and_what_it_is_not(method):
    found = about(method)
    assert found["made"]
    assert found["limits"]
    assert {found["title"], found["rows"]}.isdisjoint({about("lemma")["title"], about("lemma")["rows"], ""})


def test_a_method_without_words_is_called_by_its_name():
    assert about("other") | {"made": 0} == about("other") | {"made": 0, "title": "Solutions by other"}
    assert about("other")["made"] == []
