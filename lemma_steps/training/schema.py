"""What Axolotl does not look at before it trains: keys that nobody knows, optimisers and strategies that do not exist."""

from __future__ import annotations

import copy
import difflib
import importlib
import json
import os
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from lemma_steps.errors import RefusedError

_GPU = {"bf16": True, "n_gpu": 8, "n_node": 1, "compute_capability": "sm_90", "fp8": True, "tf32": True}
"""The GPU that a file is read for; this machine need not have one."""

_BUILT_BY_NOBODY = {"ao_adamw_4bit", "ao_adamw_8bit"}
"""Optimisers in Axolotl's list for which it has no code: they pass its schema and end the run once the model is loaded."""

_OPTIMISER_ARGUMENTS = {f"adamw_torch_{bits}bit": {"block_size", "bf16_stochastic_round"} for bits in (4, 8)}
"""What transformers reads of `optim_args`; other names are dropped without a word."""


def check_config(config: Mapping[str, Any], where: str) -> None:
    """Refuse a configuration that Axolotl would misread, or would refuse itself.

    Axolotl drops unknown keys at every depth, takes any string for `optimizer`, and any for a dataset's `type`. Needs the
    training environment (importing Axolotl takes some 20 s); leaves `config` as it is.

    Args:
        config: the YAML's content.
        where: its file, for the message.

    Raises:
        RefusedError: a key is unknown; an optimiser, scheduler, prompt strategy, plugin or DeepSpeed file does not exist;
            or Axolotl's own schema says no, in its words.
    """
    os.environ.setdefault("AXOLOTL_DO_NOT_TRACK", "1")
    try:
        from axolotl.utils.config import prepare_plugins, validate_config
        from axolotl.utils.dict import DictDefault
    except ImportError as error:
        raise RefusedError(
            f"{where}: Axolotl is not here ({error}); use Python 3.12 and uv sync --extra train"
        ) from None
    _check_plugins(config, where)
    for name in _unknown(config, _allowed(config), ()):
        raise RefusedError(f"{where}: {name}")
    _check_names(config, where)
    for entry in config.get("datasets") or []:
        _check_strategy(entry.get("type"), where)
    _check_deepspeed(config.get("deepspeed"), where)
    try:
        ours = DictDefault(copy.deepcopy(dict(config)))
        prepare_plugins(ours)
        validate_config(ours, capabilities=dict(_GPU), env_capabilities={"torch_version": _torch_version()})
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"]))
        raise RefusedError(f"{where}: {at}: {first['msg']}".replace(": : ", ": ").replace("\n", " ")) from None
    except (ValueError, OSError) as error:
        raise RefusedError(f"{where}: {str(error).splitlines()[0]}") from None


def _torch_version() -> str:
    import torch

    return torch.__version__.split("+")[0]


def _allowed(config: Mapping[str, Any]) -> list[type[BaseModel]]:
    """Axolotl's schema, and what the plugins of this configuration (not of those read before it) add to it."""
    from axolotl.integrations.base import get_builtin_plugins, load_plugin
    from axolotl.utils.schemas.config import AxolotlInputConfig

    models: list[type[BaseModel]] = [AxolotlInputConfig]
    for name in [*get_builtin_plugins(), *(config.get("plugins") or [])]:
        arguments = load_plugin(name).get_input_args()
        if arguments:
            module, _, model = arguments.rpartition(".")
            models.append(getattr(importlib.import_module(module), model))
    return models


def _unknown(value: Mapping[str, Any], models: Iterable[type[BaseModel]], at: tuple[str, ...]) -> Iterator[str]:
    """One message for each key of a mapping, at any depth, that none of the models has."""
    fields = {name: field for model in models for name, field in _fields(model)}
    for key, inner in value.items():
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, n=1)
            yield f"{'.'.join((*at, str(key)))}: Axolotl knows no such key" + (f"; {near[0]} is meant?" if near else "")
            continue
        below = list(_models(fields[key].annotation))
        if key == "datasets" and not value.get("rl"):
            below = below[:1]  # the other kinds of entry are for reinforcement learning
        entries = inner if isinstance(inner, list) else [inner]
        for number, entry in enumerate(entries):
            if below and isinstance(entry, Mapping):
                place = (*at, f"{key}[{number}]" if isinstance(inner, list) else key)
                yield from _unknown(entry, below, place)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        yield name, field
        choices = getattr(field.validation_alias, "choices", [field.validation_alias, field.alias])
        yield from ((alias, field) for alias in choices if isinstance(alias, str))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a key's value may be; none where any mapping will do."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType, list, typing.Annotated):
        for inner in typing.get_args(annotation):
            yield from _models(inner)


def _check_plugins(config: Mapping[str, Any], where: str) -> None:
    from axolotl.integrations.base import load_plugin

    for name in config.get("plugins") or []:
        try:
            load_plugin(name)
        except (ImportError, AttributeError, ValueError) as error:
            raise RefusedError(
                f"{where}: plugins: {name} cannot be imported ({error}); correct its dotted path"
            ) from None


def _check_names(config: Mapping[str, Any], where: str) -> None:
    """Names that Axolotl's schema takes as they come, and that nobody looks up before the model is loaded."""
    from axolotl.utils.schemas.enums import CustomSupportedOptimizers
    from transformers.trainer_utils import SaveStrategy, SchedulerType
    from transformers.training_args import OptimizerNames

    known = {
        "optimizer": {each.value for each in (*CustomSupportedOptimizers, *OptimizerNames)} - _BUILT_BY_NOBODY,
        "lr_scheduler": {each.value for each in SchedulerType} | {"one_cycle", "rex"},
        "save_strategy": {each.value for each in SaveStrategy},
    }
    for key, names in known.items():
        name = config.get(key)
        if name is not None and name not in names:
            near = difflib.get_close_matches(str(name), names, n=1)
            raise RefusedError(
                f"{where}: {key}: {name} is unknown to Axolotl" + (f"; {near[0]} is meant?" if near else "")
            )
    arguments, read = config.get("optim_args"), _OPTIMISER_ARGUMENTS.get(str(config.get("optimizer")), set())
    for key in arguments if isinstance(arguments, Mapping) and read else ():
        if key not in read:
            raise RefusedError(f"{where}: optim_args.{key}: {config['optimizer']} takes {' and '.join(sorted(read))}")


def _check_strategy(strategy: Any, where: str) -> None:
    """A `type` is a module with a `load`: of ours by its dotted path, of Axolotl's by its name."""
    if isinstance(strategy, Mapping):
        return
    if isinstance(strategy, str) and strategy:
        for name in (strategy, f"axolotl.prompt_strategies.{strategy}"):
            try:
                if hasattr(importlib.import_module(name), "load"):
                    return
            except ModuleNotFoundError:
                continue
    raise RefusedError(
        f"{where}: datasets: type {strategy}: no such prompt strategy; use lemma_steps.training.response, "
        "lemma_steps.training.masked_response or lemma_steps.training.published"
    )


def _check_deepspeed(deepspeed: Any, where: str) -> None:
    if not isinstance(deepspeed, str):
        return
    try:
        json.loads(Path(deepspeed).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RefusedError(
            f"{where}: deepspeed: {deepspeed} cannot be read ({error}); start from the checkout, or give its whole path"
        ) from None
