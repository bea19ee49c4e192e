"""Benchmark sets: where their rows come from, and whether they are the published ones."""
