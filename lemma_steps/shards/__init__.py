"""One run in N parts: what each part is, what it leaves, and how the parts become the result of one run."""
