"""The model folder and the workplace in it: who may work there, where files arrive, and how all of it becomes ready.

Files arrive in a workplace inside the folder, so that moving them is renaming them, also where the folder is the
mount of a volume. A folder that is ready stays ready while another revision arrives beside it.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from model_server.errors import ConfigurationError
from model_server.prepared import WORKPLACE, Prepared, PreparedFile, read_marker, remove_marker, write_marker

LOCK = ".prepare.lock"
COMPILED = "neuron"
CACHE = "neuron-cache"


class Volume:
    """One model folder, locked by this process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def directory(self) -> Path:
        return self._directory

    def ready(self, source: str, revision: str) -> Prepared | None:
        """Return what is ready in the folder, where it is exactly this and whole."""
        prepared = read_marker(self._directory)
        is_this = prepared is not None and (prepared.source, prepared.revision) == (source, revision)
        return prepared if is_this and prepared is not None and not prepared.damaged(self._directory) else None

    def arrivals(self, source: str, revision: str) -> Path:
        """Return where the files of this revision arrive, with what is there of them; another's are thrown away."""
        key = hashlib.sha256(f"{source}\0{revision}".encode()).hexdigest()[:16]
        arrivals = self._directory / WORKPLACE / key
        for other in self._workplace().iterdir():
            if other.is_dir() and other.name not in (key, COMPILED, CACHE):
                shutil.rmtree(other)
        arrivals.mkdir(exist_ok=True)
        self._take_back(arrivals, source, revision)
        return arrivals

    def compile_directory(self) -> Path:
        """Return an empty folder for compiled graphs."""
        directory = self._workplace() / COMPILED
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        return directory

    def compilation_cache(self) -> Path:
        """Return where graphs are kept that were compiled before an interruption."""
        return self._workplace() / CACHE

    def publish(self, prepared: Prepared, arrivals: Path | None, compiled: Path | None) -> None:
        """Make the folder hold this and nothing of what was prepared before. Unready while names change, then ready.

        Whenever this is interrupted, either a note with missing files or a workplace without a note is left, which
        `serve` refuses, and what `prepare` needs to go on.
        """
        before = read_marker(self._directory)
        write_marker(self._workplace(), prepared)
        if arrivals is not None:
            shutil.rmtree(self._directory / COMPILED, ignore_errors=True)  # compiled for what was there before
            _remove_files(self._directory, before)
        remove_marker(self._directory)
        if arrivals is not None:
            _move_files(prepared.files, arrivals, self._directory)
        if compiled is not None:
            shutil.rmtree(self._directory / COMPILED, ignore_errors=True)
            compiled.rename(self._directory / COMPILED)
        write_marker(self._directory, prepared)
        shutil.rmtree(self._directory / WORKPLACE, ignore_errors=True)

    def _take_back(self, arrivals: Path, source: str, revision: str) -> None:
        """Move to the arrivals what is good of a folder that lost a file, or whose publishing was interrupted."""
        marked, begun = read_marker(self._directory), read_marker(self._workplace())
        prepared = marked or begun
        if prepared is not None and (prepared.source, prepared.revision) == (source, revision):
            damaged = prepared.damaged(self._directory)
            write_marker(self._workplace(), prepared)
            remove_marker(self._directory)
            _move_files([file for file in prepared.files if file.name not in damaged], self._directory, arrivals)
        elif marked is None:
            _remove_files(self._directory, begun)

    def _workplace(self) -> Path:
        workplace = self._directory / WORKPLACE
        workplace.mkdir(exist_ok=True)
        return workplace


def _remove_files(directory: Path, prepared: Prepared | None) -> None:
    for file in prepared.files if prepared else ():
        (directory / file.name).unlink(missing_ok=True)


def _move_files(files: Sequence[PreparedFile], origin: Path, destination: Path) -> None:
    for file in files:
        (origin / file.name).replace(destination / file.name)


@contextmanager
def locked_volume(directory: Path) -> Iterator[Volume]:
    """Yield the folder, made where it was not; raise ConfigurationError where it is not ours to fill."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / LOCK).open("a")
    except OSError as error:
        raise ConfigurationError(
            f"MODEL_DIR is {str(directory)!r}, which cannot be written: {error.strerror}. Set a folder of your own."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however that ends
        except BlockingIOError as error:
            raise ConfigurationError(
                f"Another `prepare` is working on {str(directory)!r}. Wait until it has ended."
            ) from error
        _check_is_ours(directory)
        yield Volume(directory)


def _check_is_ours(directory: Path) -> None:
    """A folder with files of a person's own is refused: they would be taken for what was prepared, or be replaced."""
    if read_marker(directory) is not None or (directory / WORKPLACE).exists():
        return
    strangers = sorted(path.name for path in directory.iterdir() if path.name not in (LOCK, "lost+found"))
    if strangers:
        (directory / LOCK).unlink(missing_ok=True)
        raise ConfigurationError(
            f"{str(directory)!r} holds {strangers[0]!r}, which `prepare` did not put there. Use an empty folder."
        )
