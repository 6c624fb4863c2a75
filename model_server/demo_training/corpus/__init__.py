"""The text that the built-in model learns from, made by this package, one topic per file.

``dialogue.py`` puts the topics together to conversations; every other file gives single turns.
"""
