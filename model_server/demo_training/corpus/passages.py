"""A passage and a question whose answer stands in it, alone or with follow-up questions; also the page's starter."""

from dataclasses import dataclass

from model_server.demo_training.corpus.almanac import DAYS, MONTHS
from model_server.demo_training.corpus.names import full_name, place_name
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.texts import Section, sections
from model_server.demo_training.corpus.turns import Turn

_FAMILIES = ("building", "building", "building", "journey", "shop")
_SENTENCE_SHARE = 0.85
_STARTER_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class _Question:
    """Ways to ask, the answer, and what the answer must contain: a slot, or in the starter a text."""

    wordings: tuple[str, ...]
    answer: str
    key: str


def _questions(section: Section) -> list[_Question]:
    rows = (line.split(" => ") for line in section.all("Q"))
    return [_Question(tuple(wordings.split(" | ")), answer, key) for wordings, answer, key in rows]


def _values(source: Source, family: Section) -> dict[str, str]:
    """Return a value for every slot."""
    words = sections("passages")["words"]
    year, opening = source.number(1650, 1960), source.number(0, 10)
    values = {kind: source.pick(words.variants(kind)) for kind in ("thing", "material", "animal", "role")}
    values |= {slot: place_name(source) for slot in ("place", "other_place")}
    values |= {slot: full_name(source) for slot in ("builder", "keeper", "friend")}
    values |= {"year": str(year), "later": str(year + source.number(5, 60))}
    values |= {"count": str(source.number(3, 400)), "other_count": str(source.number(2, 60))}
    values |= {"open": MONTHS[opening], "close": MONTHS[source.number(opening + 1, 11)], "day": source.pick(DAYS)}
    if family.all("kind"):
        fields = source.pick(family.all("kind")).split(" | ")
        values |= dict(zip(("noun", "verb", "steps", "guardian", "rest"), fields, strict=True))
        values["rest"] = values["rest"].format(**values)
    return values


def _written(source: Source, family: Section, values: dict[str, str]) -> tuple[str, list[_Question]]:
    """Return a passage of some or all sentences, and the questions that it answers."""
    first, *others = (line.split(" | ") for line in family.all("S"))
    kept = [first, *(wordings for wordings in others if source.chance(_SENTENCE_SHARE))]
    template = " ".join(source.pick(wordings) for wordings in kept)
    answered = [question for question in _questions(family) if "{" + question.key + "}" in template]
    return template.format(**values), answered


def passage_with_follow_ups(source: Source, fewest: int = 1, most: int = 4) -> tuple[Turn, ...]:
    """Return a passage with its question, then more questions about it."""
    if source.chance(_STARTER_SHARE):
        return _starter_with_follow_ups(source)
    family = sections("passages")[source.pick(_FAMILIES)]
    values = _values(source, family)
    text, questions = _written(source, family, values)
    turns: list[Turn] = []
    for _ in range(source.number(fewest, most)):
        question = source.pick(questions)
        asked = source.wording(question.wordings, **values)
        user = asked if turns else _opening(source).format(text=text, question=asked)
        turns.append(Turn(user, question.answer.format(**values), (values[question.key],)))
    return tuple(turns)


def _opening(source: Source) -> str:
    return source.pick(sections("passages")["openings"].all("Q"))


def passage(source: Source) -> Turn:
    """Return a passage with one question."""
    return passage_with_follow_ups(source)[0]


def starter(source: Source) -> Turn:
    """Return the long passage that the page offers, in its exact words, mostly with its own question."""
    section = sections("passages")["starter"]
    rows = _questions(section)
    row = rows[0] if source.chance(0.5) else source.pick(rows)
    opening = sections("passages")["openings"].all("Q")[0]
    return Turn(opening.format(text=section.one("text"), question=row.wordings[0]), row.answer, (row.key,))


def _starter_with_follow_ups(source: Source) -> tuple[Turn, ...]:
    rows = _questions(sections("passages")["starter"])
    more = (source.pick(rows) for _ in range(source.number(1, 3)))
    return (starter(source), *(Turn(row.wordings[0], row.answer, (row.key,)) for row in more))
