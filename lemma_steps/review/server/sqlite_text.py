"""Words that a reviewer types into the search box, as expressions of SQLite's full-text index."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

_LETTERS, _WORDS = 5_000, 50  # what a search reads: each word costs time, and SQLite refuses some 1,000 of them
_TOKEN = re.compile(r'(?P<sign>[-+]?)"(?P<phrase>[^"]+)"|(?P<word>[^\s"]+)')


@dataclass(frozen=True, slots=True)
class TextSearch:
    """A search as Elasticsearch's simple query string knows it: `two words`, `"a phrase"`, `begin*`, `-not`, `this | that`.

    `all_of` and `none_of` are FTS5 expressions in which everything typed is quoted, so none of it is read as FTS5's syntax.
    """

    all_of: tuple[str, ...]
    none_of: tuple[str, ...]

    @classmethod
    def of(cls, typed: str) -> TextSearch:
        """Read what was typed; what has no letter or digit in it is passed over, as by the index.

        Of a text pasted whole the first fifty words count.
        """
        wanted: list[str] = []
        unwanted: list[str] = []
        either = False
        typed = typed[:_LETTERS].replace("\0", " ")  # FTS5 would read no further
        for token in islice(_TOKEN.finditer(typed), _WORDS):
            if token["word"] == "|":
                either = True
                continue
            sign, word = token["sign"] or "", token["phrase"] or token["word"]
            if token["word"] and word[0] in "-+" and len(word) > 1:
                sign, word = word[0], word[1:]
            begins = "*" if token["word"] and word.endswith("*") else ""
            expression = f'"{word}"{begins}'  # the pattern leaves no quotation mark in a word
            if not re.search(r"[^\W_]", word):
                continue
            if sign == "-":
                unwanted.append(expression)
            elif either and wanted:
                wanted[-1] += f" OR {expression}"
            else:
                wanted.append(expression)
            either = False
        return cls(tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted)))
