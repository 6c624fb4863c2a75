"""The note in a model folder that says: all is here, and whole. `prepare` writes it last, `serve` reads it first.

A folder that `prepare` began and did not finish has its workplace in it and no note, and is refused. A folder of a
person's own has neither, and is served as it is. Sizes are checked, digests are not: reading 14 GB at every start
would cost a minute.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from model_server.errors import ConfigurationError

MARKER = ".prepared.json"
WORKPLACE = ".prepare"


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """`sha256` is the hexadecimal digest of what was written."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` put into a folder: from where, at which revision, and every file."""

    source: str
    revision: str
    files: tuple[PreparedFile, ...]

    def damaged(self, directory: Path) -> list[str]:
        """Return the names of the files that are not in `directory` with the size that they had."""
        return [file.name for file in self.files if not _has_size(directory / file.name, file.size_bytes)]


def check_prepared(directory: Path) -> None:
    """Raise ConfigurationError where `prepare` began in `directory` and did not finish, or a file was lost since."""
    prepared = read_marker(directory)
    if prepared is None:
        if (directory / WORKPLACE).exists():
            raise ConfigurationError(
                f"The model in {str(directory)!r} is not prepared completely. "
                "Run `python -m model_server prepare` again: it goes on where it stopped."
            )
        return
    damaged = prepared.damaged(directory)
    if damaged:
        raise ConfigurationError(
            f"{damaged[0]!r} in {str(directory)!r} is missing or has changed since it was prepared. "
            "Run `python -m model_server prepare` again: it fetches what is damaged."
        )


def read_marker(directory: Path) -> Prepared | None:
    """Return what was prepared in `directory`; None where it was not finished, or not by `prepare`."""
    try:
        content = json.loads((directory / MARKER).read_text(encoding="utf-8"))
        files = tuple(PreparedFile(**file) for file in content["files"])
        return Prepared(str(content["source"]), str(content["revision"]), files)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{str(directory / MARKER)!r} cannot be read. Delete it, and run `python -m model_server prepare` again."
        ) from error


def write_marker(directory: Path, prepared: Prepared) -> None:
    """Mark `directory` as ready, at once or not at all."""
    draft = directory / (MARKER + ".draft")
    draft.write_text(json.dumps(asdict(prepared), indent=2) + "\n", encoding="utf-8")
    draft.replace(directory / MARKER)


def remove_marker(directory: Path) -> None:
    (directory / MARKER).unlink(missing_ok=True)


def _has_size(path: Path, size_bytes: int) -> bool:
    return path.is_file() and path.stat().st_size == size_bytes
