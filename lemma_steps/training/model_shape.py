"""The sizes of a model that decide how much memory its training takes, counted without its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from lemma_steps.errors import RefusedError

_ADAPTED_BY_DEFAULT = ("q_proj", "v_proj")


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Counts of a causal language model; a parameter that two layers share counts once.

    `adapter_parameters` is what LoRA adds under the configuration, 0 without an adapter.
    """

    parameters: int
    adapter_parameters: int
    layers: int
    hidden: int
    intermediate: int
    vocabulary: int

    @classmethod
    def of(cls, base_model: str, config: Mapping[str, Any]) -> Self:
        """That of a model on this machine or on the Hub; only its `config.json` is read.

        Raises:
            RefusedError: it cannot be found, or transformers does not know its kind.
        """
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM

        try:
            described = AutoConfig.from_pretrained(base_model, revision=config.get("revision_of_model"))
            with torch.device("meta"):
                model = AutoModelForCausalLM.from_config(described)
        except (OSError, ValueError, KeyError) as error:
            said = str(error).strip().splitlines()[0]
            raise RefusedError(
                f"base model {base_model}: {said}; give --base-model a folder or a name on the Hub (`hf auth login` "
                "where its licence asks for it; recipes/smoke_model.py makes the smoke model)"
            ) from None
        adapter = 0
        if config.get("adapter"):
            rank = int(config.get("lora_r") or 8)
            every = config.get("lora_target_linear")
            targets = tuple(config.get("lora_target_modules") or _ADAPTED_BY_DEFAULT)
            for name, module in model.named_modules():
                last = name.rsplit(".", 1)[-1]
                if isinstance(module, torch.nn.Linear) and (last in targets or (every and last != "lm_head")):
                    adapter += rank * (module.in_features + module.out_features)
        text = described.get_text_config()
        return cls(
            model.num_parameters(),
            adapter,
            text.num_hidden_layers,
            text.hidden_size,
            getattr(text, "intermediate_size", None) or 4 * text.hidden_size,
            text.vocab_size,
        )
