"""The model server as a subprocess of the page, for a machine that has no other model.

A subprocess, because torch in the page's own process would stall every stream. It serves the built-in model on a
loopback socket that is opened here and handed over, so that there is no port to guess and connections wait instead of
failing while the server starts. It ends with the page, even where the page is killed: its standard input closes then.
"""

import importlib.util
import logging
import os
import secrets
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

logger = logging.getLogger(__name__)

_STOP_SECONDS = 5.0
_PROJECT = Path(__file__).resolve().parents[2]


def can_embed() -> bool:
    """Whether the model server and torch are installed beside the page (they are not in its slim image)."""
    return all(importlib.util.find_spec(name) is not None for name in ("model_server", "torch"))


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running model server: where it listens, and the key that keeps other users of the machine out."""

    url: str
    api_key: str = field(repr=False)
    process: "subprocess.Popen[bytes]" = field(repr=False)

    def stop(self) -> None:
        """Ends the process, gently first. Called once, when nothing streams any more."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            logger.warning("the built-in model did not stop by itself")
            self.process.kill()
            self.process.wait()


def start_embedded() -> EmbeddedServer:
    """Starts the server and returns at once; the model loads while the page opens."""
    api_key = secrets.token_urlsafe(32)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "model_server", "serve", "--fd", str(listener.fileno())]
        process = subprocess.Popen(  # noqa: S603  the command is our own, word for word
            [*command, "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            cwd=_PROJECT,
            env={**os.environ, "API_KEY": api_key},
            pass_fds=[listener.fileno()],
            start_new_session=True,  # Ctrl-C reaches the page alone, which then stops this server in its own time
        )
    return EmbeddedServer(f"http://127.0.0.1:{port}", api_key, process)
