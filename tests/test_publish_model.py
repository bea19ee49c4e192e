"""The card of a trained model and its publishing, against a small real server that speaks the Hub's API."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import typer.testing
import yaml
from huggingface_hub import ModelCard, hf_hub_download
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lemma_steps.prompts import inference_prompt
from recipes import publish_model
from tests.evaluation.recorded_run import every_set, scored, write_run
from tests.hub_server import TOKEN, HubServer

pytestmark = pytest.mark.filterwarnings("ignore:Use .content=:DeprecationWarning")  # of the library
STATE = {"max_steps": 3, "global_step": 3, "log_history": [{"step": n, "loss": 4.0 / n} for n in (1, 2, 3)]}
RECORD = {
    "config": "axolotl_configs/llama3-8b/paper.yaml",
    "base_model": "meta-llama/Meta-Llama-3-8B",
    "data": {
        "path": "gone.parquet",
        "id": "ab" * 32,
        "rows": 899,
        "over_length": 7,
        "trained_tokens": 1234,
        "tokens": 4321,
    },
    **{"epochs": 3.0, "gpus": 8, "micro_batch": 4, "accumulation": 8, "global_batch": 256, "steps": 3},
    **{
        "learning_rate": 1e-5,
        "parameters": 8030261248,
        "memory_gb": 71.5,
        "commit": "c0ffee",
        "command": "python train",
    },
    **{"hardware": "8 x NVIDIA A100", "finished": {"seconds": 18000.0, "mean_loss": 2.0}},
    "precision": {"weights": "fp32", "gradients": "bf16", "optimiser": "fp32"},
}
CONFIG = {
    "base_model": "meta-llama/Meta-Llama-3-8B",
    "datasets": [{"path": "out/train.parquet", "type": "lemma_steps.training.response"}],
    **{"learning_rate": 1e-5, "lr_scheduler": "cosine", "sample_packing": False, "logging_steps": 1},
}
HOSTILE = "| x\n---\nlicense: mit\n# Free <script>alert(1)</script> ``` [a](http://b) `"


def tensors(shapes: dict[str, list[int]], dtype: str = "BF16") -> bytes:
    """A safetensors file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        size = 2
        for side in shape:
            size *= side
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    written = json.dumps(header).encode()
    return struct.pack("<Q", len(written)) + written + bytes(end)


