"""Fetch files into a folder such that nothing is lost and nothing is half: the one place that resumes.

A file grows under a name of its own, made of its name and identity, so that what was begun of another content is never
continued. When it is whole, its digest is checked and it gets its real name at once. A second run goes on behind the
last byte that was written.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from model_server.errors import ConfigurationError
from model_server.prepare.progress import Progress, readable
from model_server.prepare.sources.base import Source, SourceFile, SourceInterrupted
from model_server.prepared import PreparedFile

ATTEMPTS = 5  # in a row without a new byte
LONGEST_WAIT_SECONDS = 30.0
HASH_CHUNK_BYTES = 8 * 1024 * 1024
SPARE_BYTES = 64 * 1024 * 1024  # for file systems, which need some of what they call free
FULL = (errno.ENOSPC, errno.EDQUOT)


class Arriving(io.FileIO):
    """A file that is being written to the end, unbuffered, so that a process that is killed loses nothing written."""

    def __init__(self, path: Path, progress: Progress) -> None:
        super().__init__(path, "r+b" if path.exists() else "w+b")
        self._path = path
        self._progress = progress
        self.seek(0, io.SEEK_END)

    def write(self, data: Any) -> int:
        view = memoryview(data)
        written = 0
        while written < len(view):
            try:
                count = super().write(view[written:])
            except OSError as error:
                raise _write_failed(self._path.parent, error) from error
            written += count
            self._progress.advance(count)
        return written

    def truncate(self, size: int | None = None) -> int:
        before = os.fstat(self.fileno()).st_size
        after = super().truncate(size)
        self._progress.advance(after - before)
        return after


def fetch(
    source: Source,
    files: Sequence[SourceFile],
    directory: Path,
    progress: Progress,
    wait: Callable[[float], None],
) -> list[PreparedFile]:
    """Put `files` into `directory`, which may hold some of them, whole or begun, and return what is there then."""
    present_bytes = sum(_present_bytes(directory, file) for file in files)
    total_bytes = sum(file.size_bytes for file in files)
    _check_space(directory, total_bytes - present_bytes)
    progress.begin(total_bytes, present_bytes)
    prepared = [_fetch_one(source, file, directory, progress, wait) for file in files]
    progress.end()
    return prepared


def _fetch_one(
    source: Source, file: SourceFile, directory: Path, progress: Progress, wait: Callable[[float], None]
) -> PreparedFile:
    whole, partial = directory / file.name, _partial(directory, file)
    if not whole.exists():
        _fill(source, file, partial, progress, wait)
        partial.replace(whole)
    digest = _digest(whole)
    if whole.stat().st_size != file.size_bytes or file.sha256 not in (None, digest):
        whole.unlink()
        raise ConfigurationError(
            f"{file.name} did not arrive as {source.name} describes it, and was thrown away. Run the command again."
        )
    return PreparedFile(file.name, file.size_bytes, digest)


def _fill(source: Source, file: SourceFile, partial: Path, progress: Progress, wait: Callable[[float], None]) -> None:
    fruitless = 0
    with Arriving(partial, progress) as target:
        while (start := target.seek(0, io.SEEK_END)) < file.size_bytes:
            try:
                source.copy(file, start, target)
                cause: SourceInterrupted | None = None
            except SourceInterrupted as interruption:
                cause = interruption
            fruitless = 0 if target.seek(0, io.SEEK_END) > start else fruitless + 1
            if fruitless == ATTEMPTS:
                raise unreachable(source, cause) from cause
            if cause is not None or fruitless:
                wait(min(2.0**fruitless, LONGEST_WAIT_SECONDS))
        os.fsync(target.fileno())


def unreachable(source: Source, cause: SourceInterrupted | None) -> ConfigurationError:
    """Return the error for a source that gives no more; what had arrived is kept."""
    return ConfigurationError(
        f"{source.name} cannot be read: {cause or 'it ended too early'}. "
        "What has arrived is kept: run the command again to go on."
    )


def _partial(directory: Path, file: SourceFile) -> Path:
    identity = hashlib.sha256(f"{file.identity} {file.size_bytes}".encode()).hexdigest()[:16]
    return directory / f"{file.name}.{identity}.partial"


def _present_bytes(directory: Path, file: SourceFile) -> int:
    paths = [path for path in (directory / file.name, _partial(directory, file)) if path.exists()]
    return min(paths[0].stat().st_size, file.size_bytes) if paths else 0


def _check_space(directory: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(directory).free
    if needed_bytes and free_bytes < needed_bytes + SPARE_BYTES:
        raise ConfigurationError(
            f"The volume of {str(directory.parent.parent)!r} has {readable(free_bytes)} free, but "
            f"{readable(needed_bytes)} are still to be fetched. Free some, or use a larger volume."
        )


def _write_failed(directory: Path, error: OSError) -> ConfigurationError:
    folder = str(directory.parent.parent)
    if error.errno in FULL:
        return ConfigurationError(
            f"The volume of {folder!r} is full. What has arrived is kept: free some space and run the command again."
        )
    return ConfigurationError(f"The volume of {folder!r} cannot be written: {error.strerror}.")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
