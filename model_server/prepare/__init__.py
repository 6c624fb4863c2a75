"""`python -m model_server prepare`: a complete model on a volume, or one sentence that says what is missing."""
