"""The closed loop: data, training and evaluation as stages, and one table of what they show."""
