"""The study as users run it, over programs that misbehave: what is repeated, what is not, and what is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest

from tests.study.conftest import CONFIG

EVERYTHING = [
    "smoke_model models/smoke",
    "evaluate evaluations/base",
    "lemma sets/lemma",
    "baselines sets/sft",
    "baselines subsets/lemma-12-rows",
    "measure subsets/lemma-measured/lengths.json",
    "train models/lemma",
    "train models/lemma_masked",
    "baselines subsets/sft-12-rows",
    "train models/sft_rows",
    "measure subsets/sft_tokens-measured/lengths.json",
    "baselines subsets/sft-360-tokens",
    "train models/sft_tokens",
    "evaluate evaluations/lemma",
    "evaluate evaluations/lemma_masked",
    "evaluate evaluations/sft_rows",
    "evaluate evaluations/sft_tokens",
]


def wait_for(condition, seconds=60):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_every_stage_runs_once_in_its_environment_and_the_same_command_again_runs_none(fake_study):
    done = fake_study.run()
    assert done.returncode == 0, done.stderr
    assert fake_study.called() == EVERYTHING
    rooms = {"smoke_model": "train", "train": "train", "measure": "train", "evaluate": "eval", "lemma": "data"}
    for call, name in zip(fake_study.calls(), fake_study.called(), strict=True):
        program = name.split()[0]
        assert call[0] == rooms.get(program, "train" if "--tokens" in call else "data")
        assert call[-1] is False  # no VIRTUAL_ENV of ours
    result = json.loads((fake_study.output / "study.json").read_text())
    assert {one["arm"]: one["training"]["data"]["rows"] for one in result["arms"]} == {
        "lemma": 12,
        "lemma_masked": 12,
        "sft_rows": 12,
        "sft_tokens": 36,
    }
    again = fake_study.run()
    assert (again.returncode, fake_study.called()) == (0, [])
    assert again.stdout.count("unchanged") == len(EVERYTHING)


def test_gold_solutions_that_run_out_are_trained_on_more_often_and_the_table_says_so(fake_study):
    fake_study.study["rows"] = None  # 40 rows each: 1,200 tokens of LEMMA, 400 of gold solutions
    done = fake_study.run()
    assert done.returncode == 0, done.stderr
    [call] = [call for call in fake_study.calls() if "models/sft_tokens" in str(call) and "train" in call[1]]
    assert "num_epochs=6.0" in call
    assert not any("--tokens" in call for call in fake_study.calls())
    said = (fake_study.output / "study.md").read_text()
    assert "equal to lemma's 2,400 (+0.0 %). Its rows ran out, so that all 40 were trained on for 6 epochs" in said


@pytest.mark.parametrize(
    ("change", "repeated"),
    [
        (lambda s: s["evaluation"].update(limit=10), [one for one in EVERYTHING if one.startswith("evaluate")]),
        (
            lambda s: s["arms"]["lemma_masked"].update(overrides={"learning_rate": 0.001}),
            ["train models/lemma_masked", "evaluate evaluations/lemma_masked"],
        ),
        (
            lambda s: s["data"].update(seed=1),  # the gold solutions come out as they were
            [one for one in EVERYTHING if "lemma" in one or one.startswith("baselines")],
        ),
        (lambda s: s["comparisons"].pop(), []),
        (lambda s: s["arms"].pop("sft_rows") and s["comparisons"].pop(0), []),
    ],
    ids=["limit", "one arm", "data", "comparisons", "an arm less"],
)
def test_a_changed_study_repeats_what_depends_on_the_change(fake_study, change, repeated):
    assert fake_study.run().returncode == 0
    change(fake_study.study)
    done = fake_study.run()
    assert done.returncode == 0, done.stderr
    assert fake_study.called() == repeated


def test_a_changed_axolotl_configuration_trains_its_arms_again(fake_study):
    assert fake_study.run().returncode == 0
    (fake_study.folder / "axolotl" / "masked.yaml").write_text(CONFIG.replace("3", "4"))
    assert fake_study.run().returncode == 0
    assert fake_study.called() == ["train models/lemma_masked", "evaluate evaluations/lemma_masked"]


def test_changed_files_that_settings_name_are_noticed(fake_study):
    problems, base, deepspeed = (fake_study.folder / name for name in ("p.jsonl", "base", "zero2.json"))
    problems.write_text("{}")
    deepspeed.write_text("{}")
    base.mkdir()
    (base / "model.safetensors").write_text("weights")
    fake_study.study["data"]["problems"] = [str(problems)]
    fake_study.study["training"] |= {"smoke_weights": False, "base_model": str(base)}
    fake_study.study["arms"]["lemma_masked"]["overrides"] = {"deepspeed": str(deepspeed)}
    assert fake_study.run().returncode == 0
    deepspeed.write_text('{"bf16": {}}')
    assert fake_study.run().returncode == 0
    assert [one for one in fake_study.called() if one.startswith("train")] == ["train models/lemma_masked"]
    problems.write_text('{"question": "?"}')
    assert fake_study.run().returncode == 0
    assert {one for one in fake_study.called() if "sets/" in one} == {"lemma sets/lemma", "baselines sets/sft"}
    (base / "model.safetensors").write_text("other weights")
    assert fake_study.run().returncode == 0
    assert {one.split()[0] for one in fake_study.called()} >= {"train", "evaluate"}


def test_a_stage_that_is_repeated_begins_empty_but_keeps_what_was_paid_for(fake_study):
    assert fake_study.run().returncode == 0
    made = fake_study.output / "sets" / "lemma"
    for name in ("requests.sqlite", "old.txt"):
        (made / name).write_text("")
    fake_study.study["data"]["seed"] = 1
    assert fake_study.run().returncode == 0
    assert (made / "requests.sqlite").exists()
    assert not (made / "old.txt").exists()


@pytest.mark.parametrize(
    ("part", "kind", "code", "said"),
    [
        ("recipes/smoke_model.py", "refuse", 2, "error: model: the rows are not there; make them"),
        ("models/lemma ", "refuse", 3, "stopped: train:lemma: the rows are not there; make them"),
        ("models/lemma ", "fail", 3, "stopped: train:lemma: ValueError: no luck"),
        ("models/lemma ", "killed", 3, "stopped: train:lemma: killed by SIGKILL, memory may have run out"),
        ("models/lemma ", "nothing", 3, "stopped: train:lemma: ended without writing"),
        ("evaluations/base ", "nothing", 3, "stopped: eval:base: ended without writing"),
    ],
)
def test_a_stage_that_fails_ends_the_study_in_one_line_and_it_goes_on_there(fake_study, part, kind, code, said):
    done = fake_study.run({part: kind})
    assert done.returncode == code
    [line] = done.stderr.splitlines()
    assert line.startswith(said)
    assert "\x1b" not in line
    broken_off = fake_study.called()[-1]
    done = fake_study.run()
    assert done.returncode == 0, done.stderr
    assert fake_study.called() == EVERYTHING[EVERYTHING.index(broken_off) :]


def test_a_result_that_was_removed_is_made_again(fake_study):
    assert fake_study.run().returncode == 0
    (fake_study.output / "models" / "lemma" / "model.safetensors").unlink()
    assert fake_study.run().returncode == 0
    assert fake_study.called() == ["train models/lemma", "evaluate evaluations/lemma"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [("hf", "pretrained={base},peft={model}"), ("vllm", "pretrained={base},lora_local_path={model},max_lora_rank=32")],
)
def test_an_adapter_is_evaluated_on_its_base_model(fake_study, kind, said):
    fake_study.study |= {"arms": {"lemma": {"method": "lemma", "config": "lora"}}, "reference": None, "comparisons": []}
    fake_study.study["evaluation"] |= {"model": kind, "base": False}
    done = fake_study.run()
    assert done.returncode == 0, done.stderr
    [call] = [call for call in fake_study.calls() if call[1] == "recipes/evaluate.py"]
    models = fake_study.output / "models"
    assert call[call.index("--model-args") + 1] == said.format(base=models / "smoke", model=models / "lemma")


def test_what_cannot_be_written_stops_the_study_in_one_line(fake_study):
    assert fake_study.run().returncode == 0
    (fake_study.output / "study.md").unlink()
    (fake_study.output / "study.md").mkdir()
    done = fake_study.run()
    assert done.returncode == 3
    [line] = done.stderr.splitlines()
    assert line.startswith("stopped: ")
    assert "study.md: Is a directory" in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_stage_and_what_it_made_is_there_to_resume(fake_study, number):
    running = fake_study.output / "stages" / "running.json"
    with subprocess.Popen(
        fake_study.command(), env=fake_study.variables({"models/lemma ": "once:hang"}), stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL,
    ) as study:  # fmt: skip
        wait_for(
            lambda: 'models/lemma"' in fake_study.calls_file.read_text() if fake_study.calls_file.exists() else False
        )
        group = json.loads(running.read_text())["group"]
        (fake_study.output / "models" / "lemma" / "checkpoint-3").mkdir(parents=True)
        study.send_signal(number)
        said = study.stderr.read()
    assert study.returncode == 3
    assert said == "stopped: train:lemma: interrupted; run the same command again to resume\n"
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    assert fake_study.run().returncode == 0
    assert fake_study.called() == EVERYTHING[EVERYTHING.index("train models/lemma") :]
    assert (fake_study.output / "models" / "lemma" / "checkpoint-3").is_dir()


def test_a_second_interrupt_does_not_wait_for_a_stage_that_will_not_end(fake_study):
    with subprocess.Popen(
        fake_study.command(), env=fake_study.variables({"recipes/lemma.py": "deaf"}), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as study:  # fmt: skip
        wait_for(lambda: fake_study.calls_file.exists() and "lemma.py" in fake_study.calls_file.read_text())
        time.sleep(1.5)  # the fake has to become deaf first
        study.send_signal(signal.SIGINT)
        time.sleep(1)
        assert study.poll() is None
        begun = time.monotonic()
        study.send_signal(signal.SIGINT)
        assert study.wait(20) == 3
        assert time.monotonic() - begun < 10


def test_a_study_that_was_killed_is_not_begun_anew_while_its_stage_still_works(fake_study):
    with subprocess.Popen(
        fake_study.command(), env=fake_study.variables({"recipes/lemma.py": "once:hang"}), stdout=subprocess.DEVNULL
    ) as study:
        wait_for(lambda: fake_study.calls_file.exists() and "lemma.py" in fake_study.calls_file.read_text())
        second = subprocess.run(fake_study.command(), env=fake_study.variables(), capture_output=True, text=True)
        assert second.returncode == 2
        assert f"process id {study.pid} is writing here" in second.stderr
        study.kill()
    group = json.loads((fake_study.output / "stages" / "running.json").read_text())["group"]
    refused = fake_study.run()
    assert refused.returncode == 2
    assert f"data:lemma of a study that was killed still works (process group {group})" in refused.stderr
    os.killpg(group, signal.SIGKILL)
    wait_for(lambda: fake_study.run().returncode == 0)


def test_a_folder_with_other_things_is_refused(fake_study):
    fake_study.output.mkdir()
    (fake_study.output / "thesis.tex").write_text("")
    done = fake_study.run()
    assert (done.returncode, fake_study.calls()) == (2, [])
    assert "thesis.tex" in done.stderr


def test_an_environment_that_lacks_its_library_is_refused_before_any_stage(fake_study):
    done = fake_study.run(FAKE_BARE="train")
    assert (done.returncode, fake_study.calls()) == (2, [])
    assert "has no axolotl or no lemma_steps" in done.stderr


def test_scores_of_nothing_read_as_what_they_are(fake_study):
    done = fake_study.run(FAKE_RIGHT="0")
    assert done.returncode == 0, done.stderr
    said = (fake_study.output / "study.md").read_text()
    assert "GSM8K: every model scored 0 % there, so this task says nothing about the methods" in said
    result = json.loads((fake_study.output / "study.json").read_text())
    assert not any(one["shown"] for one in result["differences"])
