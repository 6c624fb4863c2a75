"""Small talk: hello, thanks, goodbye, who are you, what can you do, a joke, and short reactions."""

from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.texts import sections
from model_server.demo_training.corpus.turns import Turn

_IDENTITY = ("who", "who", "abilities", "own_tastes", "joke")


def small_talk(source: Source) -> Turn:
    """Return a greeting, a thank-you, a goodbye or a short reaction."""
    names = tuple(name for name in sections("small_talk") if name not in _IDENTITY)
    return sections("small_talk")[source.pick(names)].exchange().turn(source)


def identity(source: Source) -> Turn:
    """Return a question about the model itself, or the wish for a joke."""
    return sections("small_talk")[source.pick(_IDENTITY)].exchange().turn(source)


def hello(source: Source) -> Turn:
    """Return a greeting."""
    return sections("small_talk")["hello"].exchange().turn(source)
