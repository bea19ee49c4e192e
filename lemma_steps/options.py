"""Command-line options that several recipes have, described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ARGILLA_HOME = Path("argilla-home")
"""No name of a Python package: Python would take a folder `argilla` here for the client that is not installed."""

Column = Annotated[list[str] | None, typer.Option(help="question=NAME, solution=NAME or answer=NAME; repeatable.")]
Licence = Annotated[str | None, typer.Option(help="Licence of your own problems, for the dataset card.")]
RejectBadRows = Annotated[
    bool, typer.Option("--reject-bad-rows", help="Reject malformed rows one by one instead of refusing their file.")
]
BudgetUsd = Annotated[
    float | None, typer.Option(help="Stop before more dollars than this are spent on DIR, all its runs together.")
]
PriceFile = Annotated[str | None, typer.Option(help="YAML of your prices: {model, input, cached, output} each.")]
Batch = Annotated[bool | None, typer.Option("--batch", help="Use OpenAI's batch API: half price, hours.")]
PushToHub = Annotated[str | None, typer.Option(help="Hub dataset to publish to, such as ORG/NAME.")]
Public = Annotated[bool, typer.Option("--public", help="Make a published dataset public; private unless told.")]
PushToArgilla = Annotated[
    str | None, typer.Option(help="Argilla dataset to send all kept rows to for review; see recipes/review.py.")
]
ArgillaHome = Annotated[
    Path, typer.Option(help="Folder of the server of `recipes/review.py serve`; or set ARGILLA_API_URL and _KEY.")
]
