"""How often a model turns back on its own work, and what comes of it."""
