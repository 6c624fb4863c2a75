"""Starts the product's programs as a person does, and ends them: the page, and the local SageMaker beside it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PROJECT = Path(__file__).resolve().parents[2]
_OUR_VARIABLES = ("RAY_SERVE_URL", "RAY_SERVE_API_KEY", "SAGEMAKER_ENDPOINTS", "MODEL_DIR", "MODEL_ID")


@contextmanager
def running_page(**variables: str) -> Iterator[str]:
    """The address of `python -m app` with the built-in model, once that is loaded, as `make run` starts it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = nobodys_environment(**variables, GRADIO_SERVER_PORT=str(port))
    process = subprocess.Popen([sys.executable, "-m", "app"], cwd=PROJECT, env=environment)
    url = f"http://127.0.0.1:{port}"
    with _ended(process):
        wait_until(lambda: is_up(f"{url}/readyz"), seconds=60)
        yield url


@contextmanager
def running_local_sagemaker() -> Iterator[dict[str, str]]:
    """The variables that its one line sets for the page."""
    command = [sys.executable, "-m", "model_server.sagemaker", "local", "--port", "0", "--faults"]
    process = subprocess.Popen(command, cwd=PROJECT, env=nobodys_environment(), stdout=subprocess.PIPE, text=True)
    with _ended(process):
        assert process.stdout is not None
        *assignments, verb, target = process.stdout.readline().split()
        assert (verb, target) == ("make", "run")
        yield dict(assignment.split("=", 1) for assignment in assignments)


def nobodys_environment(**variables: str) -> dict[str, str]:
    """This process's, without settings of ours or of AWS: no test may look for an account, or find a person's own."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name not in _OUR_VARIABLES
    }
    nobody = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return {**kept, **nobody, **variables}


def is_up(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Polls what another process or thread does; fails with the deadline."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} seconds"
        time.sleep(0.02)


@contextmanager
def _ended(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> Iterator[None]:
    with process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)