def write(folder: Path, files: dict[str, Any]) -> Path:
    """The files under the folder; a dictionary is written as JSON, or as YAML where the name says so."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = yaml.safe_dump(content) if name.endswith(".yaml") else json.dumps(content)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


MODEL = {
    "config.json": {"model_type": "llama"},
    "generation_config.json": {"eos_token_id": 2},
    "tokenizer.json": {},
    "tokenizer_config.json": {},
    "model.safetensors": tensors({"a": [3, 4], "b": [5]}),
}
RECORDS = {"training.json": RECORD, "axolotl.yaml": CONFIG}
LITTER = {
    **{"checkpoint-3/model.safetensors": "weights", "checkpoint-3/optimizer.pt": "states", "training_args.bin": "args"},
    **{
        "checkpoint-3/trainer_state.json": STATE,
        "prepared/data.arrow": "rows",
        "debug.log": "words",
        "README.md": "theirs",
    },
}
ADAPTER = {
    **{"adapter_config.json": {"peft_type": "LORA"}, "adapter_model.safetensors": tensors({"l": [2, 2]}, "BF16")},
    **{"tokenizer_config.json": {}, "config.json": {}},
}


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubServer() as server:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
        yield server
        server.shutdown()


@pytest.fixture
def trained(tmp_path):
    return write(tmp_path / "model", MODEL | RECORDS | LITTER)


def run(folder, *options, repo="me/llama") -> typer.testing.Result:
    app = typer.Typer()
    app.command()(publish_model.main)
    return typer.testing.CliRunner().invoke(app, [str(folder), "--repo", repo, *map(str, options)])


def card_of(folder, *options, **more) -> tuple[dict[str, Any], str]:
    """Front matter and text of the card that a dry run writes."""
    ended = run(folder, "--dry-run", *options, **more)
    assert ended.exit_code == 0, ended.output
    card = ModelCard((folder / "README.md").read_text("utf-8"))
    return card.data.to_dict(), card.text


def refused(folder, *options, **more) -> str:
    ended = run(folder, *options, **more)
    assert ended.exit_code == 2, ended.output
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_nothing_tells_of_the_machine(hub, tmp_path):
    home = "/home/alice/secret-project"
    record = RECORD | {"command": f"python recipes/train.py {home}/a.yaml --set x.y={home}/b --data={home}/set"}
    config = CONFIG | {"base_model": f"{home}/llama", "output_dir": f"{home}/out", "hub": "https://host/a/b"}
    folder = write(tmp_path / "model", MODEL | {"training.json": record, "axolotl.yaml": config})
    ended = run(folder)
    assert ended.exit_code == 0, ended.output
    [(_, files)] = hub.branches["me/llama", "main"][1:]
    assert not any(b"alice" in content for content in files.values())
    assert json.loads(files["training.json"])["command"] == "python recipes/train.py a.yaml --set x.y=b --data=set"
    assert yaml.safe_load(files["axolotl.yaml"])["hub"] == "https://host/a/b"


@pytest.mark.parametrize(
    ("record", "config"),
    [
        ({}, {"comet_api_key": "HIDDEN"}),
        ({}, {"integrations": [{"webhook_url": "HIDDEN"}]}),
        ({"command": "python recipes/train.py a.yaml --set swanlab_api_key=HIDDEN"}, {}),
        ({"command": "HF_TOKEN=HIDDEN python recipes/train.py a.yaml"}, {}),
        ({}, {"hub_token": "HIDDEN"}),
        ({}, {"any": "hf_HIDDENHIDDENHIDDEN"}),
        ({}, {"mlflow_tracking_uri": "https://me:HIDDEN@host"}),
    ],
)
def test_a_secret_is_not_published(hub, tmp_path, record, config):
    folder = write(tmp_path / "model", MODEL | {"training.json": RECORD | record, "axolotl.yaml": CONFIG | config})
    told = refused(folder)
    assert "holds a secret" in told
    assert "HIDDEN" not in told
    assert not hub.branches.get(("me/llama", "main"), [])[1:]


def test_a_tokenizers_tokens_are_no_secrets(trained):
    tokens = {"special_tokens": {"pad_token": "<|end|>"}, "base_model": "/home/bob/secret=v2/model"}
    write(trained, {"axolotl.yaml": CONFIG | tokens, "training.json": RECORD | {"command": "t --set a.pad_token=x"}})
    assert card_of(trained)


def test_one_commit_holds_what_a_model_needs_and_nothing_else(hub, trained):
    ended = run(trained)
    assert ended.exit_code == 0, ended.output
    [(made, files)] = hub.branches["me/llama", "main"][1:]
    assert ended.stdout.splitlines()[-1] == f"published: {hub.url}/me/llama/commit/{made}"
    assert set(files) == {*MODEL, *RECORDS, "README.md"}
    assert all(files[name] == (trained / name).read_bytes() for name in {*MODEL, "README.md"})
    assert (json.loads(files["training.json"]), yaml.safe_load(files["axolotl.yaml"])) == (RECORD, CONFIG)
    assert files["README.md"].startswith(b"---\n")
    assert hub.private == {"me/llama": True}
    assert hashlib.sha256(MODEL["model.safetensors"]).hexdigest() in hub.stored  # by LFS


def test_publishing_again_makes_no_second_commit(hub, trained):
    assert run(trained).exit_code == run(trained).exit_code == 0
    assert len(hub.branches["me/llama", "main"]) == 2


def test_what_is_published_is_read_back(hub, trained, tmp_path, monkeypatch):
    run(trained, "--public")
    monkeypatch.undo()
    where = {"endpoint": hub.url, "token": TOKEN, "cache_dir": tmp_path / "cache"}
    read = {
        name: Path(hf_hub_download("me/llama", name, **where)).read_bytes()
        for name in ("README.md", "model.safetensors")
    }
    assert read == {name: (trained / name).read_bytes() for name in read}


@pytest.mark.parametrize(
    "faults", [{"/commit/": [503, "drop"]}, {"/repos/create": [502]}, {"/commit/": ["drop after"]}], ids=str
)
def test_faults_that_pass_cost_time_and_nothing_else(hub, trained, faults):
    hub.faults = faults
    assert run(trained).exit_code == 0
    assert len(hub.branches["me/llama", "main"]) == 2


def test_the_hub_is_asked_before_the_scores_are_read(hub, trained, monkeypatch):
    run(trained, "--public")
    assert "exists and is public" in refused(trained)
    assert "no write access" in refused(trained, repo="other/llama")
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("lemma_steps.publish.target.get_token", lambda: None)
    assert "no token for the Hub; set HF_TOKEN" in refused(trained)


def test_a_dry_run_asks_nobody(hub, trained):
    card_of(trained)
    assert hub.seen == []


def test_the_card_says_what_is_recorded(trained):
    data, text = card_of(trained, "--data-repo", "me/data")
    assert data == {
        **{"base_model": "meta-llama/Meta-Llama-3-8B", "base_model_relation": "finetune", "license": "llama3"},
        **{
            "datasets": ["me/data"],
            "language": "en",
            "library_name": "transformers",
            "pipeline_tag": "text-generation",
        },
        "tags": ["math", "reasoning", "self-correction", "lemma", "axolotl"],
    }
    for told in (
        f"id {'ab' * 32} |",
        "| 899 / 7 |",
        "| 1,234 / 4,321 |",
        "the whole response, the wrong step included",
        "| 3 / 3 |",
        "| 256 = 4 at a time x 8 accumulated x 8 GPUs |",
        "| fp32 / bf16 / fp32 |",
        "| 8 x NVIDIA A100 / 5 |",
        "| 4 (step 1) / 1.33333 (step 3) |",
        r"| 17 (BF16 17) |",
        "| c0ffee |",
        "| learning rate | 1e-05 |",
        "| packing | off |",
        "python train\npython recipes/publish_model.py",
        "Built with Meta Llama 3",
        "## Scores\n\nNot measured.",
        "Whether it corrects itself was not measured",
    ):
        assert told in text, told
    assert "| method of the rows | not recorded |" in text  # the data are not here


def test_the_prompt_is_the_one_of_training_and_evaluation(trained):
    _, text = card_of(trained)
    assert f"```text\n{inference_prompt('QUESTION')}\n```" in text
    code = re.search(r"^prompt = (.*)$", text, re.MULTILINE)[1]
    assert eval(code) == inference_prompt("What is 6 times 7?")
    compile(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], "card", "exec")


def test_without_records_the_card_says_so(tmp_path):
    data, text = card_of(write(tmp_path / "bare", MODEL), "--base-model", "Qwen/Qwen2-Math-7B")
    assert (data["base_model"], data["license"]) == ("Qwen/Qwen2-Math-7B", "apache-2.0")
    assert "datasets" not in data
    assert text.count("not recorded") > 15
    assert "How it was trained was not recorded" in text


@pytest.mark.parametrize(
    ("base", "options", "hub_id", "licence"),
    [
        ("out/models/SmolLM2-135M-Instruct", [], "HuggingFaceTB/SmolLM2-135M-Instruct", "apache-2.0"),
        ("/data/my-model", [], None, None),
        ("org/other", [], "org/other", None),
        ("org/other", ["--licence", "mit"], "org/other", "mit"),
    ],
)
def test_the_base_model_is_named_as_the_hub_knows_it(trained, base, options, hub_id, licence):
    write(trained, {"training.json": RECORD | {"base_model": base}})
    data, text = card_of(trained, *options)
    assert (data.get("base_model"), data.get("license")) == (hub_id, licence)
    assert ("licence is not known here" in text) == (licence is None)


def test_the_method_comes_from_the_very_data(trained, tmp_path):
    rows = "".join(json.dumps({"method": method}) + "\n" for method in ("sft", "lemma", "sft"))
    write(tmp_path, {"data.jsonl": rows})
    found = {"path": str(tmp_path / "data.jsonl"), "id": hashlib.sha256(rows.encode()).hexdigest()}
    write(trained, {"training.json": RECORD | {"data": found}})
    assert "| method of the rows | lemma, sft |" in card_of(trained)[1]
    write(tmp_path, {"data.jsonl": rows + rows})
    assert "| method of the rows | not recorded |" in card_of(trained)[1]


def test_a_set_of_the_hub_is_named(trained):
    write(trained, {"training.json": RECORD | {"data": {"path": "panzs19/LEMMA", "id": "panzs19/LEMMA@5f00"}}})
    data, text = card_of(trained)
    assert data["datasets"] == ["panzs19/LEMMA"]
    assert "id panzs19/LEMMA@5f00" in text


def test_scores_come_with_intervals_sizes_and_the_papers_rows(trained, tmp_path):
    runs = tmp_path / "runs"
    tasks = every_set() | {"lemma_svamp_0shot": scored(9, 10)}
    write_run(
        runs, tasks, config={"model": "hf", "model_args": {"pretrained": str(trained)}}, originals={"lemma_gsm8k": 1319}
    )
    data, text = card_of(trained, "--results", runs)
    [gsm8k] = [one for one in data["model-index"][0]["results"] if one["dataset"]["type"] == "openai/gsm8k"]
    assert gsm8k["dataset"]["name"] == "GSM8K (10 of 1,319 rows)"
    assert gsm8k["dataset"]["args"] == {"num_few_shot": 0, "rows": 10}
    [metric] = gsm8k["metrics"]
    assert (metric["type"], metric["name"], metric["value"]) == ("accuracy", "math_verify", 60.0)
    assert 0 < metric["args"]["low"] < 60 < metric["args"]["high"] < 100
    assert len(data["model-index"][0]["results"]) == 8
    assert "| me/llama" in text
    assert "GSM8K 10 of 1,319" in text
    assert "| LEMMA | 79.2 |" in text  # of the paper, for this base model only
    assert "DeepSeekMath" not in text
    assert "### Self-correction" in text
    assert "was not measured" not in text
    assert f"--model hf --model_args pretrained={trained.name}" in text


def test_a_score_without_logged_samples_leaves_self_correction_unmeasured(trained, tmp_path):
    config = {"model": "hf", "model_args": f"pretrained={trained},dtype=bfloat16"}
    write_run(tmp_path / "runs", {"lemma_gsm8k": scored(1, 3)}, log_samples=False, config=config)
    _, text = card_of(trained, "--results", tmp_path / "runs")
    assert "Whether it corrects itself was not measured" in text
    assert "Samples not logged" in text


def test_runs_of_another_model_are_refused(trained, tmp_path):
    for n, (arguments, said) in enumerate(
        [
            ({"pretrained": str(tmp_path)}, f"made with {tmp_path}, not with"),
            ({"pretrained": "meta-llama/Meta-Llama-3-8B"}, "made with meta-llama/Meta-Llama-3-8B"),
            ({}, "does not say which model was asked"),
        ]
    ):
        runs = tmp_path / f"runs{n}"
        write_run(runs, {"lemma_gsm8k": scored(1, 3)}, config={"model": "hf", "model_args": arguments})
        assert said in refused(trained, "--dry-run", "--results", runs)


def test_a_run_that_cannot_be_told_is_shown_with_a_remark(trained, tmp_path):
    config = {"model": "local-completions", "model_args": {"model": HOSTILE, "base_url": "http://host/v1"}}
    write_run(tmp_path / "runs", {"lemma_gsm8k": scored(1, 3)}, config=config)
    assert "is not proven by it" in card_of(trained, "--results", tmp_path / "runs")[1]


def test_hostile_text_adds_neither_markup_nor_front_matter(trained, tmp_path):
    record = {name: HOSTILE if isinstance(value, str) else value for name, value in RECORD.items()}
    hostile = {"data": {"id": HOSTILE, "rows": HOSTILE}, "precision": dict.fromkeys(RECORD["precision"], HOSTILE)}
    config = CONFIG | {"lr_scheduler": HOSTILE, "datasets": [{"type": HOSTILE}]}
    write(trained, {"training.json": record | hostile, "axolotl.yaml": config})
    runs = tmp_path / "runs"
    told = {"model": HOSTILE, "model_args": {"model": HOSTILE + "x"}}
    write_run(runs, {"lemma_gsm8k": scored(1, 3)}, config=told, lm_eval_version=HOSTILE)
    data, text = card_of(trained, "--results", runs)
    assert "license" not in data
    # a fence is as long as need be; outside of them nothing of the text is markup
    for fence in re.findall(r"^(`{3,})(?=text|python|bibtex)", text, re.MULTILINE):
        before, _, rest = text.partition(f"\n{fence}")
        text = before + rest.partition(f"\n{fence}\n")[2]
    plain = re.sub(r"\\[\\`*_{}\[\]<>#|~!$&@^:]", "", text)
    assert "<script" not in plain
    assert "](http://b" not in plain
    assert "\n# Free" not in plain
    assert "\nlicense: mit" not in plain
    for is_table, lines in groupby(plain.splitlines(), key=lambda line: line.startswith("|")):
        assert not is_table or len({line.count("|") for line in lines}) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "rows", "type", "seconds"]), inner)
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from([*RECORD]), JSON).map(lambda record: record | {"finished": True}),
    st.dictionaries(st.sampled_from([*CONFIG, "seed", "optimizer"]), JSON),
)
def test_no_record_breaks_the_card(trained, record, config):
    write(trained, {"training.json": record, "axolotl.yaml": config})
    ended = run(trained, "--dry-run")
    assert ended.exit_code == 0, (ended.output, ended.exception)


def test_a_lora_training_is_published_merged_or_as_the_adapter_that_it_is(hub, tmp_path):
    folder = write(tmp_path / "lora", ADAPTER | RECORDS)
    assert "axolotl merge-lora" in refused(folder)
    data, text = card_of(folder, "--adapter")
    assert (data["library_name"], data["base_model_relation"]) == ("peft", "adapter")
    assert "A LoRA adapter for meta-llama/Meta-Llama-3-8B that" in text
    assert run(folder, "--adapter").exit_code == 0
    assert {*hub.at("me/llama")[1]} == {*ADAPTER, *RECORDS, "README.md"} - {"config.json"}
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    compile(code, "card", "exec")
    assert 'PeftModel.from_pretrained(model, "me/llama")' in code

    write(folder / "merged", MODEL)
    data, text = card_of(folder)
    assert (data["library_name"], data["base_model_relation"]) == ("transformers", "finetune")
    assert "axolotl merge-lora" in text
    assert run(folder, repo="me/merged").exit_code == 0
    assert {*hub.at("me/merged")[1]} == {*MODEL, *RECORDS, "README.md"}
    assert run(folder / "merged", repo="me/again").exit_code == 0
    assert {*hub.at("me/again")[1]} == {*MODEL, *RECORDS, "README.md"}


def test_shards_are_those_of_the_index(hub, trained):
    (trained / "model.safetensors").unlink()
    shards = {f"model-0000{n}-of-00002.safetensors": tensors({f"t{n}": [n]}) for n in (1, 2)}
    index = {"weight_map": {f"t{n}": shard for n, shard in enumerate(shards, 1)}}
    write(trained, {**shards, "model.safetensors.index.json": index, "model-00003-of-00003.safetensors": "of another"})
    assert run(trained).exit_code == 0
    files = hub.at("me/llama")[1]
    assert {name for name in files if name.startswith("model")} == {*shards, "model.safetensors.index.json"}
    (trained / "model-00002-of-00002.safetensors").unlink()
    assert "no model-00002-of-00002.safetensors" in refused(trained)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"config.json": None}, "no model there"),
        ({"model.safetensors": None}, "no model.safetensors; the training did not end"),
        ({"model.safetensors": MODEL["model.safetensors"][:-1]}, "damaged or cut off"),
        ({"model.safetensors": MODEL["model.safetensors"] + b"x"}, "damaged or cut off"),
        ({"model.safetensors": b""}, "damaged or cut off"),
        ({"model.safetensors": struct.pack("<Q", 2**60) + b"{}"}, "damaged or cut off"),
        ({"model.safetensors": tensors({})}, "damaged or cut off"),
        ({"model.safetensors.index.json": {}}, "names no shard"),
        ({"model.safetensors.index.json": "[1"}, "damaged"),
        ({"tokenizer_config.json": None}, "no tokenizer_config.json"),
        ({"training.json": "{"}, "training.json: damaged"),
        ({"axolotl.yaml": "a: [b"}, "axolotl.yaml: damaged"),
        ({"axolotl.yaml": "[]"}, "axolotl.yaml: damaged"),
        (
            {"training.json": RECORD | {"finished": None}},
            "the training was interrupted at step 3; run the same command",
        ),
        ({"training.json": None}, "the training was interrupted at step 3"),
    ],
)
def test_what_is_no_finished_model_is_refused_and_nobody_asked(hub, trained, damage, said):
    for name, content in damage.items():
        if content is None:
            (trained / name).unlink()
        else:
            write(trained, {name: content})
    before = (trained / "README.md").read_text()
    assert said in refused(trained)
    assert not hub.branches
    assert (trained / "README.md").read_text() == before


def test_a_loss_that_is_no_number_is_refused(trained, monkeypatch):
    monkeypatch.setattr("lemma_steps.publish.training_facts.losses", lambda folder: [(1, 4.0), (3, float("nan"))])
    assert "the last loss is nan" in refused(trained, "--dry-run")


def test_without_a_record_the_trainers_last_words_count(trained):
    (trained / "training.json").unlink()
    lines = "".join(f" 50%|x| {n}/9 [00:01<00:01]{{'loss': '4.0', 'epoch': 1}}\n" for n in (1, 2, 3))
    write(trained, {"debug.log": lines})
    assert "was interrupted at step 3" in refused(trained, "--dry-run")
    write(trained, {"debug.log": lines + "{'train_runtime': '1.5', 'train_loss': '4.0'}\n"})
    assert "| 4 (step 1) / 1.33333 (step 3) |" in card_of(trained)[1]


@pytest.mark.parametrize("options", [["--data-repo", "a b"], ["--base-model", "../x/y"]])
def test_names_that_no_repository_can_have_are_refused(trained, options):
    refused(trained, "--dry-run", *options)
    refused(trained, "--dry-run", repo='me/"x"')


def test_an_adapter_is_asked_of_a_full_model(trained):
    assert "no adapter_config.json" in refused(trained, "--adapter")
