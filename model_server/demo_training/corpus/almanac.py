"""The order of days, months and planets, and how long a month is."""

from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.turns import Turn

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
PLANETS = ("Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune")

_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
_SERIES = ((DAYS, "day", "of the week"), (MONTHS, "month", "of the year"), (PLANETS, "planet", "from the sun"))
_AFTER = (
    *("Which {noun} comes after {name}?", "What {noun} comes after {name}?", "What comes after {name}?"),
    *("which {noun} follows {name}", "What is the {noun} after {name}?"),
)
_BEFORE = (
    *("Which {noun} comes before {name}?", "What {noun} comes before {name}?", "What comes before {name}?"),
    "What is the {noun} before {name}?",
)
_NUMBERED = (
    *("What is the {ordinal} {noun} {whole}?", "Which {noun} is the {ordinal} {whole}?", "the {ordinal} {noun}?"),
    "Name the {ordinal} {noun} {whole}.",
)
_LENGTH = (
    *("How many days does {month} have?", "How many days are in {month}?", "How long is {month}?"),
    "How many days has {month}?",
)


def almanac(source: Source) -> Turn:
    """Return a question about a day, a month or a planet."""
    names, noun, whole = source.pick(_SERIES)
    place = source.number(0, len(names) - 1)
    if names is MONTHS and source.chance(0.25):
        return _month_length(source, place)
    is_circle = names is not PLANETS
    form = source.number(0, 2)
    if form == 0 and (is_circle or place < len(names) - 1):
        return _neighbour(
            source, _AFTER, noun, names[place], f"After {{name}} comes {names[(place + 1) % len(names)]}."
        )
    if form == 1 and (is_circle or place > 0):
        return _neighbour(source, _BEFORE, noun, names[place], f"Before {{name}} comes {names[place - 1]}.")
    user = source.wording(_NUMBERED, ordinal=_ORDINALS[place], noun=noun, whole=whole)
    return Turn(user, f"The {_ORDINALS[place]} {noun} {whole} is {names[place]}.", (names[place],))


def _neighbour(source: Source, questions: tuple[str, ...], noun: str, name: str, answer: str) -> Turn:
    text = answer.format(name=name)
    return Turn(source.wording(questions, noun=noun, name=name), text, (text.split(" comes ")[1],))


def _month_length(source: Source, place: int) -> Turn:
    length = _MONTH_LENGTHS[place]
    leap = ", and 29 in a leap year" if length == 28 else ""
    return Turn(
        source.wording(_LENGTH, month=MONTHS[place]), f"{MONTHS[place]} has {length} days{leap}.", (str(length),)
    )
