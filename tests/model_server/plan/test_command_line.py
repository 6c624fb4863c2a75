from __future__ import annotations

from pathlib import Path

import pytest

from model_server.__main__ import main
from model_server.settings import BUILT_IN_MODEL_DIR

PROJECT = Path(__file__).resolve().parents[3]


def test_what_fits_is_zero_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--instance", "inf2.8xlarge", "--slots", "4", "--length", "4096"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "It fits."
    assert any("a lower bound" in line and "never measured" in line for line in lines)
    assert sum("assumed" in line for line in lines) == 2


def test_what_does_not_fit_is_one_and_says_what_to_change(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--instance", "inf2.xlarge"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "Change one: --instance inf2.8xlarge --cores 2."


def test_a_checkpoint_of_ones_own_is_planned_by_its_configuration(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_bytes((BUILT_IN_MODEL_DIR / "config.json").read_bytes())
    assert main(["plan", "--model-dir", str(tmp_path), "--length", "128", "--cores", "1"]) == 0
    assert capsys.readouterr().out.startswith(
        f"{tmp_path.name} on inf2.8xlarge: 4 slots of 128 tokens, tensor parallel over 1"
    )


def test_a_folder_without_a_configuration_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["plan", "--model-dir", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("model_server: ")
    assert "config.json" in line


@pytest.mark.parametrize("option", ["--slots", "--length"])
def test_nothing_is_not_a_size(option: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["plan", option, "0"])
    assert caught.value.code == 2


def test_the_guide_shows_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    main(["plan", "--instance", "inf2.8xlarge", "--slots", "4", "--length", "4096"])
    assert capsys.readouterr().out in (PROJECT / "model_server" / "README.md").read_text(encoding="utf-8")
