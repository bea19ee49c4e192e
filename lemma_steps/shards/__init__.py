"""One run in N parts: what each part is, what it leaves, and how the parts become the result of one run.

Looked at first: `datasets.Dataset.shard` cuts a set and knows neither the questions of other shards nor the order of what
came of them; distilabel has no shards, and its Ray pipeline waits for batches; datatrove's tasks each own a file of their
input, so that their number is that of the files. None of them can say whether all parts are there and fit.
"""
