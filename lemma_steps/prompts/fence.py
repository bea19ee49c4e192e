r"""Keeps the values of a row apart from the tags around them.

A value is inserted verbatim, with one exception: where it holds a closing tag of a row (`</question>`), a backslash
goes in after the "<" (`<\/question>`), so that the first closing tag that a reader meets is always the real one. Where
a value already holds such a backslash it gets one more, so the exception can be undone exactly, whatever the text.
"""

from __future__ import annotations

import re

_TAGS = "question|answer|reference_solution|error_type|steps|step|attempt|reflection|correction"
_CLOSING = re.compile(rf"<(\\*)/({_TAGS})>")
_FENCED = re.compile(rf"<\\(\\*)/({_TAGS})>")


def fence(value: object) -> object:
    """`value` as it stands in a prompt; anything but text is returned as it is."""
    return _CLOSING.sub(r"<\\\1/\2>", value) if isinstance(value, str) else value


def unfence(text: str) -> str:
    """The value that `fence` turned into `text`."""
    return _FENCED.sub(r"<\1/\2>", text)
