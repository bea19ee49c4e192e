"""Reading what lm-eval wrote."""
