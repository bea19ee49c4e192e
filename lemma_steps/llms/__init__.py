"""Models: the offline teacher, and clients of real ones. Imports nothing: the engine below needs no distilabel."""
