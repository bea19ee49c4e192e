"""Step: prefix, reflection and correction become one training target."""

from __future__ import annotations

from lemma_steps import prompts
from lemma_steps.steps.base import Row, RowStep
from lemma_steps.trajectory import join


class JoinTrajectory(RowStep):
    """Joins the parts by code, so that the erroneous prefix is verbatim by construction (design, principle 2).

    Smoothed parts are taken where there are any, else the drafts.

    Attributes:
        masked: mark the wrong step's segment as not trained on.

    Input columns:
        - question, erroneous_prefix, draft_reflection, draft_correction (`str`): the parts.
        - error_begin, error_end (`int`): where the wrong step stands.

    Output columns:
        - reflection, correction, output (`str`): `output` is prefix + reflection + correction.
        - instruction, input (`str`): Alpaca layout; the bare question, and nothing.
        - segments (`list[dict]`): `{label, text}`; joined they are the prompt followed by the output.

    Categories:
        - columns
    """

    masked: bool = False

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "erroneous_prefix", "draft_reflection", "draft_correction", "error_begin", "error_end"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["reflection", "correction", "output", "instruction", "input", "segments"]

    async def process_row(self, row: Row) -> Row:
        """Join and lay out."""
        reflection, correction = join(
            row["erroneous_prefix"],
            row.get("smooth_reflection") or row["draft_reflection"],
            row.get("smooth_correction") or row["draft_correction"],
        )
        output = row["erroneous_prefix"] + reflection + correction
        untrained = (row["error_begin"], row["error_end"]) if self.masked else None
        return {
            **row,
            "reflection": reflection,
            "correction": correction,
            **laid_out(row["question"], output, untrained),
        }


def laid_out(question: str, output: str, untrained: tuple[int, int] | None = None) -> Row:
    """The columns of a training target: Alpaca layout, and segments with those of `output[begin:end]` not trained on."""
    begin, end = untrained or (0, 0)
    parts = [(True, output[:begin]), (False, output[begin:end]), (True, output[end:])]
    prompt = {"label": False, "text": prompts.inference_prompt(question)}
    segments = [prompt, *({"label": label, "text": text} for label, text in parts if text)]
    return {"output": output, "instruction": question, "input": "", "segments": segments}
