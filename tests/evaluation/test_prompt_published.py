"""Every question is asked as the published code asks it.

The digests are of what its `construct_prompt` gives (prompt type `cot-meta-math`; eight demonstrations asked for and four
there for ASDiv, MAWPS and SVAMP), run once over the stand-in rows and over the rows of the public folder. Its MAWPS is
another copy, so that RefAug's columns were renamed; MATH-500 and MathChat it does not know.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

pytest.importorskip("lm_eval", reason="lm-eval is not installed (uv sync --extra eval)")

from lm_eval.tasks import TaskManager

TASKS = Path(__file__).parents[2] / "eval_tasks"
PUBLISHED = {  # set: digest of the stand-ins' prompts; rows of the public folder, digest of their prompts
    "gsm8k": ("1d25589d4df2796a", 1219, "f437fb8b1eeb9524"),
    "math": ("16082896434738b8", 4899, "60c7b795ab99148b"),
    "asdiv": ("53ed10b46b123b45", 2215, "b2862149f7f83890"),
    "mawps": ("44d6087c76b50037", 2354, "fb110d0ff6376cf2"),
    "svamp": ("66bb0a6fa16eaff8", 1000, "eefb05e96cebf660"),
    "mathematics": ("88ebd94e252b6b3a", 1000, "621a96a8f89bf1ea"),
    "college_math": ("12640850379850ab", 2818, "fd122b3d8f28034e"),
}


def prompts(task: str) -> list[str]:
    """What lm-eval would send, in the order of the documents."""
    found = TaskManager(include_path=str(TASKS), include_defaults=False).load([task])["tasks"][task]
    found.build_all_requests(rank=0, world_size=1)
    return [request.args[0] for request in found.instances]


def digest(texts: list[str]) -> str:
    return sha256("".join(sha256(text.encode()).hexdigest() for text in texts).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", PUBLISHED)
def test_stand_in_rows(name, stand_ins):
    assert digest(prompts(f"lemma_{name}")) == PUBLISHED[name][0]


@pytest.mark.parametrize("name", PUBLISHED)
def test_public_rows(name, lemma_data, monkeypatch):
    monkeypatch.delenv("LEMMA_DIGESTS", raising=False)
    monkeypatch.setenv("LEMMA_DATA_SUBSET", "1")
    asked, (_, rows, published) = prompts(f"lemma_{name}"), PUBLISHED[name]
    if len(asked) != rows:
        pytest.skip(f"the digest is of {rows} rows, and here are {len(asked)}")
    assert digest(asked) == published


@pytest.mark.parametrize("name", ["asdiv", "mawps", "svamp"])
def test_without_demonstrations_the_last_question_remains(name, stand_ins):
    with_demonstrations, bare = prompts(f"lemma_{name}"), prompts(f"lemma_{name}_0shot")
    assert all(text.count("### Instruction:") == 1 for text in bare)
    assert all(text.count("### Instruction:") == 5 for text in with_demonstrations)
    assert all(one.endswith("\n\n" + other) for one, other in zip(with_demonstrations, bare, strict=True))
