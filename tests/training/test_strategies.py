"""The dataset types under Axolotl's own code: what they make of a set, and that a spoilt one ends the run with one line."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("axolotl", reason="needs the train extra")

from axolotl.prompt_strategies import load
from axolotl.utils.data.wrappers import get_dataset_wrapper
from axolotl.utils.dict import DictDefault
from datasets import Dataset, load_dataset

from lemma_steps.training.dataset import open_dataset
from lemma_steps.training.encoding import Encoder
from lemma_steps.training.examples import COLUMNS
from tests.evaluation.tokenizer_families import tokenizer_of

TOKENIZER = "trained-llama3"


def prepared(rows, kind="response", tokenizer=TOKENIZER, **cfg):
    """The set as Axolotl's own wrapper gives it."""
    entry = DictDefault({"path": "rows", "type": f"lemma_steps.training.{kind}"})
    cfg = DictDefault({"sequence_len": 4096, "datasets": [entry], "dataset_num_proc": 2} | cfg)
    tokenizer = tokenizer_of(tokenizer) if isinstance(tokenizer, str) else tokenizer
    wrapped, _ = get_dataset_wrapper(entry, tokenizer, cfg, entry["type"], rows)
    return wrapped


@pytest.fixture(scope="module")
def kept(kept_rows):
    return load_dataset("parquet", data_files=str(kept_rows / "train.parquet"), split="train", cache_dir=str(kept_rows))


@pytest.mark.parametrize("kind", COLUMNS)
def test_axolotl_gets_what_the_encoder_gives_in_the_order_of_the_rows(kind, kept, kept_rows):
    expected = Encoder(tokenizer_of(TOKENIZER))(
        [*open_dataset(str(kept_rows), f"lemma_steps.training.{kind}").examples]
    )
    assert prepared(kept, kind).to_dict() == expected


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_single_row_is_encoded_as_in_its_set(kind, kept):
    entry = DictDefault({"path": "rows"})
    strategy = load(f"lemma_steps.training.{kind}", tokenizer_of(TOKENIZER), DictDefault({}), entry)
    assert strategy.tokenize_prompt(kept[3]) == prepared(kept, kind)[3]


def test_a_configuration_written_for_another_environment_fails_by_name():
    assert load("lemma_steps.training.misspelt", tokenizer_of(TOKENIZER), DictDefault({}), DictDefault({})) is None


def refused(capsys, *arguments, **options):
    with pytest.raises(SystemExit) as stopped:
        prepared(*arguments, **options)
    assert stopped.value.code == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line and "Encoding rows:" not in line]
    assert len(said) == 1
    return said[0]


def changed(kept, **columns):
    rows = kept.to_list()
    return Dataset.from_list([row | {name: change(row[name]) for name, change in columns.items()} for row in rows])


SPOILT = {
    "a column is missing": (lambda kept: kept.remove_columns("segments"), "response", "rows: no column segments among"),
    "no error columns": (
        lambda kept: kept.select_columns(COLUMNS["response"]),
        "masked_response",
        "no column error_begin",
    ),
    "no rows": (lambda kept: kept.select([]), "response", "rows: holds no rows"),
    "another prompt": (
        lambda kept: changed(kept, instruction=lambda text: text + " "),
        "response",
        "rows have another prompt than this version (first: row 1, id",
    ),
    "streamed": (lambda kept: kept.to_iterable_dataset(), "response", "leave streaming out"),
    "mixed": (
        lambda kept: Dataset.from_list([{"instruction": q, "output": "7"} for q in ("a", "Human: b\nAssistant:")]),
        "published",
        "not all wrapped alike",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_set_ends_the_run_with_one_line(name, kept, capsys):
    spoil, kind, words = SPOILT[name]
    line = refused(capsys, spoil(kept), kind)
    assert line.startswith("error: rows: ")
    assert words in line


def test_other_rows_than_were_counted_end_the_run(kept, capsys, tmp_path):
    """Whatever came between: a cache, a pattern in the path, a file that changed."""
    tokens = sum(map(len, prepared(kept)["input_ids"]))
    counted = {"rows": len(kept), "over_length": 0, "tokens": tokens}
    (tmp_path / "training.json").write_text(json.dumps({"data": counted}))
    assert len(prepared(kept, output_dir=str(tmp_path))) == len(kept)
    capsys.readouterr()
    assert "rows with" in refused(capsys, kept.select(range(len(kept) - 1)), output_dir=str(tmp_path))


def test_a_tokenizer_without_an_end_token(kept, capsys):
    from transformers import PreTrainedTokenizerFast

    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer_of(TOKENIZER).backend_tokenizer)
    assert "has no end token; name it under special_tokens" in refused(capsys, kept, tokenizer=bare)


def test_training_on_the_prompt_is_refused_not_ignored(kept, capsys):
    assert "never trains on the prompt" in refused(capsys, kept, train_on_inputs=True)


class TestLengths:
    """Rows over `sequence_len`: never cut, and never left out without a word."""

    @pytest.fixture
    def lengths(self, kept):
        return sorted(len(ids) for ids in prepared(kept)["input_ids"])

    @pytest.mark.parametrize("strategy", [None, "drop"])
    def test_they_are_counted_and_left_to_axolotl_to_drop(self, kept, lengths, strategy, caplog, monkeypatch):
        from lemma_steps.training import strategy as module

        said = []
        monkeypatch.setattr(module.LOG, "warning", said.append)
        limit = lengths[len(lengths) // 2]
        assert len(prepared(kept, sequence_len=limit, excess_length_strategy=strategy)) == len(kept)
        over = sum(length > limit for length in lengths)
        assert said == [
            f"rows: {over} of {len(kept)} rows have more than {limit} tokens (at most {lengths[-1]}) and are left out"
        ]

    @pytest.mark.parametrize("strategy", ["truncate", "raise"])
    def test_a_strategy_that_would_cut_them_is_refused_where_there_are_any(self, kept, lengths, strategy, capsys):
        line = refused(capsys, kept, sequence_len=lengths[-1] - 1, excess_length_strategy=strategy)
        assert "raise sequence_len, or leave them out with excess_length_strategy: drop" in line
        assert len(prepared(kept, sequence_len=lengths[-1], excess_length_strategy=strategy)) == len(kept)

    def test_a_set_of_which_nothing_is_left_is_refused(self, kept, capsys):
        assert "rows have more than 5 tokens" in refused(capsys, kept, sequence_len=5)
