"""The steps of the recipe, each usable in any distilabel pipeline."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from lemma_steps.errors import RefusedError
from lemma_steps.steps.allot_solutions import AllotSolutions
from lemma_steps.steps.answer_filter import AnswerFilter
from lemma_steps.steps.append_reflection import AppendReflection
from lemma_steps.steps.apply_review import ApplyReview
from lemma_steps.steps.audit_injection import AuditInjection
from lemma_steps.steps.audit_trajectory import AuditTrajectory
from lemma_steps.steps.classify_errors import ClassifyErrors
from lemma_steps.steps.close_solution import CloseSolution
from lemma_steps.steps.compare_checkers import CompareCheckers
from lemma_steps.steps.decontaminate import Decontaminate
from lemma_steps.steps.deduplicate import Deduplicate
from lemma_steps.steps.error_type_sampler import ErrorTypeSampler
from lemma_steps.steps.explain_answer import ExplainAnswer
from lemma_steps.steps.find_gold import FindGold
from lemma_steps.steps.fix_continue import FixContinue
from lemma_steps.steps.format_record import FormatRecord
from lemma_steps.steps.fresh_restart import FreshRestart
from lemma_steps.steps.gold_solutions import GoldSolutions
from lemma_steps.steps.initial_answers import InitialAnswers
from lemma_steps.steps.inject_error import InjectError
from lemma_steps.steps.injection_filter import InjectionFilter
from lemma_steps.steps.join_trajectory import JoinTrajectory
from lemma_steps.steps.join_verification import JoinVerification
from lemma_steps.steps.load_labelled import LoadLabelled
from lemma_steps.steps.load_problems import LoadProblems
from lemma_steps.steps.load_rows import LoadRows
from lemma_steps.steps.load_samples import LoadSamples
from lemma_steps.steps.load_solutions import LoadSolutions
from lemma_steps.steps.locate_first_error import LocateFirstError
from lemma_steps.steps.push_to_argilla import PushToArgilla
from lemma_steps.steps.reflect_on_solution import ReflectOnSolution
from lemma_steps.steps.right_samples import RightSamples
from lemma_steps.steps.sample_student import SampleStudent
from lemma_steps.steps.score_samples import ScoreSamples
from lemma_steps.steps.smooth import Smooth
from lemma_steps.steps.solve_problem import SolveProblem
from lemma_steps.steps.truncate_at_error import TruncateAtError

__all__ = [
    "AllotSolutions",
    "AnswerFilter",
    "AppendReflection",
    "ApplyReview",
    "AuditInjection",
    "AuditTrajectory",
    "ClassifyErrors",
    "CloseSolution",
    "CompareCheckers",
    "Decontaminate",
    "Deduplicate",
    "ErrorTypeSampler",
    "ExplainAnswer",
    "FindGold",
    "FixContinue",
    "FormatRecord",
    "FreshRestart",
    "GoldSolutions",
    "InitialAnswers",
    "InjectError",
    "InjectionFilter",
    "JoinTrajectory",
    "JoinVerification",
    "LoadLabelled",
    "LoadProblems",
    "LoadRows",
    "LoadSamples",
    "LoadSolutions",
    "LocateFirstError",
    "PushToArgilla",
    "ReflectOnSolution",
    "RightSamples",
    "SampleStudent",
    "ScoreSamples",
    "Smooth",
    "SolveProblem",
    "TruncateAtError",
    "connect",
    "make",
    "step_name",
]


def step_name(step: type) -> str:
    """The name of a step in a pipeline and in `rejected_by`: its class in snake case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", step.__name__).lower()


def make(step: type, name: str, options: dict[str, Any]) -> Any:
    """The step with these options.

    Raises:
        RefusedError: an option is unknown or has a value that the step does not take.
    """
    try:
        return step(name=name, **options)
    except ValidationError as error:
        first = error.errors()[0]
        option = ".".join(map(str, first["loc"]))
        known = ", ".join(sorted(set(step.model_fields) - _OF_DISTILABEL))  # type: ignore[attr-defined]
        raise RefusedError(f"steps.{name}.{option}: {first['msg']}; this step takes {known}") from None


def connect(chain: Sequence[tuple[type, dict[str, Any]]], parameters: Mapping[str, dict[str, Any]]) -> None:
    """Make the steps of a linear chain in the open `Pipeline`; `parameters` of a step, by name, come over its options.

    A step that is in the chain twice has a `name` among the options of one.

    Raises:
        RefusedError: as `make`, and for parameters of a step that is not in the chain.
    """
    names = [options.get("name", step_name(step)) for step, options in chain]
    if unknown := set(parameters) - set(names):
        raise RefusedError(f"steps.{min(unknown)}: no such step; the steps are {', '.join(sorted(names))}")
    made = [
        make(
            step, name, {**{key: value for key, value in options.items() if key != "name"}, **parameters.get(name, {})}
        )
        for name, (step, options) in zip(names, chain, strict=True)
    ]
    for one, following in pairwise(made):
        one >> following


_OF_DISTILABEL = {
    *("name", "resources", "pipeline", "input_mappings", "output_mappings", "use_cache", "exclude_from_signature"),
    *("group_generations", "add_raw_output", "add_raw_input", "num_generations", "use_default_structured_output"),
    *("input_batch_size", "batch_size", "runtime_parameters_names", "llm"),
}
