"""Write axolotl_configs/ from the one base that all its files share.

    uv run recipes/build_axolotl_configs.py            # after a change in lemma_steps/training/configs/
    uv run recipes/build_axolotl_configs.py --check    # writes nothing; exit code 2 where a file differs

What a key is set to and why stands in lemma_steps/training/configs/: base.yaml (the paper's run), variants.yaml, models.yaml.
The DeepSpeed files are written by hand.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from lemma_steps.console import exit_codes
from lemma_steps.errors import RefusedError

HERE = Path(__file__).resolve().parent.parent / "axolotl_configs"


def build(
    output: Annotated[Path, typer.Option(help="The folder to write to.")] = HERE,
    check: Annotated[bool, typer.Option("--check", help="Only say which files differ.")] = False,
) -> None:
    """Write every configuration and README of axolotl_configs/."""
    with exit_codes():
        output = output.resolve()
        from lemma_steps.training.configs.files import config_files

        os.chdir(HERE.parent)  # the configurations name the DeepSpeed files from here
        written = config_files()
        there = {str(path.relative_to(output)): path for path in output.rglob("*") if path.suffix in {".yaml", ".md"}}
        stale = sorted(set(there) - set(written))
        differing = [name for name, text in written.items() if _text(there.get(name)) != text]
        if check and (stale or differing):
            raise RefusedError(f"{output}: {', '.join(differing + stale)} differ; run recipes/build_axolotl_configs.py")
        if not check:
            for name in stale:
                there[name].unlink()
            for name in differing:
                (output / name).parent.mkdir(parents=True, exist_ok=True)
                (output / name).write_text(written[name], encoding="utf-8", newline="\n")
        print(
            f"{output}: {len(written)} files, {len(differing)} differed" + (f", {len(stale)} removed" if stale else "")
        )


def _text(path: Path | None) -> str | None:
    return path.read_text(encoding="utf-8") if path else None


if __name__ == "__main__":
    typer.run(build)
