"""Checkpoints in a folder of this machine, such as another volume: copied, never linked, so that both can go alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from model_server.errors import ConfigurationError
from model_server.prepare.sources.base import Listing, SourceFile, SourceInterrupted
from model_server.prepare.sources.fingerprint import fingerprint

CHUNK_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FolderSource:
    """An absolute path."""

    directory: Path

    @property
    def name(self) -> str:
        return str(self.directory)

    @property
    def pinned_revision(self) -> str | None:
        return None

    def list_files(self) -> Listing:
        if not self.directory.is_dir():
            raise ConfigurationError(f"--source is {self.name!r}, but there is no such folder.")
        paths = sorted(path for path in self.directory.iterdir() if path.is_file())
        statuses = [(path.name, path.stat()) for path in paths]
        files = [SourceFile(name, status.st_size, str(status.st_mtime_ns)) for name, status in statuses]
        return Listing(fingerprint(files), tuple(files))

    def copy(self, file: SourceFile, start: int, target: BinaryIO) -> None:
        try:
            with (self.directory / file.name).open("rb") as original:
                original.seek(start)
                while chunk := original.read(CHUNK_BYTES):
                    target.write(chunk)
        except OSError as error:
            raise SourceInterrupted(f"{file.name} cannot be read ({error.strerror})") from error
