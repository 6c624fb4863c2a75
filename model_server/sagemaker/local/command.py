"""`local`: the model server behind the ports of SageMaker, until a signal ends it."""

from __future__ import annotations

from model_server.errors import ConfigurationError


def serve_local(host: str, port: int, *, has_faults: bool) -> None:
    raise ConfigurationError(f"There is no local SageMaker for {host}:{port} yet.")
