"""A Ray cluster of one node on loopback, with a token, as KubeRay starts one; ended by whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import yaml

from tests.k8s.manifests import PROJECT
from tests.model_server.servers import free_port

START_SECONDS = 120.0
TOKEN = "the token of this cluster"
APPLICATIONS = "/api/serve/applications/"


class RayCluster:
    """What KubeRay does with a cluster: hand a configuration to its dashboard, and ask how it is."""

    def __init__(self, dashboard: str, directory: Path, environment: dict[str, str]) -> None:
        self.http = httpx.Client(base_url=dashboard, timeout=60, headers={"Authorization": f"Bearer {TOKEN}"})
        self._dashboard = dashboard
        self._directory = directory
        self._environment = environment

    def deploy(self, configuration: dict[str, Any]) -> None:
        """Run `serve deploy`; return once Ray has taken the configuration."""
        path = self._directory / "serve.yaml"
        path.write_text(yaml.safe_dump(configuration), encoding="utf-8")
        command = [str(Path(sys.executable).parent / "serve"), "deploy", "--address", self._dashboard, str(path)]
        done = subprocess.run(
            command, env=self._environment, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=180
        )
        assert done.returncode == 0, done.stderr

    def is_open_to_strangers(self) -> bool:
        return httpx.get(f"{self._dashboard}{APPLICATIONS}", timeout=60).status_code == 200

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if self.http.get(APPLICATIONS).status_code == 200:
                    return
            time.sleep(0.2)
        raise TimeoutError("Ray's dashboard did not answer")

    def is_running(self) -> bool:
        return bool(self._application()["status"] == "RUNNING")

    def running_replicas(self) -> set[str]:
        replicas = self._application()["deployments"]["model-server"]["replicas"]
        return {replica["replica_id"] for replica in replicas if replica["state"] == "RUNNING"}

    def _application(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(APPLICATIONS).json()["applications"]["mistral"]
        return found


@contextmanager
def ray_cluster(**variables: str) -> Iterator[RayCluster]:
    """Start a node with room for two replicas, whose environment is that of a worker Pod."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": TOKEN,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
        **variables,
    }
    dashboard_port = free_port()
    ports = ("port", "dashboard-agent-listen-port", "dashboard-agent-grpc-port", "ray-client-server-port")
    options = {
        **{port: str(free_port()) for port in (*ports, "metrics-export-port")},
        "dashboard-port": str(dashboard_port),
        "dashboard-host": "127.0.0.1",
        "node-ip-address": "127.0.0.1",
        "num-cpus": "2",
        "object-store-memory": "100000000",  # as in the manifests
    }
    with TemporaryDirectory(prefix="ts-") as directory:
        command = [str(Path(sys.executable).parent / "ray"), "start", "--head", "--block", f"--temp-dir={directory}/r"]
        command += [f"--{name}={value}" for name, value in options.items()]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            try:
                cluster = RayCluster(f"http://127.0.0.1:{dashboard_port}", Path(directory), environment)
                with cluster.http:
                    cluster.wait_until_ready()
                    yield cluster
            finally:
                os.killpg(process.pid, signal.SIGKILL)  # its own group; replicas end with the raylet in it
