"""recipes/score_locator.py from end to end, against a server whose answers are known beforehand."""

from __future__ import annotations

import gzip
import json
import re

import pytest
import typer
import yaml
from typer.testing import CliRunner

from lemma_steps.label_quality.measured import measured
from lemma_steps.label_quality.of_run import label_quality
from lemma_steps.label_quality.settings import ScoreSettings
from lemma_steps.labelled import registry
from lemma_steps.prompts import template_id
from recipes.score_locator import CONFIG, SETS, decisive, main
from tests.chat_server import completion, serving

app = typer.Typer()
app.command()(main)
TEMPLATE = template_id("locate_first_error")
HOSTILE = "[bold]| `m\x1b[31m`"


def problem(n, label):
    steps = [f"There are {n} pens.", f"Twice that is {2 * n + (label == 1)}.", "Done."]
    return {"problem": f"How many is twice {n}?", "steps": steps, "label": label}


def typed(n, kind):
    right = f"Twice {n} is {2 * n}.\n#### {2 * n}"
    return {
        **{"question": f"Twice {n}?", "original_solution": right, "original_answer": 2 * n, "wrong_step": 1},
        **{"transformed_solution": f"Twice {n} is {2 * n + 1}.\n#### {2 * n + 1}", "wrong_type": kind},
    }


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    sets = {
        "processbench_gsm8k": [problem(n, 1 if n < 14 else -1) for n in range(10, 18)],
        "gsm8k_test": [
            {"question": f"How many is twice {n}?", "answer": f"Twice {n} is <<2*{n}={2 * n}>>{2 * n}.\n#### {2 * n}"}
            for n in range(10, 17)
        ],
        "bigbench_mistake_arithmetic": [{"input": "1 + 1 =", "steps": ["3"], "mistake_index": 0, "target": "2"}],
        "eic_gsm8k": [
            typed(n, kind) for n, kind in zip(range(20, 26), ["calculation_error", "operator_error"] * 3, strict=True)
        ],
    }
    for name, rows in sets.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def located(body):
    """Right about all but one of the wrong ones; without the reference solution always step 1; declines one question."""
    system, user = (message["content"] for message in body["messages"])
    if "error_type" in system.partition("\n")[0] or "<error_type>" in system:
        return completion("<reason>a</reason><error_type>CA</error_type>")
    n = int(re.search(r"(?:is twice|Twice) (\d+)\?", user)[1])
    if n == 16:
        return completion("<decline>out_of_scope: no</decline>")
    if "<reference_solution>" not in user or n == 13:
        return completion("<reason>a</reason><error_step>1</error_step>")
    wrong = n < 14 or n >= 20
    step = (2 if n < 20 else 1) if wrong else "none"
    return completion(f"<reason>a</reason><error_step>{step}</error_step>")


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    monkeypatch.setenv("LEMMA_MEASURED", str(tmp_path / "measured"))
    monkeypatch.setenv("OPENAI_API_KEY", "x")


def run(*options, code=0):
    done = CliRunner().invoke(app, [str(option) for option in options])
    assert done.exit_code == code, (done.output, done.exception)
    return done


