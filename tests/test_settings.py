"""What a recipe's YAML takes from the one that it extends, and what is refused of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lemma_steps.errors import RefusedError
from lemma_steps.settings import Settings, read_extended

BASE = {
    "problems": ["gsm8k", "math"],
    "teacher": "openai:big",
    "sampling": {"temperature": 0.7, "top_p": 1.0},
    "steps": {"sample_student": {"n_samples": 4}, "error_type_sampler": {"n_errors": 3, "student_share": 0.5}},
}


def written(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


EXTENDED = [
    # what the file says beside `extends`, what differs from the base
    ({}, {}),
    ({"teacher": "offline"}, {"teacher": "offline"}),
    ({"problems": ["math"]}, {"problems": ["math"]}),
    ({"seed": 3}, {"seed": 3}),
    ({"sampling": {"temperature": 0.0}}, {"sampling": {"temperature": 0.0, "top_p": 1.0}}),
    (
        {"steps": {"error_type_sampler": {"n_errors": 6}, "smooth": {"seed": 1}}},
        {
            "steps": {
                **BASE["steps"],
                "error_type_sampler": {"n_errors": 6, "student_share": 0.5},
                "smooth": {"seed": 1},
            }
        },
    ),
    ({"steps": None}, {"steps": None}),
]


@pytest.mark.parametrize(("own", "differs"), EXTENDED)
def test_a_file_is_what_it_extends_and_its_own_on_top(tmp_path, own, differs):
    written(tmp_path / "base.yaml", BASE)
    file = written(tmp_path / "below" / "own.yaml", {"extends": "../base.yaml", **own})
    assert read_extended(file) == {**BASE, **differs}


def test_a_chain_of_files_is_read_from_its_end_and_the_command_line_comes_over_all(tmp_path):
    written(tmp_path / "a.yaml", BASE)
    written(tmp_path / "b.yaml", {"extends": "a.yaml", "seed": 1, "limit": 5})
    file = written(tmp_path / "c.yaml", {"extends": "b.yaml", "seed": 2})
    settings = Settings.read(file, {"limit": 7})
    assert (settings.seed, settings.limit, settings.problems) == (2, 7, ["gsm8k", "math"])
    assert "extends" not in settings.model_dump()


REFUSED = [
    # files, what is said of c.yaml
    ({"c": {"extends": "c.yaml"}}, "break the circle"),
    ({"a": {"extends": "c.yaml"}, "c": {"extends": "a.yaml"}}, "break the circle"),
    ({"c": {"extends": "missing.yaml"}}, "missing.yaml; correct the name"),
    ({"c": {"extends": "."}}, "correct the name"),
    ({"c": {"extends": ["a.yaml"]}}, "name one file"),
    ({"c": {"extends": ""}}, "name one file"),
    ({"c": {"extends": None}}, "name one file"),
    ({"a": "[]", "c": {"extends": "a.yaml"}}, "a recipe is a mapping of settings"),
    ({"a": "x: [", "c": {"extends": "a.yaml"}}, "a.yaml: not YAML"),
    ({"a": {**BASE, "colour": 1}, "c": {"extends": "a.yaml"}}, "colour: Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("contents", "said"), REFUSED)
def test_what_cannot_be_extended_is_refused_in_one_line(tmp_path, contents, said):
    files = {name: written(tmp_path / f"{name}.yaml", content) for name, content in contents.items()}
    with pytest.raises(RefusedError, match=said) as refused:
        Settings.read(files["c"], {})
    assert "\n" not in str(refused.value)
