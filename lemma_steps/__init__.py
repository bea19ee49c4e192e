"""Steps, prompts and checks of the LEMMA recipe. Importing this package imports nothing heavy."""