def test_the_whole_story(data, tmp_path):
    output, figures = tmp_path / "out", tmp_path / "all.json"
    with serving(located) as server:
        options = ["--teacher", f"vllm:{server.url}#{HOSTILE}", "--data", data, "--output", output, "--json", figures]
        options += ["--set", "processbench_gsm8k", "--set", "eic_gsm8k", "--votes", "2"]
        done = run(*options)
        # seven and eight labelled rows and six others, twice each, and six types; the check costs no call
        assert len(server.requests) == 2 * (7 + 8 + 6 + 6) + 6
        run(*options, "--votes", "3", "--checker", "off", "--reference", "without", "--no-types")
        assert len(server.requests) == 60 + 8 + 6  # the third votes alone
    assert figures.read_bytes() == (output / "report.json").read_bytes()
    written = (output / "report.md").read_text(encoding="utf-8")
    assert "\x1b" not in done.stdout + written
    assert "[bold]" in done.stdout
    assert "<<" not in json.dumps(server.requests)
    assert {path.name for path in output.iterdir()} >= {
        "report.json",
        "report.md",
        "locator.png",
        "agreement.png",
        "types.png",
    }
    # what was kept
    kept = measured("locator", HOSTILE, TEMPLATE)
    ways = {(one["with_reference"], one["votes"], one["checker"]): one for one in kept}
    assert len(ways) == 2 * 3 + 1
    one = ways[True, 2, "off"]["sets"]["processbench_gsm8k"]
    assert (one["n"], one["n_wrong"], one["n_right"]) == (7, 4, 3)
    assert {part: one[part]["value"] for part in ("acc_wrong", "acc_right", "off_by_one", "answered")} == pytest.approx(
        {"acc_wrong": 0.75, "acc_right": 2 / 3, "off_by_one": 0.25, "answered": 6 / 7}, abs=1e-5
    )
    assert one["unanswered"] == {"declined": 1}
    assert one["calibration"][-1]["n"] == 6
    blind = ways[False, 2, "off"]["sets"]["processbench_gsm8k"]
    assert (blind["n"], blind["acc_wrong"]["value"], blind["acc_right"]["value"]) == (8, 0.0, 0.0)
    [types] = measured("classifier", HOSTILE, template_id("classify_error"))
    assert types["sets"]["eic_gsm8k"]["confusion"] == {"CA": {"CA": 3}, "OP": {"CA": 3}}
    # and what a run of this teacher quotes
    calls = [{"step": "locate_first_error", "templates": [TEMPLATE], "models": [HOSTILE]}]
    quoted = label_quality(calls, {"steps": {"locate_first_error": {"votes": 2}}})["locator"]
    assert [found["as_in_run"] for found in quoted].count(True) == 1
    assert quoted[0]["sets"]["processbench_gsm8k"] == one


def test_differences_and_the_check_alone(data, tmp_path):
    with serving(located) as server:
        options = ["--teacher", f"vllm:{server.url}#m", "--data", data, "--output", tmp_path / "out"]
        run(*options, "--set", "eic_gsm8k", "--no-types")
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    pairs = [(one["from"], one["to"]) for one in report["differences"]]
    assert [(old["with_reference"], old["checker"], new["with_reference"], new["checker"]) for old, new in pairs] == [
        (False, "off", True, "off"),
        (True, "off", True, "vote"),
        (True, "off", True, "earliest"),
        (False, "off", False, "vote"),
        (False, "off", False, "earliest"),
    ]
    assert report["checker_alone"]["sets"]["eic_gsm8k"]["answered"]["value"] == 1
    assert report["classifier"] == report["agreement"] == []
    assert report["sets"]["eic_gsm8k"]["left_out"] == {}


def test_a_reply_that_cannot_be_read_is_paid_for_once_for_every_say_of_the_check(data, tmp_path):
    """Most replies of a small model are like that; and the difference that the check makes is of the same replies."""
    with serving(lambda body: completion("I cannot say.")) as server:
        options = ["--teacher", f"vllm:{server.url}#m", "--data", data, "--no-types", "--set", "eic_gsm8k"]
        run(*options, "--output", tmp_path / "off", "--checker", "off")
        paid = len(server.requests)
        run(*options, "--output", tmp_path / "all")
        assert len(server.requests) == 2 * paid


