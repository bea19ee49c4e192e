"""Publishing a result folder on the Hugging Face Hub."""

from lemma_steps.publish.push import check_target, push_to_hub

__all__ = ["check_target", "push_to_hub"]
