"""Publishing, against a small real server that speaks the Hub's API and fails on demand."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

import pytest

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.output import write_result
from lemma_steps.publish import check_target, push_to_hub
from lemma_steps.publish.push import FILES
from tests.hub_server import TOKEN, HubServer
from tests.output.rows import STEPS, stream

pytestmark = pytest.mark.filterwarnings("ignore:Use .content=:DeprecationWarning")  # of the library
QUICK = (0.01, 0.02)


@pytest.fixture
def hub():
    with HubServer() as server:
        yield server
        server.shutdown()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A finished run."""
    path = tmp_path_factory.mktemp("run")

    async def rows():
        for row in stream(40):
            yield row

    asyncio.run(write_result(rows(), STEPS, path, {"seed": 0}, "lemma --output out"))
    (path / "pipeline.yaml").write_text("name: lemma\n")
    (path / "requests.sqlite").write_text("paid replies")
    return path


def push(hub, folder, repo="me/set", **options):
    return push_to_hub(folder, repo, **{"endpoint": hub.url, "token": TOKEN, "waits_s": QUICK, **options})


def commits(hub, repo="me/set", branch="main"):
    """Commits of a branch after the one that every repository begins with."""
    return hub.branches[repo, branch][1:]


def test_one_commit_holds_the_whole_result_and_nothing_else(hub, folder):
    address = push(hub, folder)
    [(made, files)] = commits(hub)
    assert address == f"{hub.url}/datasets/me/set/commit/{made}"
    figures = [f"figures/{path.name}" for path in (folder / "figures").iterdir()]
    assert "figures/funnel.png" in figures
    assert files == {name: (folder / name).read_bytes() for name in [*FILES, *figures]}
    assert hub.private == {"me/set": True}


def test_publishing_the_same_result_again_makes_no_second_commit(hub, folder):
    assert push(hub, folder) == push(hub, folder)
    assert len(commits(hub)) == 1


@pytest.mark.parametrize(
    "faults",
    [
        {"/commit/": [503, 503]},
        {"/commit/": ["drop"]},
        {"/commit/": ["drop after"]},
        {"/commit/": [429, 409]},
        {"/repos/create": [502, "drop after"]},
        {"/validate-yaml": ["drop"]},
        {"/api/datasets/me/set": [504]},
    ],
    ids=str,
)
def test_faults_that_pass_cost_time_and_nothing_else(hub, folder, faults):
    hub.faults = faults
    push(hub, folder)
    assert not any(faults.values())
    [(_, files)] = commits(hub)
    assert files["train.parquet"] == (folder / "train.parquet").read_bytes()


@pytest.mark.long
@pytest.mark.parametrize(
    "faults", [{"/lfs/": [503, "drop"]}, {"objects/batch": [500]}, {"/preupload/": ["drop"]}], ids=str
)
def test_faults_that_the_library_itself_waits_for(hub, folder, faults):
    hub.faults = faults
    push(hub, folder)
    assert len(commits(hub)) == 1


@pytest.mark.parametrize(
    ("repo", "faults", "said"),
    [
        ("me/set", {"/repos/create": [401]}, "token is not valid; set HF_TOKEN"),
        ("other/set", {}, "no write access"),
        ("me/set", {"/commit/": [403]}, "no write access"),
        ("me/set", {"/preupload/": [404]}, "no such repository or revision"),
        ("me/set", {"/repos/create": [418]}, "the server refuses .HTTP 418."),
        ("not a name", {}, "not a name"),
    ],
)
def test_a_no_is_told_in_one_line_and_asked_once(hub, folder, repo, faults, said):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub.faults = faults
    with pytest.raises(RefusedError, match=said) as caught:
        push(hub, folder, repo)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert len(hub.seen) == len(set(hub.seen))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_server_that_keeps_failing_stops_the_publishing(hub, folder):
    hub.faults = {"/commit/": [503] * 3}
    with pytest.raises(StoppedError, match="HTTP 503 in 3 attempts; nothing local was changed"):
        push(hub, folder)
    with pytest.raises(StoppedError, match="in 3 attempts"):
        push(hub, folder, endpoint="http://127.0.0.1:9")


def test_a_public_repository_is_not_written_to_unless_told(hub, folder):
    push(hub, folder, private=False)
    assert hub.private == {"me/set": False}
    with pytest.raises(RefusedError, match="me/set: exists and is public"):
        push(hub, folder)
    assert len(commits(hub)) == 1


def test_a_name_alone_is_of_the_tokens_account_and_a_revision_is_a_branch(hub, folder):
    push(hub, folder, "set", revision="v2")
    assert len(commits(hub, branch="v2")) == 1
    assert commits(hub) == []
    push(hub, folder, "set", revision="v2")


def test_the_token_comes_from_the_environment(hub, folder, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    push(hub, folder, token=None)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("lemma_steps.publish.target.get_token", lambda: None)
    with pytest.raises(RefusedError, match="no token for the Hub; set HF_TOKEN"):
        push(hub, folder, token=None)


def test_an_unfinished_folder_is_refused_before_the_server_is_asked(hub, tmp_path):
    with pytest.raises(RefusedError, match=r"no README.md; give the folder of a finished run"):
        push(hub, tmp_path)
    assert hub.seen == []


def test_what_would_be_refused_is_known_before_the_work(hub, folder):
    quick = {"endpoint": hub.url, "waits_s": QUICK}
    check_target("me/set", token=TOKEN, **quick)
    push(hub, folder, private=False)
    check_target("me/set", private=False, token=TOKEN, **quick)
    with pytest.raises(RefusedError, match="is public"):
        check_target("me/set", token=TOKEN, **quick)
    with pytest.raises(RefusedError, match="HTTP 401"):
        check_target("me/set", token="hf_other", **quick)
    hub.faults = {"me/set": ["drop"] * 3}
    with pytest.raises(RefusedError, match="in 3 attempts"):
        check_target("me/set", token=TOKEN, **quick)


READ_BACK = """
import json, datasets
sizes = {c: datasets.load_dataset("me/set", c, split="train") for c in ("default", "rejected")}
first, reason = sizes["default"][0], sizes["rejected"][0]["reason"]
print(json.dumps([{c: len(d) for c, d in sizes.items()}, first["id"], first["segments"], reason]))
"""


def test_both_configs_are_read_back_by_datasets(hub, folder, tmp_path):
    push(hub, folder)
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", READ_BACK], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    sizes, first, segments, reason = json.loads(done.stdout.splitlines()[-1])
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert sizes == {"default": report["kept"], "rejected": report["rejected"]}
    written = json.loads((folder / "train.jsonl").read_text("utf-8").splitlines()[0])
    assert (first, segments) == (written["id"], written["segments"])
    assert reason == "declined"
