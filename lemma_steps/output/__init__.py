"""What a run leaves behind: the rows, the report, the dataset card."""

from lemma_steps.output.card import render_card
from lemma_steps.output.record import KEPT_SCHEMA, REJECTED_SCHEMA, normalise
from lemma_steps.output.report import render_report
from lemma_steps.output.result import write_result
from lemma_steps.output.summary import Summary
from lemma_steps.output.writer import DatasetWriter

__all__ = [
    "KEPT_SCHEMA",
    "REJECTED_SCHEMA",
    "DatasetWriter",
    "Summary",
    "normalise",
    "render_card",
    "render_report",
    "write_result",
]
