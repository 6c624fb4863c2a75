"""Reads the texts that people wrote for the corpus: ``texts/*.txt``, one file per topic.

A file has sections, ``[name]``, and in each section lines ``key: text``. Several texts may share a line, divided by
`` | ``, where the topic asks for that; ``\\n`` is a line break. Lines that begin with ``#`` are remarks.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model_server.demo_training.corpus.turns import Exchange

_FOLDER = Path(__file__).parent / "texts"


@dataclass(frozen=True, slots=True)
class Section:
    """A named group of keyed lines, in the order of the file."""

    name: str
    lines: tuple[tuple[str, str], ...]

    def all(self, key: str) -> tuple[str, ...]:
        """Return the text of every line with this key."""
        return tuple(text for its_key, text in self.lines if its_key == key)

    def variants(self, key: str) -> tuple[str, ...]:
        """Return the texts of every line with this key, divided at `` | ``."""
        return tuple(text for line in self.all(key) for text in line.split(" | "))

    def one(self, key: str) -> str:
        """Return the only text with this key. Raises ValueError when there is not exactly one."""
        (text,) = self.all(key)
        return text

    def exchange(self) -> Exchange:
        """Return the section as questions (``Q``), answers (``A``) and what must be in an answer (``=``)."""
        return Exchange(self.variants("Q"), self.all("A"), self.variants("="))


@cache
def sections(file: str) -> dict[str, Section]:
    """Return the sections of a file of the folder ``texts``, by name."""
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for line in (_FOLDER / f"{file}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            name = line[1:-1]
            found[name] = []
        elif line and not line.startswith("#"):
            key, _, text = line.partition(": ")
            found[name].append((key, text.replace("\\n", "\n")))
    return {name: Section(name, tuple(lines)) for name, lines in found.items()}


@cache
def exchanges(file: str) -> tuple[Exchange, ...]:
    """Return every section of a file as an exchange."""
    return tuple(section.exchange() for section in sections(file).values())
