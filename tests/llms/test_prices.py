"""What a call costs, and what is refused as a price."""

from __future__ import annotations

from importlib.resources import files

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.llms.engine.prices import Prices
from lemma_steps.llms.engine.usage import Usage

MILLION = 1_000_000
counts = st.integers(min_value=0, max_value=10**9)


@pytest.fixture
def prices(tmp_path):
    """The prices of a file with this text, above the bundled ones."""

    def read(text):
        file = tmp_path / "prices.yaml"
        file.write_text(text, encoding="utf-8")
        return Prices.read(file)

    return read


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        (Usage(MILLION, 0, 0), 2.0),
        (Usage(MILLION, None, 0), 2.0),
        (Usage(MILLION, MILLION, 0), 0.5),
        (Usage(MILLION, MILLION // 4, 0), 1.625),
        (Usage(0, 0, MILLION), 8.0),
        (Usage(MILLION, 2 * MILLION, 0), 0.5),
        (Usage(0, 0, 0), 0.0),
        (Usage(None, None, 5), None),
        (Usage(5, None, None), None),
        (Usage(), None),
    ],
)
def test_dollars_of_a_call(prices, usage, usd):
    table = prices("- {model: m, input: 2, cached: 0.5, output: 8}")
    assert table.usd("m", usage) == (None if usd is None else pytest.approx(usd))
    assert table.usd("m", usage, batch=True) == (None if usd is None else pytest.approx(usd / 2))


@pytest.mark.parametrize(
    ("row", "fresh", "cached"),
    [
        ("input: 2, cached: 0.5, output: 8", 2, 0.5),
        ("input: 2, output: 8", 2, 2),
        ("input: 2, cached: 0, output: 8", 2, 0),
        ("input: 2, cached: 0.5, written: 2.5, output: 8", 2.5, 0.5),
        ("input: 2, cached: 0.5, written: 1, output: 8", 2, 0.5),
    ],
)
def test_prompts_read_from_the_cache_and_others(prices, row, fresh, cached):
    table = prices(f"- {{model: m, {row}}}")
    assert table.usd("m", Usage(MILLION, 0, 0)) == fresh
    assert table.usd("m", Usage(MILLION, MILLION, 0)) == cached


@pytest.mark.parametrize("name", ["gpt-4o-2024-08", "GPT-4o", "gpt-4o-", "gpt-4", "", "openai/gpt-4o"])
def test_only_the_exact_name_has_a_price(name):
    table = Prices.read(None)
    assert table.knows("gpt-4o")
    assert not table.knows(name)
    assert table.usd(name, Usage(MILLION, 0, MILLION)) is None


def test_zero_is_a_price_and_none_is_not(prices):
    table = prices("- {model: mine, input: 0, cached: 0, output: 0}")
    assert table.knows("mine")
    assert table.usd("mine", Usage(MILLION, 0, MILLION)) == table.usd("mine", Usage()) == 0.0
    assert table.usd("other", Usage(0, 0, 0)) is None


def test_rows_of_the_user_win_and_the_others_stay(prices):
    table = prices("- {model: gpt-4o, input: 7, cached: 7, output: 7}")
    assert table.usd("gpt-4o", Usage(MILLION, 0, 0)) == 7.0
    assert table.usd("gpt-4o-mini", Usage(MILLION, 0, 0)) == Prices.read().usd("gpt-4o-mini", Usage(MILLION, 0, 0))


def test_the_bundled_table_names_the_teacher_of_the_paper_and_the_offline_one():
    table = Prices.read()
    assert table.usd("gpt-4o-2024-08-06", Usage(MILLION, 0, MILLION)) == pytest.approx(12.50)
    assert table.usd("offline-teacher", Usage(MILLION, 0, MILLION)) == 0.0


def test_models_that_run_in_the_process_cost_nothing():
    table, registry = Prices.read(), files("lemma_steps.llms") / "embedded.yaml"
    for name in yaml.safe_load(registry.read_text(encoding="utf-8"))["models"]:
        assert table.usd(name, Usage(MILLION, 0, MILLION)) == 0.0


@given(tokens_in=counts, cached=st.none() | counts, out=counts, more=counts)
def test_more_tokens_never_cost_less_and_cached_ones_never_more(tokens_in, cached, out, more):
    table = Prices.read()
    for model in ("gpt-4o", "gpt-6-sol"):
        usd = table.usd(model, Usage(tokens_in, cached, out))
        assert usd >= 0
        assert table.usd(model, Usage(tokens_in + more, cached, out)) >= usd
        assert table.usd(model, Usage(tokens_in, cached, out + more)) >= usd
        assert usd <= table.usd(model, Usage(tokens_in, 0, out)) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no list of prices"),
        ("[]", "no list of prices"),
        ("gpt-4o: 3", "no list of prices"),
        ("- {model: m", "not YAML"),
        ("- a date: 2026-13-45", "not YAML"),
        ("- 5", "row 1: not a mapping"),
        ("- {input: 1, output: 1}", "row 1: no model's name"),
        ("- {model: 4, input: 1, output: 1}", "row 1: no model's name"),
        ("- {model: m, output: 1}", "row 1: no input"),
        ("- {model: m, input: 1}", "row 1: no output"),
        ("- {model: m, input: 1, output: }", "row 1: no output"),
        ("- {model: a, input: 1, output: 1}\n- {model: m, input: -1, output: 1}", "row 2: input is '-1'"),
        ("- {model: m, input: '$2.50', output: 1}", "row 1: input is '$2.50'"),
        ("- {model: m, input: .nan, output: 1}", "row 1: input is 'nan'"),
        ("- {model: m, input: 1, output: .inf}", "row 1: output is 'inf'"),
        ("- {model: m, input: true, output: 1}", "row 1: input is 'True'"),
        ("- {model: m, input: 1, cached: , output: 1}", "row 1: no cached"),
        ("- {model: m, input: 1, output: 1, cache: 1}", "row 1: 'cache' is no column"),
        ("- {model: m, input: 1, output: 1}\n- {model: m, input: 2, output: 2}", "row 2: m has a price in row 1"),
    ],
)
def test_what_is_no_price_is_refused_with_file_row_and_remedy(prices, text, said):
    with pytest.raises(RefusedError) as refused:
        prices(text)
    line = str(refused.value)
    assert said in line
    assert "prices.yaml" in line
    assert "\n" not in line
    assert "; " in line


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    for path in (tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(RefusedError, match="check --prices"):
            Prices.read(path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RefusedError, match="not UTF-8"):
        Prices.read(tmp_path / "binary.yaml")
