"""The prompt of evaluation is that of training, token for token, and that of the published code, character for character."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytest.importorskip("lm_eval", reason="lm-eval is not installed (uv sync --extra eval)")

import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lm_eval import simple_evaluate
from lm_eval.models import api_models
from lm_eval.models.huggingface import HFLM
from lm_eval.models.openai_completions import LocalCompletionsAPI
from lm_eval.tasks import TaskManager
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from lemma_steps.evaluation.benchmarks.benchmark import Loaded
from lemma_steps.evaluation.tasks import task as task_module
from lemma_steps.evaluation.tasks.demonstrations import demonstrations
from lemma_steps.prompts import inference_prompt
from lemma_steps.training.encoding import IGNORED, Encoder
from lemma_steps.training.examples import Example
from lemma_steps.trajectory import as_output
from tests.evaluation.tokenizer_families import FAMILIES, TOKENIZERS, bundled_texts, makers_encoder, tokenizer_of

ROOT = Path(__file__).parents[2]
STAND_INS = ROOT / "tests" / "fixtures" / "benchmarks"
TEMPLATE = "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}[assistant]"


class Row(NamedTuple):
    """What a row trains on."""

    question: str
    output: str


@pytest.fixture(scope="session")
def rows(tmp_path_factory) -> list[Row]:
    """Kept rows of a run over bundled problems: trajectories as the recipe writes them."""
    out = tmp_path_factory.mktemp("run") / "out"
    command = [sys.executable, str(ROOT / "recipes" / "lemma.py"), "--limit", "3", "--output", str(out)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, timeout=300)
    kept = [json.loads(line) for line in (out / "train.jsonl").read_text("utf-8").splitlines()]
    assert len(kept) >= 3
    for row in kept:
        assert "".join(part["text"] for part in row["segments"]) == inference_prompt(row["instruction"]) + row["output"]
    return [Row(row["instruction"], row["output"]) for row in kept]


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request) -> PreTrainedTokenizerFast:
    return tokenizer_of(request.param)


def training_ids(tokenizer: PreTrainedTokenizerFast, prompt: str, output: str) -> tuple[list[int], int]:
    """The ids of a training text, tokenised in one go, and the first of them that lies in the output."""
    encoded = tokenizer(prompt + output, return_offsets_mapping=True)
    begin = next(i for i, (_, end) in enumerate(encoded["offset_mapping"]) if end > len(prompt))
    return [*encoded["input_ids"], tokenizer.eos_token_id], begin


class Recorder(HFLM):
    """lm-eval's `hf` model up to where the weights would be asked: it notes what they would be fed."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        size = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
        config = LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=16384, **size)
        super().__init__(pretrained=LlamaForCausalLM(config), tokenizer=tokenizer, batch_size=3, device="cpu")
        self.fed: list[list[int]] = []

    def _model_generate(self, context, max_length, stop, attention_mask, **_: Any):
        self.fed += [ids[mask.bool()].tolist() for ids, mask in zip(context, attention_mask, strict=True)]
        return torch.cat([context, torch.full((len(context), 1), self.tokenizer.eos_token_id)], dim=1)


def evaluate(model, rows: Sequence[Row], monkeypatch, task="lemma_gsm8k", **options) -> None:
    """Ask `model` about the questions of `rows`, by lm-eval's own code and our task."""
    gsm8k = [{"question": row.question, "answer": "#### 1"} for row in rows]
    svamp = [{"Body": "Count.", "Question": row.question, "Answer": 1.0} for row in rows]
    asked = [{"_row": n} | one | other for n, (one, other) in enumerate(zip(gsm8k, svamp, strict=True))]
    monkeypatch.setattr(task_module, "load", lambda _: Loaded(asked, len(asked)))
    manager = TaskManager(include_path=str(ROOT / "eval_tasks"), include_defaults=False)
    options = {"bootstrap_iters": 0, "log_samples": False} | options
    simple_evaluate(model=model, tasks=[task], task_manager=manager, **options)


