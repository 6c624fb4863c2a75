"""The contract between the download and a place that has checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol


class SourceInterrupted(Exception):
    """The bytes stopped coming; going on from where they stopped may help."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """`identity` changes when the content does; `sha256` is None where the source does not say it."""

    name: str
    size_bytes: int
    identity: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything that a source has, at one revision: a commit, or a fingerprint where the source has no commits."""

    revision: str
    files: tuple[SourceFile, ...]


class Source(Protocol):
    """One checkpoint somewhere. What a person can correct is raised as ConfigurationError, with what to do."""

    @property
    def name(self) -> str:
        """Return what identifies the source in the ready note, without secrets."""

    @property
    def pinned_revision(self) -> str | None:
        """Return the revision where it is known without asking, so that a finished volume needs no network."""

    def list_files(self) -> Listing: ...

    def copy(self, file: SourceFile, start: int, target: BinaryIO) -> None:
        """Append the bytes of `file` from `start` on to `target`; raise SourceInterrupted where they stop coming.

        A source that cannot begin in the middle empties `target` and writes the whole file.
        """
