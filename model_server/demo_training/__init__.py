"""Makes the built-in model: the text it learns from, its tokenizer, its training and its evaluation.

Nothing here runs when Twinstream serves; the result lies in ``model_server/demo_model/``.
"""
