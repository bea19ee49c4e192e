"""What an lm-eval task of ours is made of: documents, prompts, replies."""
