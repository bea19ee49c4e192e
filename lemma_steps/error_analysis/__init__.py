"""Error types of models: samples in any layout, classified, counted per model and source, compared."""
