"""Evaluation with lm-eval: data, tasks, graders, and what is computed from their results."""
