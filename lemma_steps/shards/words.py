"""The command line of a run, and how it is said again for one part of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from typer import Context
from typer.core import TyperGroup


class Words(TyperGroup):
    """The recipe's command: an option `--ray` without an address means `--ray auto`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Typer has no options whose value may be left out, so it is put in before the words are parsed."""
        after = [*args, "--"][1:]
        bare = [word == "--ray" and following.startswith("-") for word, following in zip(args, after, strict=True)]
        return super().parse_args(ctx, [f"{word}=auto" if b else word for word, b in zip(args, bare, strict=True)])


def said(ctx: Context, without: Collection[str]) -> list[str]:
    """The options that were given on the command line, as words, but for those named in `without`."""
    words: list[str] = []
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(parameter.name or "")
        if parameter.name in without or source is None or source.name != "COMMANDLINE":
            continue
        value = ctx.params[parameter.name or ""]
        for one in value if isinstance(value, list | tuple) else [value]:
            words += [parameter.opts[0]] if one is True else [parameter.opts[0], str(one)]
    return words
