"""How right the labels of a locator and of a classifier of errors are: scores on labelled sets, kept and quoted."""
