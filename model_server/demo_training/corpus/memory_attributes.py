"""What a person may tell about themselves, with its wordings from ``texts/memory.txt`` and a maker of values."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from model_server.demo_training.corpus.almanac import MONTHS
from model_server.demo_training.corpus.names import first_name, formal_name, invented_word, place_name
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.texts import sections

_KNOWN_CITIES = (
    *("Paris", "Berlin", "Rome", "London", "Madrid", "Oslo", "Tokyo", "Lima", "Cairo", "New York", "Boston", "Dublin"),
    *("Vienna", "Hamburg", "Delhi"),
)
_JOBS = (
    *("teacher", "doctor", "baker", "farmer", "pilot", "painter", "nurse", "sailor", "gardener", "cook", "driver"),
    *("lawyer", "singer", "writer", "plumber", "student", "designer", "carpenter", "librarian", "dentist"),
)
_COLOURS = (
    *("red", "blue", "green", "yellow", "orange", "purple", "pink", "brown", "black", "white", "grey", "turquoise"),
    *("silver", "gold", "violet", "cyan"),
)
_ANIMALS = (
    *("cat", "dog", "horse", "tiger", "lion", "owl", "fox", "wolf", "bear", "rabbit", "elephant", "dolphin", "penguin"),
    *("otter", "panda", "giraffe", "hedgehog"),
)
_FOODS = (
    *("pizza", "pasta", "soup", "rice", "salad", "curry", "bread", "sushi", "cheese", "ice cream", "chocolate"),
    *("pancakes", "noodles", "tacos", "apple pie"),
)
_HOBBIES = (
    *("reading", "swimming", "chess", "painting", "hiking", "cooking", "dancing", "football", "tennis", "gardening"),
    *("photography", "sailing"),
)
_RELATIONS = ("cat", "dog", "sister", "brother", "friend", "boss", "mother", "daughter", "son", "horse")
_INVENTED_SHARE = 0.25

Value = Callable[[Source], str]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing to remember. The last wording of ``tell`` and of ``ask`` is held out; ``{v}`` is the value."""

    noun: str
    value: Value
    tell: tuple[str, ...]
    ask: tuple[str, ...]
    statement: str
    acknowledge: tuple[str, ...]


def _listed(options: tuple[str, ...]) -> Value:
    """Return a maker of values: mostly from a list, sometimes invented, so that they must be copied."""

    def value(source: Source) -> str:
        return source.draw(
            lambda: invented_word(source, 2, 3) if source.chance(_INVENTED_SHARE) else source.pick(options)
        )

    return value


def _job(source: Source) -> str:
    return source.pick(_JOBS)


def _city(source: Source) -> str:
    return source.draw(lambda: source.pick(_KNOWN_CITIES)) if source.chance(0.3) else place_name(source)


def _age(source: Source) -> str:
    return str(source.number(6, 99))


def _number(source: Source) -> str:
    return source.draw(lambda: str(source.number(1, 9999) if source.chance(0.5) else source.number(1, 99)))


def _word(source: Source) -> str:
    return source.draw(lambda: invented_word(source, 1, 3))


def _birthday(source: Source) -> str:
    return f"{source.number(1, 30)} {source.pick(MONTHS)}"


_OWN: dict[str, Value] = {
    "name": first_name,
    "city": _city,
    "job": _job,
    "age": _age,
    "number": _number,
    "word": _word,
    "likes": _listed(_FOODS + _HOBBIES),
    "birthday": _birthday,
}
_FAVOURITES: dict[str, Value] = {
    "colour": _listed(_COLOURS),
    "animal": _listed(_ANIMALS),
    "food": _listed(_FOODS),
    "hobby": _listed(_HOBBIES),
    "city": _city,
    "number": _number,
}


def _attribute(section: str, value: Value, noun: str, full_noun: str) -> Attribute:
    texts = sections("memory")[section]

    def named(lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(line.replace("{noun}", noun) for line in lines)

    (statement,) = named(texts.all("S"))
    return Attribute(
        full_noun, value, named(texts.variants("T")), named(texts.variants("Q")), statement, named(texts.all("A"))
    )


@cache
def attributes() -> tuple[Attribute, ...]:
    """Return everything that can be told; the name comes first."""
    return (
        *(_attribute(noun, value, noun, noun) for noun, value in _OWN.items()),
        *(_attribute("favourite", value, noun, f"favourite {noun}") for noun, value in _FAVOURITES.items()),
        *(_attribute("relation", formal_name, noun, f"{noun}'s name") for noun in _RELATIONS),
    )


def name_attribute() -> Attribute:
    """Return the attribute that is told most: the person's name."""
    return attributes()[0]
