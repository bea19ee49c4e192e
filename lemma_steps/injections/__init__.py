"""Checks of an injected wrong solution, each from question, gold solution, solution and mark alone."""

from lemma_steps.injections.classifier import classify

__all__ = ["classify"]
