"""The figures of `report.html` as PNGs, for papers and cards: one module for each kind."""

from lemma_steps.output.figures.drawn import draw_figures, figure_names

__all__ = ["draw_figures", "figure_names"]
