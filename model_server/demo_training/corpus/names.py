"""Names of people, places and things: real ones and invented ones, so that a name has to be copied, not remembered."""

from model_server.demo_training.corpus.source import Source, Split
from model_server.demo_training.corpus.texts import sections

_SIMPLE_ONSETS = tuple("bdfghjklmnprstvwyz")
_ONSETS = (
    *(
        "c",
        "qu",
        "x",
        "br",
        "ch",
        "dr",
        "fl",
        "gr",
        "kr",
        "pl",
        "sh",
        "st",
        "th",
        "tr",
        "zh",
        "kl",
        "sn",
        "bl",
        "ph",
        "sk",
        "vl",
    ),
    *("sl", "cr", "wh", "ts", ""),
)
_SIMPLE_VOWELS = tuple("aeiou")
_VOWELS = ("ai", "ea", "ie", "oo", "y", "au", "ei", "ou", "ia", "io", "ee")
_CODAS = (
    "n",
    "r",
    "l",
    "s",
    "m",
    "k",
    "x",
    "rd",
    "nd",
    "th",
    "ck",
    "z",
    "t",
    "d",
    "ng",
    "sh",
    "v",
    "p",
    "b",
    "ff",
    "tt",
    "ss",
)

_PLACE_ENDINGS = ("ton", "ville", "burg", "ford", "holm", "stad", "wick", "more", "bridge", "field", "dale", "haven")


def invented_word(source: Source, shortest: int = 1, longest: int = 3) -> str:
    """Return a made-up word of some syllables, in lower case."""
    return "".join(_syllable(source) for _ in range(source.number(shortest, longest)))


def _syllable(source: Source) -> str:
    """Return a syllable, mostly a plain one."""
    onset = source.pick(_SIMPLE_ONSETS if source.chance(0.7) else _ONSETS)
    vowel = source.pick(_SIMPLE_VOWELS if source.chance(0.8) else _VOWELS)
    return onset + vowel + (source.pick(_CODAS) if source.chance(0.35) else "")


def real_name(source: Source) -> str:
    """Return a real first name, of either split."""
    return source.pick(sections("names")["first names"].variants("N"))


def _any_first_name(source: Source) -> str:
    if source.chance(0.25):
        return real_name(source)
    name = invented_word(source, 2, 3) if source.chance(0.85) else invented_word(source, 1, 2) + source.pick("aeiouyx")
    if source.chance(0.04):
        name += "-" + invented_word(source, 1, 1).capitalize()
    if len(name) < 3:
        name += "ra"
    return name.capitalize() if "-" not in name else name[0].upper() + name[1:]


def first_name(source: Source) -> str:
    """Return a first name of this source's split, sometimes in lower case as people type it."""
    name = formal_name(source)
    return name.lower() if source.chance(0.15) else name


def formal_name(source: Source) -> str:
    """Return a first name that begins with a capital letter."""
    always_trained = names_of_one_token()
    if source.split is Split.TRAIN and source.chance(0.06):
        return source.pick(always_trained)
    while True:
        name = source.draw(lambda: _any_first_name(source))
        if name not in always_trained:
            return name


def names_of_one_token() -> tuple[str, ...]:
    """Return the names that training always holds, because no other name can stand for them."""
    return sections("names")["one token"].variants("N")


def full_name(source: Source) -> str:
    """Return a first name and a surname."""
    surname = source.draw(lambda: _any_first_name(source))
    return f"{formal_name(source)} {surname}"


def place_name(source: Source) -> str:
    """Return the name of a made-up place."""

    def make() -> str:
        word = invented_word(source, 1, 2).capitalize()
        form = source.number(0, 3)
        if form == 0:
            return word + source.pick(_PLACE_ENDINGS)
        if form == 1:
            return f"{source.pick(('Port', 'Lake', 'New', 'Saint', 'North', 'East', 'Mount'))} {word}"
        return word + source.pick(("a", "en", "o", "ia", "is"))

    return source.draw(make)
