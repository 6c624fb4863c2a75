"""What every test stands on: loopback only, and a clean environment."""

import socket
from typing import Any

import pytest

_LOOPBACK = ("127.", "::1", "localhost")
_real_connect = socket.socket.connect


def _connect(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
        raise AssertionError(f"a test wanted to reach {address!r}; tests use this machine alone")
    _real_connect(self, address)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _connect)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's own settings must not decide whether tests pass."""
    for name in ("RAY_SERVE_URL", "RAY_SERVE_API_KEY", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("MODEL_ID", "MODEL_DIR", "EXECUTOR", "SLOTS", "MAX_MODEL_LENGTH", "TORCH_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("SAGEMAKER_ENDPOINTS", "SAGEMAKER_ACCEPT_EULA", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("QUEUE_LIMIT", "REQUEST_TIMEOUT_SECONDS", "LOG_FORMAT", "MODEL_SOURCE", "HF_TOKEN", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