def sent(monkeypatch, tmp_path, tokenizer, rows, task="lemma_gsm8k", **arguments) -> list[Any]:
    """The prompts that lm-eval's `local-completions` sends for the questions of `rows`."""
    tokenizer.save_pretrained(tmp_path)
    prompts: list[Any] = []

    class Response:
        ok = True
        raise_for_status = staticmethod(lambda: None)
        json = staticmethod(lambda: {"choices": [{"index": 0, "text": " The answer is: 1"}]})

    def post(*_: Any, json: dict[str, Any], **__: Any) -> Response:
        prompts.append(json["prompt"])
        return Response()

    monkeypatch.setattr(api_models.requests, "post", post)
    given = {"model": "m", "base_url": "http://nowhere/v1/completions", "tokenizer_backend": "huggingface"} | arguments
    evaluate(LocalCompletionsAPI(tokenizer=str(tmp_path), **given), rows, monkeypatch, task)
    return prompts


def fits(fed: Sequence[Sequence[int]], tokenizer, rows: Sequence[Row]) -> bool:
    """Whether what was fed are exactly the ids that training has before each row's output."""
    expected = []
    for row in rows:
        ids, begin = training_ids(tokenizer, inference_prompt(row.question), row.output)
        expected.append(ids[:begin])
    return sorted(fed) == sorted(expected)


def test_evaluation_feeds_what_training_has_before_the_output(tokenizer, rows, monkeypatch):
    model = Recorder(tokenizer)
    evaluate(model, rows, monkeypatch)
    assert fits(model.fed, tokenizer, rows)


def test_evaluation_feeds_what_the_training_code_begins_with(tokenizer, rows, monkeypatch):
    end = tokenizer.eos_token
    hostile = [
        f"What does {end} mean?",
        end,
        "",
        "e\u0301 \U0001d4cd \r\n\t ?",
        "### Response: Let's think step by step.",
    ]
    rows = [*rows, *(Row(question, f" It is {question}{end}") for question in hostile)]
    model = Recorder(tokenizer)
    evaluate(model, rows, monkeypatch)
    encoded = Encoder(tokenizer)([Example(inference_prompt(row.question), row.output) for row in rows])
    columns = zip(encoded["input_ids"], encoded["labels"], strict=True)
    assert sorted(model.fed) == sorted(ids[: labels.count(IGNORED)] for ids, labels in columns)
    assert all(labels.count(tokenizer.eos_token_id) == 1 for labels in encoded["labels"])


@pytest.mark.parametrize("name", FAMILIES)
def test_a_server_is_sent_the_same_ids_when_told_to_put_the_first_token_there(name, rows, monkeypatch, tmp_path):
    tokenizer = tokenizer_of(f"trained-{name}")
    bare = [ids for (ids,) in sent(monkeypatch, tmp_path, tokenizer, rows)]
    told = [ids for (ids,) in sent(monkeypatch, tmp_path, tokenizer, rows, add_bos_token=True)]
    assert fits(told, tokenizer, rows)
    assert fits(bare, tokenizer, rows) is (
        FAMILIES[name].bos is None
    )  # lm-eval's default leaves it out: see the README


def test_a_server_that_tokenises_itself_is_sent_the_prompt(rows, monkeypatch, tmp_path):
    tokenizer = tokenizer_of("trained-llama3")
    prompts = sent(monkeypatch, tmp_path, tokenizer, rows, tokenized_requests=False)
    assert sorted(prompts) == sorted(inference_prompt(row.question) for row in rows)


def test_the_first_token_is_there_once_and_nowhere_else(tokenizer, rows, monkeypatch):
    model = Recorder(tokenizer)
    evaluate(model, rows, monkeypatch)
    begin = tokenizer.bos_token_id
    assert all(begin is None or (ids[0] == begin and begin not in ids[1:]) for ids in model.fed)
    assert all(tokenizer.eos_token_id not in ids for ids in model.fed)


_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40).filter(lambda text: text.strip())


@settings(max_examples=150, deadline=None)
@given(family=st.sampled_from(list(FAMILIES)), text=_TEXTS)
def test_no_output_reaches_over_the_border(family, text):
    tokenizer = tokenizer_of(f"trained-{family}")
    prompt = inference_prompt("How many?")
    ids, begin = training_ids(tokenizer, prompt, as_output(text))
    assert ids[:begin] == tokenizer(prompt)["input_ids"]


