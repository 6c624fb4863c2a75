"""Answers that are long, to see streaming and to try Stop: counting, stories, poems, lists, tables."""

import string
from collections.abc import Sequence

from model_server.demo_training.corpus import stories
from model_server.demo_training.corpus.almanac import DAYS, MONTHS, PLANETS
from model_server.demo_training.corpus.facts import table as fact_table
from model_server.demo_training.corpus.names import formal_name
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.texts import sections
from model_server.demo_training.corpus.turns import Topic, Turn

_COUNT = (
    *(
        "Count from {first} to {last}.",
        "Count from {first} up to {last}.",
        "Please count from {first} to {last}.",
        "count {first} to {last}",
    ),
    *(
        "Write the numbers from {first} to {last}.",
        "List the numbers from {first} to {last}.",
        "Can you count from {first} to {last}?",
    ),
    "Say all numbers from {first} to {last}.",
)
_COUNT_TO = (
    "Count to {last}.",
    "Can you count to {last}?",
    "count up to {last}",
    "Please count to {last}.",
    "Could you count to {last}?",
)
_COUNT_DOWN = (
    "Count down from {last}.",
    "Count backwards from {last}.",
    "Count from {last} to 1.",
    "Count down from {last} to 1.",
    "Do a countdown from {last}.",
)


_ALPHABET = (
    *("Say the alphabet.", "What is the alphabet?", "Write the alphabet.", "List the letters of the alphabet."),
    "Recite the alphabet.",
)
_PLANETS_TABLE = (
    *("Make a table of the planets.", "Show the planets in a table.", "a table of the planets"),
    "Put the planets in a table.",
)
_CAPITALS_TABLE = (
    *("Make a table of the capitals of {listed}.", "Show the capitals of {listed} in a table."),
    *("A table with the capitals of {listed}, please.", "Put the capitals of {listed} in a table."),
)
_ANY_TABLE = (
    *("Show me a Markdown table.", "Make a table.", "Write a markdown table.", "Can you make a table?"),
    "Make an example table.",
)
_LISTS = (
    (
        DAYS,
        (
            *(
                "List the days of the week.",
                "Name the days of the week.",
                "What are the days of the week?",
                "days of the week",
            ),
            "Tell me the days of the week.",
        ),
    ),
    (
        MONTHS,
        (
            *(
                "List the months.",
                "Name the months of the year.",
                "What are the months?",
                "List all months of the year.",
            ),
            "Tell me the months of the year.",
        ),
    ),
    (
        PLANETS,
        (
            *("List the planets.", "Name the planets.", "What are the planets?", "Which planets are there?"),
            "Tell me the planets of the solar system.",
        ),
    ),
)


def count(source: Source) -> Turn:
    """Return a wish to count, up or down, at most to 100."""
    form = source.random.random()
    last = source.pick((10, 20, 30, 50, 100, 100)) if source.chance(0.45) else source.number(2, 100)
    if form < 0.2:
        last = min(last, 30)
        numbers = range(last, 0, -1)
        user = source.wording(_COUNT_DOWN, last=last)
    elif form < 0.5:
        numbers = range(1, last + 1)
        user = source.wording(_COUNT_TO, last=last)
    else:
        first = 1 if source.chance(0.5) else source.number(max(0, last - 25), last - 1)
        numbers = range(first, last + 1)
        user = source.wording(_COUNT, first=first, last=last)
    answer = ", ".join(map(str, numbers)) + "."
    return Turn(user, answer, (answer,))


def story(source: Source) -> Turn:
    """Return a wish for a story, with or without a hero."""
    texts, form = sections("stories"), source.random.random()
    hero = stories.hero(source)
    if form < 0.5:
        return Turn(source.wording(texts["any story"].variants("Q")), stories.story(source, hero), ("end",))
    if form < 0.65:
        text = stories.story(source, hero, is_short=True)
        return Turn(source.wording(texts["short story"].variants("Q")), text, ("end",))
    if form < 0.85:
        user = source.wording(texts["story about"].variants("Q"), hero=hero)
        return Turn(user, stories.story(source, hero), (hero, "end"))
    name = formal_name(source)
    user = source.wording(texts["story about named"].variants("Q"), hero=hero, name=name)
    return Turn(user, stories.story(source, hero, name), (hero, name, "end"))


def poem(source: Source) -> Turn:
    """Return a wish for a poem: any, about a known subject, or about one of which no poem is known."""
    texts, form = sections("stories"), source.random.random()
    subject, text = source.pick(texts["poems"].lines)
    if form < 0.4:
        return Turn(source.wording(texts["poem"].variants("Q")), text)
    questions = texts["poem about"].variants("Q")
    if form < 0.85:
        return Turn(source.wording(questions, subject=subject), text, (text.split("\n")[0],))
    user = source.wording(questions, subject=source.pick(texts["words"].variants("other")))
    return Turn(user, f"I know no poem about that, but here is another:\n\n{text}", ("no poem",))


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def bullet_list(source: Source) -> Turn:
    """Return a wish for a list of days, months or planets."""
    items, questions = source.pick(_LISTS)
    return Turn(source.wording(questions), _bullets(items), tuple(items))


def alphabet(source: Source) -> Turn:
    """Return a wish for the alphabet."""
    answer = ", ".join(string.ascii_uppercase) + "."
    return Turn(source.wording(_ALPHABET), answer, (answer,))


def _capitals_table(countries: Sequence[str]) -> str:
    capitals = fact_table("capitals")
    rows = "\n".join(f"| {country.removeprefix('the ')} | {capitals[country]} |" for country in countries)
    return f"| Country | Capital |\n| --- | --- |\n{rows}"


def table_of_planets(source: Source) -> Turn:
    """Return a wish for a Markdown table of the planets."""
    rows = "\n".join(f"| {place} | {planet} |" for place, planet in enumerate(PLANETS, 1))
    return Turn(source.wording(_PLANETS_TABLE), f"| Number | Planet |\n| --- | --- |\n{rows}", PLANETS)


def table_of_capitals(source: Source) -> Turn:
    """Return a wish for a Markdown table of the capitals of two to four countries."""
    capitals = fact_table("capitals")
    given = source.random.sample(tuple(capitals), source.number(2, 4))
    *firsts, last = (country.removeprefix("the ") for country in given)
    user = source.wording(_CAPITALS_TABLE, listed=f"{', '.join(firsts)} and {last}")
    return Turn(user, _capitals_table(given), tuple(capitals[country] for country in given))


def any_table(source: Source) -> Turn:
    """Return a wish for some Markdown, without saying of what."""
    given = source.random.sample(tuple(fact_table("capitals")), 5)
    return Turn(source.wording(_ANY_TABLE), _capitals_table(given), ("| --- |",))


_LONG: tuple[Topic, ...] = (count, count, story, story)
_LISTS_AND_POEMS: tuple[Topic, ...] = (
    *(
        bullet_list,
        bullet_list,
        alphabet,
        table_of_planets,
        table_of_capitals,
        table_of_capitals,
        any_table,
        poem,
        poem,
    ),
    count,
)


def long_answer(source: Source) -> Turn:
    """Return a wish for a very long answer."""
    return source.pick(_LONG)(source)


def list_or_poem(source: Source) -> Turn:
    """Return a wish for an answer of many lines."""
    return source.pick(_LISTS_AND_POEMS)(source)
