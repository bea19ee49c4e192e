"""Parts as tasks: with a stand-in for Ray, and in the long drills on a real cluster of two workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from lemma import app
from typer.testing import CliRunner

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.ray_parts import RayParts
from lemma_steps.shards.task import NOT_SEEN, run_part
from lemma_steps.shards.words import Words, said

ROOT = Path(__file__).parent.parent
RECIPE = ROOT / "recipes" / "lemma.py"
SECRET = "sk-4f1c-never-shown"


class StandIn:
    """What `ray_parts` uses of Ray; tasks run at once, in order, and their arguments are kept."""

    def __init__(self, nodes=2, task=None):
        self.exceptions = SimpleNamespace(RayError=OSError)
        self.cloudpickle = SimpleNamespace(register_pickle_by_value=len_, unregister_pickle_by_value=len_)
        self._nodes, self._task, self.asked, self.inits = nodes, task, [], []

    def init(self, **options):
        self.inits.append(options)

    def shutdown(self):
        self.inits.append("shutdown")

    def nodes(self):
        return [{"Alive": True, "Resources": {"CPU": 4.0}}] * self._nodes + [{"Alive": True, "Resources": {}}]

    def remote(self, function):
        def submit(*arguments):
            self.asked.append(arguments)
            return (self._task or function)(*arguments)

        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=submit))

    def wait(self, pending, timeout):
        return pending[:1], pending[1:]

    def get(self, task):
        if isinstance(task, Exception):
            raise task
        return task[:2]


def len_(_):
    return None


@pytest.fixture
def ray(monkeypatch):
    def install(**options):
        monkeypatch.setitem(sys.modules, "ray", stand_in := StandIn(**options))
        return stand_in

    return install


def spoken(words, code=0, last="all is well"):
    """A task that says `last` and ends with `code`; a part's directory is made where it ends well."""

    def task(words_, folder, log, token, handed):
        Path(log).write_text(f"first line\n{last}\n")
        return code, "node-1", words_[-1]

    return task


def test_a_failed_part_is_named_with_its_last_words_and_the_others_go_on(ray, tmp_path, capsys):
    stand_in = ray(task=spoken([], 3, "stopped: budget of $5 reached"))
    with pytest.raises(StoppedError) as stopped:
        RayParts("auto", 3).run(["recipe.py"], tmp_path / "out")
    assert "part 1/3 on node-1: exit code 3, stopped: budget of $5 reached" in str(stopped.value)
    assert "part 3/3" in str(stopped.value)
    assert len(stand_in.asked) == 3
    assert stand_in.inits[-1] == "shutdown"
    assert not list((tmp_path / "out").glob(".*"))


def test_a_part_that_ends_well_elsewhere_and_is_not_seen_here_is_a_failure(ray, tmp_path):
    ray(task=spoken([], 0))
    with pytest.raises(StoppedError, match=r"part 1/2 on node-1: ended, and .*part-1-of-2 holds no run as seen from"):
        RayParts("auto").run(["recipe.py"], tmp_path)


def test_a_lost_node_is_a_failure_of_its_part(ray, tmp_path):
    ray(nodes=1, task=lambda *_: OSError("the node died"))
    with pytest.raises(StoppedError, match=r"part 1/1: its node or task was lost \(the node died\)"):
        RayParts("auto").run(["recipe.py"], tmp_path)


