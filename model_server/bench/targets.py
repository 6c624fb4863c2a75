"""What is measured: how each server is started, and why one cannot be measured here.

All get the same model, number format, window and number of streams, and a thread of computation for each core.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model_server.bench.errors import BenchError
from model_server.bench.machine import core_count

PEERS_PYTHON = Path(".venv-bench/bin/python")
UVICORN, RAY_DIRECT, RAY_PROXY = "uvicorn", "ray-direct", "ray-proxy"
LIMIT, TRANSFORMERS, LLAMA = "limit", "transformers", "llama-server"
TITLES = {
    LIMIT: "the limit: bare loop, no server",
    UVICORN: "Twinstream on uvicorn",
    RAY_DIRECT: "Twinstream on Ray, direct ingress",
    RAY_PROXY: "Twinstream on Ray, default proxy",
    TRANSFORMERS: "transformers serve, continuous batching",
    LLAMA: "llama-server",
}
OURS = {
    UVICORN: [],
    RAY_DIRECT: ["--ray", "--ingress", "direct"],
    RAY_PROXY: ["--ray", "--ingress", "proxy"],
}


@dataclass(frozen=True, slots=True)
class Workload:
    """The model, and for how many streams of how many tokens a server is to be made ready."""

    model: Path
    slots: int
    window_tokens: int
    number_format: str  # bfloat16 or float32


@dataclass(frozen=True, slots=True)
class Target:
    """A server that can be started with `--port` filled in."""

    name: str
    command: list[str]
    ready_path: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def command_on(self, port: int) -> list[str]:
        return [*self.command, "--host", "127.0.0.1", "--port", str(port)]


def build_target(name: str, workload: Workload, environment: Mapping[str, str] = os.environ) -> Target:
    """Return the server of that name; raise BenchError with the reason where it cannot be measured."""
    if name in OURS:
        return our_server(name, workload, environment)
    if name == TRANSFORMERS:
        return _transformers(workload, environment)
    if name == LLAMA:
        return _llama_server(workload, environment)
    raise BenchError(f"There is no target {name!r}. There are: {', '.join(TITLES)}.")


def our_server(name: str, workload: Workload, environment: Mapping[str, str] = os.environ) -> Target:
    """Return this server, with all other settings as they are by default."""
    settings = {
        "MODEL_DIR": str(workload.model.resolve()),
        "SLOTS": str(workload.slots),
        "MAX_MODEL_LENGTH": str(workload.window_tokens),
    }
    command = [sys.executable, "-m", "model_server", "serve", *OURS[name]]
    return Target(name, command, "/readyz", {**_without_settings(environment), **settings})


def _transformers(workload: Workload, environment: Mapping[str, str]) -> Target:
    executable = PEERS_PYTHON.with_name("transformers")
    if not executable.exists():
        raise BenchError(f"{PEERS_PYTHON.parent.parent} is not there; `make bench` sets it up.")
    command = [str(executable), "serve", str(workload.model), "--continuous-batching", "--device", "cpu"]
    command += ["--dtype", workload.number_format]
    # its cache stays as it comes, which is most of the memory: a smaller one might hold it back
    return Target(TRANSFORMERS, command, "/health", {**environment, "HF_HUB_OFFLINE": "1"})


def _llama_server(workload: Workload, environment: Mapping[str, str]) -> Target:
    binary = shutil.which(environment.get("LLAMA_SERVER") or "")
    if binary is None:
        raise BenchError("LLAMA_SERVER does not name a llama-server binary.")
    model = convert_for_llama(workload)
    command = [binary, "--model", str(model), "--parallel", str(workload.slots)]
    command += ["--ctx-size", str(workload.slots * workload.window_tokens)]
    command += ["--threads", str(core_count())]
    return Target(LLAMA, command, "/health", environment)


def convert_for_llama(workload: Workload) -> Path:
    """Return the model as a GGUF file beside its checkpoint, made on first use with the peers' own packages."""
    file = workload.model / f"{workload.number_format}.gguf"
    if not file.exists():
        if not PEERS_PYTHON.exists():
            raise BenchError(f"its file format is written by {PEERS_PYTHON}, which is not there; see `make bench`.")
        command = [str(PEERS_PYTHON), "-m", "model_server.bench.gguf_file", str(workload.model), str(file)]
        command.append(workload.number_format)
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise BenchError(f"the model could not be converted: {result.stderr.strip()[-500:]}")
    return file


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what a person has set for a server of theirs."""
    ours = {"MODEL_ID", "MODEL_DIR", "EXECUTOR", "SLOTS", "QUEUE_LIMIT", "REQUEST_TIMEOUT_SECONDS"}
    ours |= {"MAX_MODEL_LENGTH", "API_KEY", "TORCH_THREADS"}
    return {name: value for name, value in environment.items() if name not in ours}
