from __future__ import annotations

from pathlib import Path

import pytest

from model_server.errors import ConfigurationError
from model_server.prepared import MARKER, WORKPLACE, Prepared, PreparedFile, check_prepared, read_marker, write_marker

PREPARED = Prepared("owner/model", "0" * 40, (PreparedFile("config.json", 2, "f" * 64),))


def test_a_folder_of_a_persons_own_is_accepted(tmp_path: Path) -> None:
    check_prepared(tmp_path)
    assert read_marker(tmp_path) is None


def test_a_note_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    write_marker(tmp_path, PREPARED)
    assert read_marker(tmp_path) == PREPARED
    check_prepared(tmp_path)


def test_a_ready_folder_may_have_a_workplace_for_another_revision(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    write_marker(tmp_path, PREPARED)
    (tmp_path / WORKPLACE).mkdir()
    check_prepared(tmp_path)


def test_a_workplace_without_a_note_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / WORKPLACE).mkdir()
    with pytest.raises(ConfigurationError, match="is not prepared completely"):
        check_prepared(tmp_path)


def test_a_file_of_another_size_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{ }", encoding="utf-8")
    write_marker(tmp_path, PREPARED)
    with pytest.raises(ConfigurationError, match=r"'config\.json' in .* is missing or has changed"):
        check_prepared(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"source": "a", "revision": "b", "files": [{}]}'])
def test_a_note_that_cannot_be_read_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / MARKER).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"cannot be read\. Delete it"):
        check_prepared(tmp_path)