@pytest.mark.parametrize("kind", ["trained", "published"])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_newline_would_reach_over_the_border(name, kind):
    tokenizer, prompt = tokenizer_of(f"{kind}-{name}"), inference_prompt("How many?")
    ids, begin = training_ids(tokenizer, prompt, "\nThere are 3.")
    assert (ids[:begin] != tokenizer(prompt)["input_ids"]) is FAMILIES[name].newline_merges


@pytest.mark.parametrize("name", FAMILIES)
def test_a_space_at_the_end_of_the_prompt_would_not_be_the_outputs(name):
    tokenizer, prompt = tokenizer_of(f"trained-{name}"), inference_prompt("How many?")
    ids, _ = training_ids(tokenizer, prompt, " There are 3.")
    asked = tokenizer(f"{prompt} ")["input_ids"]
    assert ids[: len(asked)] != asked


def test_prompt_and_output_tokenised_apart_differ_where_a_family_puts_a_space_before_every_text():
    prompt, output = inference_prompt("How many?"), " There are 3."
    for name in FAMILIES:
        tokenizer = tokenizer_of(f"trained-{name}")
        apart = tokenizer(prompt)["input_ids"] + tokenizer(output, add_special_tokens=False)["input_ids"]
        assert (apart == tokenizer(prompt + output)["input_ids"]) is (name != "mistral")


def few_shot(tokenizer: PreTrainedTokenizerFast, row: Row) -> list[int]:
    """The ids before the output of a training text that begins with the demonstrations."""
    solved = [inference_prompt(shot["question"]) + as_output(shot["answer"]) for shot in demonstrations()]
    prompt = "\n\n".join([*solved, inference_prompt(f"Count. {row.question}")])
    ids, begin = training_ids(tokenizer, prompt, row.output)
    return ids[:begin]


def test_few_shots_are_training_texts_before_the_same_prompt(tokenizer, rows, monkeypatch):
    model = Recorder(tokenizer)
    evaluate(model, rows, monkeypatch, "lemma_svamp")
    assert sorted(model.fed) == sorted(few_shot(tokenizer, row) for row in rows)


def test_a_server_is_sent_few_shots_whole_only_when_told_how_much_it_takes(rows, monkeypatch, tmp_path):
    tokenizer = tokenizer_of("trained-llama3")
    whole = sorted(few_shot(tokenizer, row) for row in rows)
    told = sent(monkeypatch, tmp_path, tokenizer, rows, "lemma_svamp", add_bos_token=True, max_length=4096)
    assert sorted(ids for (ids,) in told) == whole
    cut = sent(monkeypatch, tmp_path, tokenizer, rows, "lemma_svamp", add_bos_token=True)
    assert {len(ids) for (ids,) in cut} == {2048 - 1 - 1024}  # lm-eval's default, and not a word of it: see the README


@pytest.mark.parametrize("name", FAMILIES)
def test_a_chat_template_wraps_the_whole_prompt_and_is_no_longer_what_training_has(name, rows, monkeypatch):
    tokenizer = tokenizer_of(f"trained-{name}")
    monkeypatch.setattr(tokenizer, "chat_template", TEMPLATE)
    model = Recorder(tokenizer)
    evaluate(model, rows, monkeypatch, apply_chat_template=True)
    texts = [f"{tokenizer.bos_token or ''}[user]{inference_prompt(row.question)}[assistant]" for row in rows]
    assert sorted(model.fed) == sorted(tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts)
    assert not fits(model.fed, tokenizer, rows)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_published_vocabularies_are_read_as_their_makers_read_them(name):
    tokenizer, encode = tokenizer_of(f"published-{name}"), makers_encoder(FAMILIES[name])
    texts = [*bundled_texts(), inference_prompt("How many?")]
    assert [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts] == [
        encode(text) for text in texts
    ]


def test_no_kept_row_holds_what_ends_a_reply_in_evaluation(rows):
    shared = yaml.safe_load((ROOT / "eval_tasks" / "_lemma.yaml").read_text("utf-8"))
    stops = shared["generation_kwargs"]["until"]
    assert "\n\n#" in stops
    assert not [row for row in rows for stop in stops if stop in row.output]
