"""Steps: where one unit of a solution ends and the next begins."""

from __future__ import annotations

from itertools import pairwise

from lemma_steps.segmentation.layout import lines, paragraphs, sentences
from lemma_steps.segmentation.mask import mask

__all__ = ["segment"]


def segment(text: str) -> list[str]:
    """Cut a solution into its steps.

    The writer's own layout decides: paragraphs where there are blank lines, else lines, else sentences. Formulas,
    environments, tables, drawings and code are never cut and never begin a step of their own after other text.

    Guaranteed for every text, however malformed (tests/test_segmentation.py):

    - `"".join(segment(text)) == text`. White space between two steps ends the first; leading white space begins step 1.
    - No step is empty or only white space, save that a text of white space is one step; `segment("") == []`.
    - The steps of a prefix are the first steps of the whole: `segment("".join(steps[:k])) == steps[:k]`. Hence a
      break of lines at the very end counts as a separator too: strip a complete solution of one paragraph, or it is
      taken for the first line of a longer one.
    - Time grows linearly with the length.
    """
    if not text.strip():
        return [text] if text else []
    masked = mask(text)
    for level in (paragraphs, lines, sentences):
        if cuts := list(level(text, masked)):
            break
    end = len(text.rstrip())
    bounds = [0, *(cut for cut in cuts if cut < end), len(text)]
    return [text[begin:stop] for begin, stop in pairwise(bounds)]
