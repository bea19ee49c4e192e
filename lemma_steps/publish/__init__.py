"""Publishing on the Hugging Face Hub: the folder of a run as a dataset, and a trained model."""

from lemma_steps.publish.push import check_target, push_model, push_to_hub

__all__ = ["check_target", "push_model", "push_to_hub"]
