"""The command as a person uses it, against the null server."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.loadtest.__main__ import main
from app.loadtest.document import read_results, to_json
from app.loadtest.results import CellState
from app.loadtest.self_check import null_server
from tests.app.loadtest.finished_runs import finished_run

PROJECT = Path(__file__).resolve().parents[3]
SMALL = ["--backend", "ray-serve", "--input-words", "8", "--output-tokens", "4"]
FILES = ["latency.png", "loadtest.log", "report.md", "results.json", "throughput.png"]


async def run_command(url: str, *arguments: str, interrupt_after_line: bool = False) -> tuple[int, str, str]:
    """Exit code, standard output and standard error. Interrupted, where asked, when the first cell has ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.loadtest", *SMALL, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT,
        env={**os.environ, "RAY_SERVE_URL": url},
    )
    assert process.stderr is not None
    said = b""
    if interrupt_after_line:
        while b"answered" not in said:
            line = await process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), (said + errors).decode()


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_a_run_writes_tables_figures_and_plots(tmp_path: Path) -> None:
    async with null_server(0.001) as url:
        code, output, errors = await run_command(url, "--users", "1,3", "--rounds", "2", "--output", str(tmp_path))
    assert (code, names_in(tmp_path)) == (0, FILES)
    assert "| input words | 1 | 3 |" in output
    assert "8 words, 3 users: 6 of 6 answered" in errors
    assert "8 questions and warm-up: about" in errors
    results = read_results(tmp_path)
    assert [cell.figures.output_tokens for cell in results.cells if cell.figures] == [8, 24]
    assert results.circumstances.model == "null"


async def test_an_interrupted_run_keeps_what_it_has_measured(tmp_path: Path) -> None:
    async with null_server(0.05) as url:
        arguments = ["--users", "1,2,3,4,5,6,7,8", "--seconds", "1", "--output", str(tmp_path), "--output-tokens", "8"]
        code, output, errors = await run_command(url, *arguments, interrupt_after_line=True)
    results = read_results(tmp_path)
    assert (code, results.stopped) == (130, "interrupted")
    assert results.cells[0].state is CellState.MEASURED
    assert results.cells[-1].state is CellState.NOT_MEASURED
    assert "Not complete: interrupted" in output
    assert "Traceback" not in errors


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder without `.env`, and a target that no test may reach."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAY_SERVE_URL", "http://model.example:8000")
    return tmp_path


def test_a_target_elsewhere_is_not_asked_without_consent(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--output", str(elsewhere / "out"), "--price-per-hour", "2"]) == 2
    said = capsys.readouterr().err
    assert "add --yes" in said
    assert "8 cells: about" in said
    assert "at 2 an hour about" in said
    assert not (elsewhere / "out").exists()


def test_a_target_that_cannot_be_reached_is_named_in_a_sentence(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAY_SERVE_URL", f"http://127.0.0.1:{unused_tcp_port}")
    assert main([*SMALL, "--output", str(elsewhere / "out")]) == 1
    assert "cannot be reached" in capsys.readouterr().err


def test_two_runs_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, factor in (("a", 1.0), ("b", 2.0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_bytes(to_json(finished_run(name, factor)))
    output = tmp_path / "both"
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--output", str(output)]) == 0
    assert "10.0 → 5.00 | 0.50" in capsys.readouterr().out
    assert names_in(output) == ["comparison.md", "latency.png", "throughput.png"]


def test_a_folder_without_a_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(tmp_path), str(tmp_path)]) == 1
    assert "name the folder of a run" in capsys.readouterr().err


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert '"Figures"' in capsys.readouterr().out
