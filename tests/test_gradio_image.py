"""The chat's image, as far as it can be proven without an engine: its file, its pins, and what it starts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import httpx
import pytest

from tests.model_server.servers import free_port
from tests.test_architecture import imports
from tests.test_images import ANYWHERE, IGNORED, PROJECT, instructions, pins, stages

DOCKERFILE = PROJECT / "Dockerfile-gradio"
START_SECONDS = 60.0
# A module that is not in the image is not found here either.
WITHOUT = """
import importlib.machinery, runpy, sys
absent = {"torch", "ray", "transformers", "model_server"}
class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in absent else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Finder
runpy.run_module("app", run_name="__main__", alter_sys=True)
"""


def test_what_runs_is_the_last_stage_and_has_no_leftovers_of_the_first() -> None:
    assert list(stages(DOCKERFILE)) == ["packages", "gradio"]
    copied = [text for name, text in stages(DOCKERFILE)["gradio"] if name == "COPY"]
    assert "--from=packages /venv /venv" in copied
    sources = [source for text in copied if "--from" not in text for source in text.split()[:-1]]
    for source in sources:
        assert (PROJECT / source).exists()
        assert source.rstrip("/") not in IGNORED
    assert not any(source.startswith(("model_server", "tests", ".")) for source in sources)


def test_it_does_not_run_as_root_and_says_whether_it_is_well() -> None:
    last = dict(stages(DOCKERFILE)["gradio"])
    assert last["USER"] == "10001:10001"
    assert last["CMD"] == '["python", "-m", "app"]'
    assert "/healthz" in last["HEALTHCHECK"]
    variables = next(text for name, text in stages(DOCKERFILE)["gradio"] if name == "ENV")
    assert f"GRADIO_SERVER_NAME={ANYWHERE}" in variables
    assert "GRADIO_SERVER_PORT=7860" in variables
    example = (PROJECT / ".env.example").read_text(encoding="utf-8")
    ours = set(re.findall(r"\b([A-Z_]+)=", variables)) - {"PATH", "PYTHONUNBUFFERED"}
    assert all(f"{name}=" in example for name in ours)


def test_the_base_is_pinned_and_packages_come_from_the_file_alone() -> None:
    arguments = dict(text.split("=", 1) for name, text in instructions(DOCKERFILE) if name == "ARG")
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", arguments["PYTHON_IMAGE"])
    (install,) = [text for name, text in instructions(DOCKERFILE) if name == "RUN" and "pip install" in text]
    assert "pip install --no-cache-dir --requirement requirements-gradio.txt" in install


def test_it_has_the_versions_of_the_laptop_and_neither_torch_nor_ray() -> None:
    laptop, chat = pins("requirements.txt"), pins("requirements-gradio.txt")
    assert {name: version for name, version in chat.items() if laptop.get(name) != version} == {}
    assert not chat.keys() & {"torch", "ray", "transformers", "tokenizers", "pytest", "moto", "playwright"}
    assert {"gradio", "httpx", "boto3", "mistral-common"} <= chat.keys()


@pytest.fixture
def read_only_tree(tmp_path: Path) -> Iterator[Path]:
    """Give what the image copies, with nothing in it that can be written."""
    tree = tmp_path / "srv"
    shutil.copytree(PROJECT / "app", tree / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "assets").mkdir()
    shutil.copy(PROJECT / "assets" / "logo.svg", tree / "assets")
    for path in [tree, *tree.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield tree
    for path in [tree, *tree.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_without_torch_ray_and_model_server_the_page_opens_and_names_what_to_set(
    read_only_tree: Path, tmp_path: Path
) -> None:
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(read_only_tree),
        "GRADIO_SERVER_PORT": str(port),
        "PYTHONDONTWRITEBYTECODE": "1",  # in the image it is compiled already
    }
    before = sorted(read_only_tree.rglob("*"))
    with subprocess.Popen(
        [sys.executable, "-P", "-c", WITHOUT], cwd=read_only_tree, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert f":{port}" in process.stdout.readline()
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=START_SECONDS) as client:
                for path in ("/healthz", "/readyz", "/"):
                    assert client.get(path).status_code == 200
        finally:
            process.terminate()
    assert process.returncode == 0
    assert sorted(read_only_tree.rglob("*")) == before  # also where the tests run as root, whom nothing stops


def test_everything_that_the_page_imports_is_in_the_image() -> None:
    imported = {
        name.split(".")[0]
        for path in (PROJECT / "app").rglob("*.py")
        if "loadtest" not in path.parts  # a tool beside it
        for name in imports(path)
    } - sys.stdlib_module_names
    distributions = packages_distributions()
    needed = {name.lower().replace("_", "-") for module in imported - {"app"} for name in distributions[module]}
    assert needed
    assert needed - pins("requirements-gradio.txt").keys() == set()
