"""Questions about simple facts, filled from ``texts/facts.txt``; also follow-ups such as "And of Spain?"."""

from model_server.demo_training.corpus.almanac import almanac
from model_server.demo_training.corpus.names import place_name
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.texts import exchanges, sections
from model_server.demo_training.corpus.turns import Topic, Turn

UNKNOWN_COUNTRY_SHARE = 0.12

_UNKNOWN_CAPITAL = (
    "I do not know the capital of {thing}. I am only a small demonstration model.",
    "I do not know a country called {thing}, I am only a small model.",
)
_FICTIONAL = ("Atlantis", "Narnia", "Wakanda", "Mordor", "Gondor", "Utopia", "the Moon", "Mars", "Neverland")
_ONE_COUNTRY_PER_CITY = {"England": "the United Kingdom", "the USA": "the United States"}


def table(name: str) -> dict[str, str]:
    """Return a table of facts: things and their values."""
    rows = (row.split(": ", maxsplit=1) for row in sections("facts")[name].variants("="))
    return {thing: value for thing, value in rows}  # noqa: C416 - dict(rows) does not type: rows are lists


def _filled(source: Source, name: str, key: str, thing: str, value: str) -> Turn:
    """Return a question with the wordings under ``key``, and the table's answer."""
    section = sections("facts")[name]
    article = "an" if thing[0].lower() in "aeiou" else "a"
    upper = thing[0].upper() + thing[1:]
    asked = thing.removeprefix("the ") if name == "capitals" and source.chance(0.4) else thing
    if source.chance(0.15):
        asked = asked.lower()
    user = source.wording(section.variants(key), thing=asked, value=value, a=article, A=article.capitalize())
    answer = source.answer(section.all("A"), thing=thing, value=value, Thing=upper, a=article, A=article.capitalize())
    return Turn(user, answer.replace("..", "."), (value,))


def _table_fact(source: Source) -> Turn:
    """Return a question about one row of any table but the capitals."""
    name = source.pick(tuple(name for name in sections("facts") if name != "capitals"))
    thing, value = source.pick(tuple(table(name).items()))
    return _filled(source, name, "Q", thing, value)


def capital(source: Source) -> Turn:
    """Return a question for a capital; sometimes for a country that does not exist."""
    if source.chance(UNKNOWN_COUNTRY_SHARE):
        country = source.pick(_FICTIONAL) if source.chance(0.2) else place_name(source)
        user = source.wording(sections("facts")["capitals"].variants("Q"), thing=country)
        return Turn(user, source.answer(_UNKNOWN_CAPITAL, thing=country), ("do not know",))
    return _filled(source, "capitals", "Q", *source.pick(tuple(table("capitals").items())))


def capital_follow_up(source: Source) -> Turn:
    """Return a short question that is only clear after another capital was asked for."""
    return _filled(source, "capitals", "follow-up", *source.pick(tuple(table("capitals").items())))


def capital_of_which(source: Source) -> Turn:
    """Return the question which country a capital belongs to."""
    country, city = source.pick(tuple(table("capitals").items()))
    country = _ONE_COUNTRY_PER_CITY.get(country, country)
    turn = _filled(source, "capitals", "reverse", country, city)
    return Turn(turn.user, f"{city} is the capital of {country}.", (country,))


def general(source: Source) -> Turn:
    """Return a question of general knowledge."""
    return source.pick(exchanges("general_knowledge")).turn(source)


_KINDS: tuple[tuple[Topic, int], ...] = (
    (general, 10),
    (capital, 10),
    (capital_of_which, 3),
    (_table_fact, 14),
    (almanac, 5),
)
_WEIGHTED = tuple(kind for kind, weight in _KINDS for _ in range(weight))


def fact(source: Source) -> Turn:
    """Return a question about any simple fact."""
    return source.pick(_WEIGHTED)(source)
