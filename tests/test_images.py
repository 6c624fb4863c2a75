"""What can be proven of an image without an engine that builds it: its file, its pins, its entrypoint."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
DOCKERFILE = PROJECT / "Dockerfile-neuron"
ENTRYPOINT = PROJECT / "model_server" / "image" / "entrypoint.sh"
ANYWHERE = "0.0.0.0"  # noqa: S104  inside a container
IGNORED = (PROJECT / ".dockerignore").read_text(encoding="utf-8").split()

# Where the Neuron image cannot have the version of requirements.txt, and why.
NEEDS_NEWER_PYTHON = {
    *("annotated-doc", "fastapi", "filelock", "multidict", "platformdirs", "pycparser", "rpds-py"),
    *("starlette", "websockets"),
}
NEEDS_NEWER_PROTOBUF = {
    *("google-api-core", "googleapis-common-protos", "grpcio-reflection", "opentelemetry-proto", "proto-plus"),
}
BROUGHT_BY_THE_NEURON_IMAGE = {
    *("torch", "torch-neuronx", "transformers-neuronx", "transformers", "tokenizers", "safetensors"),
    *("huggingface-hub", "boto3", "botocore", "numpy", "protobuf"),
}


def instructions(file: Path = DOCKERFILE) -> list[tuple[str, str]]:
    """Return each instruction with its arguments, continuation lines joined."""
    text = re.sub(r"^#.*\n", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(name.upper(), arguments) for name, arguments in lines]


def stages(file: Path = DOCKERFILE) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for name, arguments in instructions(file):
        if name == "FROM":
            found[arguments.split(" AS ")[1]] = []
        elif found:
            list(found.values())[-1].append((name, arguments))
    return found


def pins(file: str) -> dict[str, str]:
    lines = (PROJECT / file).read_text(encoding="utf-8").splitlines()
    found = {}
    for line in lines:
        if line and not line.startswith("#"):
            match = re.fullmatch(r"([A-Za-z0-9._-]+)(\[\w+])?==([^\s*]+)", line)
            assert match, f"{file} does not pin {line!r}"
            found[re.sub(r"[-_.]+", "-", match[1]).lower()] = match[3]
    return found


def test_there_are_exactly_the_two_targets() -> None:
    assert list(stages()) == ["cpu", "neuron"]


def test_every_argument_has_a_default_and_bases_are_pinned_by_tag() -> None:
    arguments = dict(shlex.split(text)[0].split("=", 1) for name, text in instructions() if name == "ARG")
    assert arguments["NEURON_IMAGE"].endswith(":2.7.0-neuronx-py310-sdk2.25.0-ubuntu22.04")
    for name, value in arguments.items():
        if name.endswith("_IMAGE"):
            assert re.fullmatch(r"[^:@]+:[\w.-]*\d[\w.-]*", value)
    assert ":latest" not in DOCKERFILE.read_text(encoding="utf-8")


def test_no_kernel_module_and_no_index_host_is_in_an_image() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8").lower()
    for word in ("dkms", "index-url ", "https://", "http://", "gradio", "hf_token"):
        assert word not in text


def test_every_package_is_pinned_in_a_file() -> None:
    commands = [text for name, text in instructions() if name == "RUN" and "pip install" in text]
    assert len(commands) == 2
    for command in commands:
        install = re.findall(r"pip install ([^&|]*)", command)
        assert all("--requirement requirements-" in arguments for arguments in install)
        assert not any(re.search(r"\s[a-z][\w\[\]]*(==|>=|\s|$)", arguments.split("--")[0]) for arguments in install)


@pytest.mark.parametrize("stage", ["cpu", "neuron"])
def test_what_is_copied_exists_and_is_not_ignored(stage: str) -> None:
    sources = [source for name, text in stages()[stage] if name == "COPY" for source in text.split()[:-1]]
    assert f"requirements-{'server' if stage == 'cpu' else 'neuron'}.txt" in sources
    for source in sources:
        assert (PROJECT / source).exists()
        assert source.rstrip("/") not in IGNORED


@pytest.mark.parametrize("stage", ["cpu", "neuron"])
def test_code_is_copied_after_packages_so_that_a_change_of_it_builds_in_seconds(stage: str) -> None:
    lines = [f"{name} {text}" for name, text in stages()[stage]]
    install = next(index for index, line in enumerate(lines) if "pip install" in line)
    assert install < next(index for index, line in enumerate(lines) if line.startswith("COPY model_server/"))


@pytest.mark.parametrize(("stage", "user"), [("cpu", "1000:1000"), ("neuron", "${NEURON_USER}")])
def test_the_server_does_not_run_as_root_and_has_its_own_start(stage: str, user: str) -> None:
    last = dict(stages()[stage])
    assert last["USER"] == user
    assert last["HEALTHCHECK"] == "NONE"
    assert last["ENTRYPOINT"] == '["/srv/model_server/image/entrypoint.sh"]'
    assert last["CMD"] == f'["serve", "--host", "{ANYWHERE}", "--port", "8000"]'
    assert "ARG NEURON_USER=1000:1000" in DOCKERFILE.read_text(encoding="utf-8")


def test_secrets_and_history_stay_out_of_images() -> None:
    assert {".git", ".env", ".venv", "tests"} <= set(IGNORED)


def test_the_cpu_image_has_the_versions_of_the_laptop() -> None:
    laptop, server = pins("requirements.txt"), pins("requirements-server.txt")
    different = {name for name in server if server[name] != laptop.get(name)}
    assert different == {"setuptools"}  # torch asks for it; a virtual environment has its own


def test_the_neuron_image_has_the_versions_of_the_laptop_where_it_can() -> None:
    laptop, neuron = pins("requirements.txt"), pins("requirements-neuron.txt")
    different = {name for name in neuron if neuron[name] != laptop.get(name)}
    assert different == NEEDS_NEWER_PYTHON | NEEDS_NEWER_PROTOBUF
    assert neuron["ray"] == laptop["ray"]
    assert not neuron.keys() & BROUGHT_BY_THE_NEURON_IMAGE


@pytest.mark.parametrize("file", ["requirements-server.txt", "requirements-neuron.txt"])
def test_the_server_needs_nothing_of_the_page_or_of_tests(file: str) -> None:
    assert not pins(file).keys() & {"gradio", "transformers", "pytest", "moto", "pandas", "mistral-common"}


def run_entrypoint(tmp_path: Path, *arguments: str, **environment: str) -> list[str]:
    """Run the script with a `python` that says with what it was started; return its lines."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir(exist_ok=True)
    python.write_text('#!/bin/sh\necho "$@"\necho "${MODEL_DIR:-}"\n', encoding="utf-8")
    python.chmod(0o755)
    variables = {"PATH": f"{python.parent}:{os.environ['PATH']}", **environment}
    done = subprocess.run([ENTRYPOINT, *arguments], env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == bool(arguments)
    return done.stdout.splitlines() or done.stderr.splitlines()


def test_sagemakers_serve_is_port_8080_with_the_model_that_it_mounted(tmp_path: Path) -> None:
    mounted = tmp_path / "model"
    mounted.mkdir()
    (mounted / "config.json").write_text("{}", encoding="utf-8")
    lines = run_entrypoint(tmp_path, "serve", SAGEMAKER_MODEL_DIR=str(mounted), MODEL_DIR="/other")
    assert lines == ["-m model_server serve --host 0.0.0.0 --port 8080", str(mounted)]


@pytest.mark.parametrize("model_dir", ["", "/volume"])
def test_serve_without_a_mounted_model_takes_the_one_that_is_set(tmp_path: Path, model_dir: str) -> None:
    lines = run_entrypoint(tmp_path, "serve", SAGEMAKER_MODEL_DIR=str(tmp_path / "none"), MODEL_DIR=model_dir)
    assert lines == ["-m model_server serve --host 0.0.0.0 --port 8080", model_dir]


def test_the_default_command_keeps_its_options(tmp_path: Path) -> None:
    lines = run_entrypoint(tmp_path, "serve", "--host", ANYWHERE, "--port", "8000", MODEL_DIR="/volume")
    assert lines == ["-m model_server serve --host 0.0.0.0 --port 8000", "/volume"]


@pytest.mark.parametrize("command", ["prepare", "plan"])
def test_other_commands_of_the_server_work(tmp_path: Path, command: str) -> None:
    assert run_entrypoint(tmp_path, command, "--help")[0] == f"-m model_server {command} --help"


def test_sagemaker_may_choose_the_port(tmp_path: Path) -> None:
    lines = run_entrypoint(tmp_path, "serve", SAGEMAKER_BIND_TO_PORT="9000")
    assert lines[0].endswith("--port 9000")


def test_any_other_program_runs_as_it_is(tmp_path: Path) -> None:
    assert run_entrypoint(tmp_path, "sh", "-c", "echo ray start") == ["ray start"]


def test_no_command_is_one_sentence(tmp_path: Path) -> None:
    assert run_entrypoint(tmp_path) == [
        "entrypoint: name a command: serve, prepare, plan, or any program of the image."
    ]
