"""Questions outside what the model knows, so that it learns to say so instead of inventing an answer."""

from model_server.demo_training.corpus.names import first_name, full_name, invented_word, place_name
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.texts import sections
from model_server.demo_training.corpus.turns import Turn

_FILLED_FROM_LISTS = (
    *("thing", "subject", "task", "language", "sentence", "word", "event", "product", "dish", "title", "illness"),
    *("things", "verb", "code", "equation"),
)


def _famous(source: Source) -> str:
    return source.pick(sections("fallback")["words"].variants("famous"))


def fallback(source: Source) -> Turn:
    """Return a question from outside the model's world with an answer that says so."""
    texts = sections("fallback")
    words = texts["words"]
    fields: dict[str, object] = {kind: source.pick(words.variants(kind)) for kind in _FILLED_FROM_LISTS}
    fields |= {
        "person": source.pick((_famous, full_name, full_name, first_name))(source),
        "name": first_name(source),
        "place": source.pick(words.variants("country")) if source.chance(0.4) else place_name(source),
        "place2": place_name(source),
        "subject2": source.pick(words.variants("subject")),
        "nonsense": invented_word(source, 1, 3),
        "nonsense2": invented_word(source, 1, 3),
        "number": source.number(2, 200),
        "number2": source.number(2, 900),
        "year": source.number(1200, 2030),
    }
    if source.chance(0.15):
        fields["thing"] = invented_word(source, 2, 3)
    user = source.wording(texts["questions"].variants("Q"), **fields)
    return Turn(user, source.pick(texts["answers"].all("A")), ("not know",))