def test_nothing_secret_is_in_a_task(ray, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OPENAI_API_KEY_FILE", "/shared/key")
    monkeypatch.setenv("HF_TOKEN", SECRET)
    stand_in = ray(task=spoken([], 1))
    with pytest.raises(StoppedError):
        RayParts("auto").run(["recipe.py", "--seed", "1"], tmp_path, budget_usd=5)
    assert SECRET not in repr(stand_in.asked) + repr(stand_in.inits)
    words, _, _, _, handed = stand_in.asked[1]
    assert handed["OPENAI_API_KEY_FILE"] == "/shared/key"
    assert words[:5] == ["recipe.py", "--seed", "1", "--budget-usd", "2.500000"]
    assert words[-4:] == ["--output", str(tmp_path), "--shard", "2/2"]


def test_without_ray_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    run = CliRunner().invoke(app, ["--output", str(tmp_path / "out"), "--ray"])
    assert run.exit_code == 2
    assert run.stderr == "error: --ray: Ray is not installed; uv sync --extra ray\n"
    assert not (tmp_path / "out").exists()


def test_no_cluster_at_the_address_is_refused(ray, tmp_path):
    stand_in = ray()

    def init(**_):
        raise ConnectionError("no answer from 10.0.0.1:6379\nlong story")

    stand_in.init = init
    with pytest.raises(RefusedError, match=r"--ray 10\.0\.0\.1:6379: no cluster there \(no answer from"):
        RayParts("10.0.0.1:6379").run(["recipe.py"], tmp_path)


@pytest.fixture
def place(tmp_path):
    """A recipe that prints its words and the environment, and what `run_part` needs besides."""
    recipe = tmp_path / "recipe.py"
    recipe.write_text("import os, sys\nprint(sys.argv[1:], os.environ.get('HANDED'))\nsys.exit(int(sys.argv[1]))\n")
    (tmp_path / "token").touch()
    return tmp_path


@pytest.mark.parametrize("code", [0, 3])
def test_a_part_is_a_process_whose_words_go_to_its_log(place, code):
    ended = run_part(
        [str(place / "recipe.py"), str(code)], str(place), str(place / "log"), str(place / "token"), {"HANDED": "yes"}
    )
    assert ended[0] == code
    assert (place / "log").read_text() == f"['{code}'] yes\n"


@pytest.mark.parametrize("missing", ["recipe.py", "token"])
def test_a_node_that_does_not_see_what_it_needs_starts_nothing(place, missing):
    (place / missing).unlink()
    ended = run_part([str(place / "recipe.py"), "0"], str(place), str(place / "log"), str(place / "token"), {})
    assert ended[0] == NOT_SEEN
    assert not (place / "log").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent ended")
def test_a_part_ends_with_the_process_that_waits_for_it(place):
    (place / "recipe.py").write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n")
    code = (
        "import sys\nfrom lemma_steps.shards.task import run_part\nplace = sys.argv[1]\n"
        "run_part([place + '/recipe.py'], place, place + '/log', place + '/token', {})\n"
    )
    waiting = subprocess.Popen([sys.executable, "-c", code, str(place)], cwd=ROOT)
    deadline = time.monotonic() + 120
    while not ((place / "log").exists() and (place / "log").read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pid = int((place / "log").read_text())
    waiting.kill()
    waiting.wait()
    while Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


WORDS = [
    (["--ray"], "auto"),
    (["--ray", "--seed", "1"], "auto"),
    (["--seed", "1", "--ray", "head:6379"], "head:6379"),
    (["--ray=ray://head:10001", "--seed", "1"], "ray://head:10001"),
    ([], None),
]


@pytest.mark.parametrize(("words", "address"), WORDS)
def test_the_address_may_be_left_out(words, address):
    program, seen = typer.Typer(), []

    @program.callback(cls=Words, invoke_without_command=True)
    def main(
        ctx: typer.Context, ray: str | None = None, seed: int = 0, odd: bool = False, name: list[str] | None = None
    ):
        seen.append((ray, said(ctx, without=["ray"])))

    options = ["--name", "a b", "--odd", "--name", "c"]
    assert CliRunner().invoke(program, [*words, *options]).exit_code == 0
    seeds = ["--seed", "1"] if "--seed" in words else []
    assert seen == [(address, [*seeds, "--odd", "--name", "a b", "--name", "c"])]


# ------------------------------------------------------------------------------------------------ a real cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster of two workers of one CPU each, and a head that takes no tasks; its address and its logs."""
    pytest.importorskip("ray", reason="Ray is not installed; uv sync --extra ray")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.delenv("OPENAI_API_KEY", raising=False)
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        for _ in range(2):
            made.add_node(num_cpus=1)
        yield made
        made.shutdown()


def start(cluster, output, *arguments, **environment):
    command = [sys.executable, str(RECIPE), "--ray", cluster.address, "--output", str(output), *map(str, arguments)]
    env = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", **environment}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.long
def test_two_parts_on_a_cluster_give_the_bytes_of_one_run(cluster, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    text = (ROOT / "recipes" / "configs" / "offline.yaml").read_text()
    recipe.write_text(text + "  score_samples: {timeout_s: 60}\n  answer_filter: {timeout_s: 60}\n")
    options = ("--config", recipe, "--limit", 30)
    run = start(cluster, tmp_path / "ray", *options, OPENAI_API_KEY=SECRET)
    printed, complained = run.communicate(timeout=600)
    assert run.returncode == 0, complained
    assert "ray: 2 parts on 2 nodes" in complained
    assert "part 1/2: done" in complained
    alone = [sys.executable, str(RECIPE), "--output", str(tmp_path / "one"), *map(str, options)]
    assert subprocess.run(alone, cwd=ROOT, capture_output=True, timeout=600).returncode == 0
    for name in ("train.parquet", "train.jsonl", "rejected.parquet"):
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    nodes = {part["part"] for part in json.loads((tmp_path / "ray" / "report.json").read_text())["run"]["merged_from"]}
    assert nodes == {"1/2", "2/2"}
    logs = [*tmp_path.rglob("*.log"), *Path(cluster.head_node.get_session_dir_path()).rglob("logs/**/*")]
    everything = [printed, complained, *(path.read_text(errors="replace") for path in logs if path.is_file())]
    assert len(everything) > 5
    assert not any(SECRET in text for text in everything)


@pytest.mark.long
def test_a_killed_run_on_a_cluster_is_taken_up_again(cluster, tmp_path):
    run = start(cluster, tmp_path / "out", "--limit", 60)
    deadline = time.monotonic() + 120
    while not (tmp_path / "out" / "part-2-of-2" / ".pid").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    pids = [int((tmp_path / "out" / f"part-{part}-of-2" / ".pid").read_text()) for part in (2,)]
    run.kill()
    run.communicate()
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    again = start(cluster, tmp_path / "out", "--limit", 60)
    complained = again.communicate(timeout=600)[1]
    assert again.returncode == 0, complained
    assert (tmp_path / "out" / "train.parquet").exists()


@pytest.mark.long
def test_a_part_that_fails_on_a_cluster_is_named(cluster, tmp_path):
    (tmp_path / "out" / "part-2-of-2").mkdir(parents=True)
    (tmp_path / "out" / "part-2-of-2" / "thesis.tex").write_text("years of work")
    run = start(cluster, tmp_path / "out", "--limit", 5)
    complained = run.communicate(timeout=600)[1]
    assert run.returncode == 3, complained
    last = complained.strip().splitlines()[-1]
    assert last.startswith("stopped: part 2/2 on ")
    assert "holds thesis.tex, which is not of a run" in last
    assert (tmp_path / "out" / "part-1-of-2" / "order.parquet").exists()
