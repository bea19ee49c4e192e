"""Results in the layout of the paper's tables, and where the graders differ."""
