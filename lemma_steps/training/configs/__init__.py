"""Axolotl configurations, rendered from one base so that none of them can drift."""
