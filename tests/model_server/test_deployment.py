"""`serve --ray` as a whole: a real Ray on this machine, which takes half a minute."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.model_server.servers import running_server, wait_until_ready


@pytest.mark.ray
def test_ray_serves_streams_and_leaves_nothing_behind(checkpoint_dir: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    directory = tmp_path / "a path with spaces"
    directory.mkdir()
    arguments = ["serve", "--ray", "--port", str(port)]
    environment = {"MODEL_DIR": str(checkpoint_dir), "MODEL_ID": "tiny"}
    with running_server(*arguments, environment=environment, directory=directory) as process:
        wait_until_ready(url, process)
        body = {"prompt": "the quick brown fox", "max_tokens": 200, "temperature": 2, "stream": True}
        with httpx.stream("POST", f"{url}/v1/completions", json=body, timeout=30) as response:
            lines = [line for line in response.iter_lines() if line]
        assert lines[-1] == "data: [DONE]"
        assert len(lines) > 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
