"""The stages of the closed loop: which program each is, what it reads and what it leaves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.run_directory import STORE
from lemma_steps.study.arm import Arm
from lemma_steps.study.config import StudyConfig
from lemma_steps.study.environment import Environment
from lemma_steps.study.stage import Stage
from lemma_steps.study.stages import Stages
from lemma_steps.study.trained import FACTS, Trained

SETS, SUBSETS, MODELS, EVALUATIONS = "sets", "subsets", "models", "evaluations"
_SET = ("train.parquet", "report.json")


class Loop:
    """The stages of one study. Every method runs what it needs, or finds it done.

    Args:
        config: the study.
        stages: what runs them.
        root: the checkout.
        environments: `data`, `train` and `eval` by name.
    """

    def __init__(self, config: StudyConfig, stages: Stages, root: Path, environments: dict[str, Environment]) -> None:
        self._config, self._stages, self._root, self._environments = config, stages, root, environments
        self._place = stages.place
        self._base_inputs: list[Path] = []
        self._base: str | None = config.training.base_model
        if self._base and (named := root / self._base).exists():
            self._base_inputs = [named]
        self._data_inputs = sorted(_named_files(config.data.model_dump(), root))

    def smoke_weights(self) -> None:
        """Make the small weights that every arm begins with."""
        folder = self._place / MODELS / "smoke"
        self._run("model", "train", ["recipes/smoke_model.py", "--output", str(folder)], folder, (), ("*.safetensors",))
        self._base, self._base_inputs = str(folder), [self._stages.marker("model")]

    def make_sets(self) -> dict[str, int]:
        """Make the rows of every method; returns how many each has kept."""
        data = self._config.data
        kept: dict[str, int] = {}
        methods = dict.fromkeys(arm.method for arm in self._config.arms.values())
        (self._place / SETS).mkdir(parents=True, exist_ok=True)
        for method in sorted(methods, key=lambda method: method != "lemma"):
            folder = self._place / SETS / method
            if method == "lemma":
                recipe = self._place / SETS / "lemma.yaml"
                recipe.write_text(yaml.safe_dump(data.model_dump(exclude_unset=True), sort_keys=False), "utf-8")
                program = ["recipes/lemma.py", "--config", str(recipe), "--output", str(folder)]
                self._run("data:lemma", "data", program, folder, [recipe, *self._data_inputs], _SET, (STORE,))
            else:
                program = ["recipes/baselines.py", method, "--output", str(folder)]
                inputs = []
                if method in ("sft", "rft"):  # the others bring their own problems
                    inputs = [self._section(method), *self._data_inputs]
                    program += ["--config", str(inputs[0])]
                if method == "rft":
                    self._lend_replies(folder)
                self._run(f"data:{method}", "data", program, folder, inputs, _SET, (STORE,))
            kept[method] = _kept(folder)
        return kept

    def equal_rows(self, kept: dict[str, int], group: str) -> int:
        """Rows of the `equal_rows` arms of a group: the study's number, or the smallest of their sets where that is less."""
        arms = [arm for arm in self._config.arms.values() if arm.rows == "equal_rows" and arm.group == group]
        smallest = min(kept[arm.method] for arm in arms)
        return min(smallest, self._config.rows or smallest)

    def rows(self, arm: Arm, number: int | None) -> Path:
        """A file with so many rows of an arm's set, the same for every arm; None for all of them."""
        if number is None:
            return self._place / SETS / arm.method / "train.parquet"
        return self._subset(arm, f"{number}-rows", "data", ["--rows", str(number)])

    def tokens(self, arm: Arm, number: int, tokenizer: str) -> Path:
        """A file with the rows of an arm's set whose trained tokens come nearest to so many."""
        return self._subset(arm, f"{number}-tokens", "train", ["--tokens", str(number), "--tokenizer", tokenizer])

    def measure(self, name: str, arm: Arm, data: Path) -> int:
        """The tokens of a file that the arm would be trained on in an epoch."""
        folder = self._place / SUBSETS / f"{name}-measured"
        settings, written = self.settings(arm), folder / "lengths.json"
        program = ["-m", "lemma_steps.study.measure", str(data), settings["datasets"][0]["type"], self.base_model()]
        program += [str(settings["sequence_len"]), str(written)]
        self._run(f"measure:{name}", "train", program, folder, [data, *self._base_inputs], [written.name])
        return int(json.loads(written.read_text(encoding="utf-8"))["trained_tokens"])

    def settings(self, arm: Arm) -> dict[str, Any]:
        """The Axolotl keys of an arm, its overrides among them."""
        written = yaml.safe_load(self._config.config_of(arm, self._root).read_text(encoding="utf-8"))
        return {**written, **self._config.training.overrides, **arm.overrides}

    def base_model(self) -> str:
        """The model that is trained.

        Raises:
            RefusedError: the configurations of the arms name several.
        """
        if self._base:
            return self._base
        named = {str(self.settings(arm)["base_model"]) for arm in self._config.arms.values()}
        if len(named) > 1:
            raise RefusedError(
                f"training.configs: the arms begin with {' and '.join(sorted(named))}; give training.base_model"
            )
        return named.pop()

    def train(
        self, name: str, arm: Arm, data: Path, seed: int, epochs: float | None = None, short_of: int | None = None
    ) -> Trained:
        """Train an arm on a file, with other epochs than its configuration's if told."""
        label = self._label(name, seed)
        config, folder = self._config.config_of(arm, self._root), self._place / MODELS / label
        keys = {**self._config.training.overrides, **arm.overrides, "seed": seed}
        keys |= {"num_epochs": epochs} if epochs else {}
        program = ["recipes/train.py", str(config), "--data", str(data), "--output", str(folder)]
        program += ["--base-model", self._base] if self._base else []
        program += ["--gpus", str(self._config.training.gpus)] if self._config.training.gpus else []
        for key, value in keys.items():
            program += ["--set", f"{key}={value if isinstance(value, str) else json.dumps(value)}"]
        spread = _named_files({"deepspeed": self.settings(arm).get("deepspeed")}, self._root)
        inputs = [config, data, *self._base_inputs, *spread]
        self._run(f"train:{label}", "train", program, folder, inputs, (FACTS, "*.safetensors"))
        evaluation = self._place / EVALUATIONS / label
        return Trained.read(name, arm, seed, folder, evaluation, short_of)

    def evaluate(self, label: str, model: Path | str, inputs: list[Path] | None = None) -> Path:
        """Evaluate a model; returns the folder of lm-eval's files."""
        part, folder = self._config.evaluation, self._place / EVALUATIONS / label
        arguments = f"pretrained={model}"
        if (adapter := Path(model) / "adapter_config.json").is_file():
            rank = json.loads(adapter.read_text(encoding="utf-8"))["r"]
            option = {"hf": f"peft={model}", "vllm": f"lora_local_path={model},max_lora_rank={rank}"}[part.model]
            arguments = f"pretrained={self.base_model()},{option}"
        program = ["recipes/evaluate.py", "--model", part.model, "--tasks", ",".join(part.tasks)]
        program += ["--model-args", f"{arguments},{part.model_args}".rstrip(",")]
        program += ["--limit", str(part.limit)] if part.limit else []
        program += ["--batch-size", str(part.batch_size)] if part.batch_size else []
        program += ["--gen-kwargs", part.gen_kwargs] if part.gen_kwargs else []
        program += ["--output", str(folder), "--use-cache", str(folder / "cache")]
        self._run(f"eval:{label}", "eval", program, folder, inputs or self._base_inputs, ("**/results_*.json",))
        return folder

    def evaluate_arm(self, trained: Trained) -> None:
        """Evaluate a trained arm."""
        label = self._label(trained.name, trained.seed)
        self.evaluate(label, trained.folder, [self._stages.marker(f"train:{label}")])

    def _section(self, method: str) -> Path:
        """A configuration for recipes/baselines.py with the problems and the student of this study."""
        data = self._config.data
        fields = {"problems", "columns", "licence", "limit", "seed"}
        if method == "rft":
            fields |= {"student", "student_samples", "student_sampling", "student_endpoint", "max_in_flight", "prices"}
        section = {"method": method, **data.model_dump(include=fields, exclude_unset=True)}
        if method == "rft" and "sample_student" in data.steps:
            section["steps"] = {"sample_student": data.steps["sample_student"]}
        file = self._place / SETS / f"{method}.yaml"
        file.write_text(yaml.safe_dump({method: section}, sort_keys=False), encoding="utf-8")
        return file

    def _lend_replies(self, folder: Path) -> None:
        """Let RFT find the student's samples that LEMMA asked for: what was paid once is not paid again."""
        asked = self._place / SETS / "lemma" / STORE
        if asked.is_file() and not (folder / STORE).exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(asked, folder / STORE)

    def _label(self, name: str, seed: int) -> str:
        return f"{name}-seed{seed}" if len(self._config.training.seeds) > 1 else name

    def _subset(self, arm: Arm, size: str, environment: str, options: list[str]) -> Path:
        whole = self._place / SETS / arm.method / "train.parquet"
        folder = self._place / SUBSETS / f"{arm.method}-{size}"
        program = ["recipes/baselines.py", "subset", str(whole.parent), "--output", str(folder), *options]
        program += ["--seed", str(self._config.data.seed)]
        self._run(f"subset:{folder.name}", environment, program, folder, [whole], _SET)
        return folder / "train.parquet"

    def _run(
        self,
        name: str,
        environment: str,
        program: list[str],
        folder: Path,
        inputs: Any,
        outputs: Any,
        kept: tuple[str, ...] = (),
    ) -> None:
        self._stages.run(Stage(name, self._environments[environment], program, folder, inputs, outputs, kept))


def _named_files(settings: Any, root: Path) -> Iterator[Path]:
    """The files that values of settings name, as a program that runs in the checkout finds them."""
    if isinstance(settings, dict):
        settings = list(settings.values())
    if isinstance(settings, list):
        for value in settings:
            yield from _named_files(value, root)
    elif isinstance(settings, str) and 0 < len(settings) < 500 and (file := root / settings).is_file():
        yield file


def _kept(folder: Path) -> int:
    file = folder / "report.json"
    try:
        return int(json.loads(file.read_text(encoding="utf-8"))["kept"])
    except (OSError, ValueError, KeyError, TypeError):
        raise RefusedError(f"{file}: does not say how many rows were kept; remove {folder} and run again") from None
