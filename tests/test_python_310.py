"""The model server on Python 3.10, which the Neuron image has, where one is on PATH.

Only what needs no package: the interpreter there has none. The types are checked for 3.10 by `make check`.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


def find_python_310() -> str | None:
    """The interpreter on PATH, if it starts: version managers put a name there for each that could be installed."""
    found = shutil.which("python3.10")
    works = found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
    return found if works else None


PYTHON_310 = find_python_310()
COMPILE_ALL = """
import sys
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        compile(file.read(), path, "exec")
"""
PLAN = """
import argparse, model_server.settings, model_server.prepared
from model_server.plan import command_line
parser = argparse.ArgumentParser()
command_line.add_options(parser)
command_line.run(parser.parse_args(["--instance", "inf2.8xlarge", "--slots", "4", "--length", "4096"]))
"""

pytestmark = pytest.mark.skipif(PYTHON_310 is None, reason="no python3.10 on PATH")


def run(code: str, *arguments: str) -> str:
    assert PYTHON_310 is not None
    command = [PYTHON_310, "-c", code, *arguments]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_file_of_the_model_server_compiles() -> None:
    run(COMPILE_ALL, *map(str, sorted((PROJECT / "model_server").rglob("*.py"))))


def test_the_plan_is_the_same_as_in_the_guide() -> None:
    assert run(PLAN) in (PROJECT / "model_server" / "README.md").read_text(encoding="utf-8")
