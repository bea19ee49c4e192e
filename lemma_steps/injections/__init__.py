"""Checks of an injected wrong solution, each from question, gold solution, solution and mark alone."""

from lemma_steps.injections.checks import CHECKS, check_injection
from lemma_steps.injections.classifier import classify
from lemma_steps.injections.finding import Finding
from lemma_steps.injections.injection import Injection
from lemma_steps.injections.single_error import earlier_false_equation

__all__ = ["CHECKS", "Finding", "Injection", "check_injection", "classify", "earlier_false_equation"]
