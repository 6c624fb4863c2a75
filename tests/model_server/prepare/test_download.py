from __future__ import annotations

import hashlib
import io
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO

import pytest

from model_server.errors import ConfigurationError
from model_server.prepare.download import ATTEMPTS, fetch
from model_server.prepare.progress import Progress
from model_server.prepare.sources.base import Listing, SourceFile, SourceInterrupted

CONTENT = bytes(range(256)) * 40
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class FakeSource:
    """Gives `CONTENT` in steps of `step` bytes, and stops after each."""

    name = "fake"
    pinned_revision = None

    def __init__(self, step: int) -> None:
        self.step = step
        self.starts: list[int] = []

    def list_files(self) -> Listing:
        raise AssertionError("nobody asks")

    def copy(self, file: SourceFile, start: int, target: BinaryIO) -> None:
        self.starts.append(start)
        target.write(CONTENT[start : start + self.step])
        raise SourceInterrupted("it stopped")


def a_file(*, sha256: str | None = DIGEST, identity: str = "one") -> SourceFile:
    return SourceFile("weights", len(CONTENT), identity, sha256)


@pytest.fixture
def arrivals(tmp_path: Path) -> Path:
    directory = tmp_path / "model" / ".prepare" / "key"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def waits() -> list[float]:
    return []


def run(source: FakeSource, arrivals: Path, waits: list[float], file: SourceFile | None = None) -> None:
    fetch(source, [file or a_file()], arrivals, Progress(io.StringIO()), waits.append)


def test_a_source_that_stops_is_asked_for_the_rest(arrivals: Path, waits: list[float]) -> None:
    source = FakeSource(4000)
    run(source, arrivals, waits)
    assert source.starts == [0, 4000, 8000]
    assert (arrivals / "weights").read_bytes() == CONTENT


def test_a_source_that_gives_nothing_is_given_up_after_longer_and_longer_waits(
    arrivals: Path, waits: list[float]
) -> None:
    source = FakeSource(0)
    with pytest.raises(ConfigurationError, match="fake cannot be read: it stopped"):
        run(source, arrivals, waits)
    assert len(source.starts) == ATTEMPTS
    assert waits == [2, 4, 8, 16]


def test_what_was_begun_of_another_content_is_not_continued(arrivals: Path, waits: list[float]) -> None:
    with pytest.raises(ConfigurationError):
        run(FakeSource(0), arrivals, [], a_file(identity="one"))
    source = FakeSource(len(CONTENT))
    run(source, arrivals, waits, a_file(identity="two"))
    assert source.starts == [0]


def test_content_with_another_digest_is_thrown_away(arrivals: Path, waits: list[float]) -> None:
    with pytest.raises(ConfigurationError, match="did not arrive as fake describes it"):
        run(FakeSource(len(CONTENT)), arrivals, waits, a_file(sha256="0" * 64))
    assert [path for path in arrivals.iterdir() if path.stat().st_size] == []


def test_too_much_content_is_thrown_away(arrivals: Path, waits: list[float]) -> None:
    file = SourceFile("weights", 100, "one")
    with pytest.raises(ConfigurationError, match="did not arrive as fake describes it"):
        run(FakeSource(len(CONTENT)), arrivals, waits, file)


def test_a_volume_without_room_is_refused_before_anything_is_fetched(
    arrivals: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=5000))
    source = FakeSource(4000)
    with pytest.raises(ConfigurationError) as caught:
        run(source, arrivals, waits)
    assert caught.value.user_message.startswith(
        f"The volume of {str(arrivals.parent.parent)!r} has 5 kB free, but 10 kB"
    )
    assert source.starts == []


def test_a_volume_that_fills_up_on_the_way_keeps_what_arrived(arrivals: Path, waits: list[float]) -> None:
    with pytest.raises(ConfigurationError):
        run(FakeSource(0), arrivals, [])
    (partial,) = arrivals.iterdir()
    partial.unlink()
    partial.symlink_to("/dev/full")  # where every write fails as on a full volume
    with pytest.raises(ConfigurationError, match=r"is full\. What has arrived is kept"):
        run(FakeSource(4000), arrivals, waits)
    assert not (arrivals / "weights").exists()
    assert waits == []


def test_progress_counts_what_was_there(arrivals: Path, waits: list[float]) -> None:
    (arrivals / "weights").write_bytes(CONTENT)
    stream = io.StringIO()
    fetch(FakeSource(0), [a_file()], arrivals, Progress(stream), waits.append)
    assert "100%  10 kB of 10 kB" in stream.getvalue()