def test_a_teacher_that_answers_nothing_is_shown_to_and_is_not_kept(data, tmp_path):
    with serving(lambda body: completion("I cannot say.")) as server:
        options = ["--teacher", f"vllm:{server.url}#m", "--data", data, "--set", "eic_gsm8k", "--checker", "off"]
        done = run(*options, "--output", tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert [one["sets"]["eic_gsm8k"]["answered"]["value"] for one in report["locator"] + report["classifier"]] == [
        0
    ] * 3
    assert "First wrong step by m" in done.stdout
    assert measured("locator", "m", TEMPLATE) == []


def test_a_run_that_stops_ends_with_3_and_the_same_command_goes_on(data, tmp_path):
    prices = tmp_path / "prices.yaml"
    prices.write_text("- {model: m, input: 100, cached: 100, output: 100}\n", encoding="utf-8")
    with serving(located) as server:
        options = [
            "--teacher",
            f"vllm:{server.url}#m",
            "--data",
            data,
            "--output",
            tmp_path / "out",
            "--prices",
            prices,
        ]
        options += ["--set", "processbench_gsm8k", "--reference", "without", "--checker", "off"]
        done = run(*options, "--budget-usd", "0.0001", code=3)
        assert "budget" in done.output
        assert not (tmp_path / "out" / "report.json").exists()
        run(*options, "--budget-usd", "100")
        assert len(server.requests) == 8
    assert (tmp_path / "out" / "report.json").exists()


def test_a_dry_run_calls_nothing(data, tmp_path):
    options = ["--teacher", "vllm:http://127.0.0.1:9/v1#m", "--data", data, "--output", tmp_path / "out", "--dry-run"]
    done = run(*options, "--set", "processbench_gsm8k", "--votes", "3")
    assert "45 calls" in done.stdout
    assert "How many is twice 10?" in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "nothing"], "error: --set nothing: nothing: no such labelled set"),
        (["--checker", "maybe"], "'vote', 'earliest' or 'compare'; see --help"),
        (["--budget-usd", "-1"], "--budget-usd -1.0: give an amount above 0"),
        (["--json", "/proc/x/y.json"], "--json /proc/x/y.json: "),
        (["--json", "/proc"], "--json /proc: "),
        (["--reference", "maybe"], "--reference"),
        (["--votes", "0"], "--votes"),
        (["--limit", "0"], "--limit"),
        (["--teacher", "gpt-4o"], "unknown model"),
        (["--set", "mr_ben_math"], "mr_ben_math"),
        (["--set", "bigbench_mistake", "--reference", "with"], "no worked solutions"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(options, said, data, tmp_path):
    done = run("--data", data, "--output", tmp_path / "out", *options, code=2)
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_for_measurements_that_cannot_be_is_refused_before_anybody_is_asked(data, tmp_path, monkeypatch):
    monkeypatch.setenv("LEMMA_MEASURED", "/proc/nope")
    done = run("--teacher", "offline", "--data", data, "--output", tmp_path / "out", "--set", "eic_gsm8k", code=2)
    assert "LEMMA_MEASURED /proc/nope/" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_disk_that_is_full_at_the_end_stops_and_the_measurement_is_kept(data, tmp_path, monkeypatch):
    """Everything was asked and paid for by then."""

    def full(*_):
        raise OSError(28, "No space left on device", "locator.png")

    monkeypatch.setattr("lemma_steps.label_quality.pictures.draw", full)
    with serving(located) as server:
        options = ["--teacher", f"vllm:{server.url}#m", "--data", data, "--set", "eic_gsm8k", "--no-types"]
        done = run(*options, "--output", tmp_path / "out", code=3)
    assert "locator.png: No space left on device; free some space and run again" in done.stderr
    assert measured("locator", "m", TEMPLATE)


def test_the_public_sets_go_through(lemma_data, tmp_path):
    run("--data", lemma_data, "--output", tmp_path / "out", "--limit", "3", "--checker", "off")
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    seen, blind = report["locator"]
    assert set(blind["sets"]) == set(registry())
    assert {name: found["n"] for name, found in blind["sets"].items()} == dict.fromkeys(registry(), 3)
    assert seen["sets"].keys() < blind["sets"].keys()
    assert "ProcessBench" in blind["averages"]
    assert report["classifier"][0]["sets"].keys() == {"eic_gsm8k", "eic_mathqa"}


def test_settings_say_what_is_asked():
    shown = ScoreSettings(teacher="offline")
    assert (shown.references, shown.checkers) == ([True, False], ["off", "vote", "earliest"])
    assert shown.typed_sets == ["eic_gsm8k", "eic_mathqa"]
    one = ScoreSettings(teacher="offline", reference="without", checker="vote", types=False)
    assert (one.references, one.checkers, one.typed_sets) == ([False], ["vote"], [])
    assert one.identity() == shown.identity() != ScoreSettings(teacher="offline", seed=1).identity()
    with pytest.raises(ValueError, match="stand by themselves"):
        ScoreSettings(teacher="offline", steps={"locate_first_error": {"votes": 2}})


def test_a_measurement_names_no_folder_of_this_machine():
    given = ["--teacher", "offline", "--data", "/home/me", "--limit", "5", "--json=/x", "--output", "o", "--no-types"]
    assert decisive(given) == ["--teacher", "offline", "--limit", "5", "--no-types"]


def test_the_help_names_every_set():
    assert SETS.split(", ") == list(registry())


def test_the_recipe_knows_its_config():
    ScoreSettings(**yaml.safe_load(CONFIG.read_text(encoding="utf-8")))
