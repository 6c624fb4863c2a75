"""The `cpu` overlay's Serve configuration on a real Ray, deployed as KubeRay does it: it answers, scales, is tuned."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from k8s.serve_config import TUNING_FILE, make_configuration, read_tuning
from tests.k8s.ray_cluster import RayCluster, ray_cluster
from tests.model_server.servers import free_port

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif("SOAK" not in os.environ, reason="a whole Ray under load, for minutes: `make soak` runs it"),
]
logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 120.0
API_KEY = "the key of both sides"
CLIENTS = 14  # a replica has 8 slots, and is to have 5.6 requests
CHAT = {"messages": [{"role": "user", "content": "Tell me a long story."}], "max_tokens": 100, "stream": True}


def configuration(port: int, **figures: float) -> dict[str, Any]:
    """Return what tuning.yaml makes for `cpu`, with other figures; loopback, and seconds where there are minutes."""
    document = make_configuration("cpu", {**read_tuning(TUNING_FILE)["cpu"], **figures})
    document["http_options"] = {"host": "127.0.0.1", "port": port}
    (deployment,) = document["applications"][0]["deployments"]
    deployment["autoscaling_config"] |= {"look_back_period_s": 2, "upscale_delay_s": 1}
    return document


class People:
    """Clients that ask, read the answer to its end, and ask again, until they are sent away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._leave = threading.Event()
        self.outcomes: Counter[str] = Counter()
        self.replicas: set[str] = set()

    def ask(self) -> str:
        """Return how one request ended: `answered` only with text and [DONE]."""
        headers = {"Authorization": f"Bearer {API_KEY}"}
        with httpx.stream(
            "POST", f"{self._url}/v1/chat/completions", json=CHAT, headers=headers, timeout=120
        ) as answer:
            lines = [line for line in answer.iter_lines() if line]
        if answer.status_code != 200:
            return str(answer.status_code)
        self.replicas.add(answer.headers["x-replica-id"])
        return "answered" if lines[-1] == "data: [DONE]" and len(lines) > 5 else "lost"

    def _stay(self) -> None:
        while not self._leave.is_set():
            self.outcomes[self.ask()] += 1

    def __enter__(self) -> People:
        self._threads = [threading.Thread(target=self._stay) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        for thread in self._threads:
            thread.join()


def wait_for(condition: Callable[[], bool], what: str) -> float:
    """Return after how many seconds it held."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < PATIENCE_SECONDS, f"never: {what}"
        time.sleep(0.2)
    return time.monotonic() - start


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[RayCluster, int, int]]:
    port, metrics_port = free_port(), free_port()
    with ray_cluster(API_KEY=API_KEY, TORCH_THREADS="1", METRICS_PORT=str(metrics_port)) as ray:
        ray.deploy(configuration(port))
        wait_for(ray.is_running, "the application runs")
        yield ray, port, metrics_port


def test_the_dashboard_wants_the_token_and_the_model_its_key(cluster: tuple[RayCluster, int, int]) -> None:
    ray, port, _ = cluster
    assert not ray.is_open_to_strangers()
    assert httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=CHAT, timeout=60).status_code == 401


def test_a_chat_is_answered_and_the_replica_says_so_at_its_own_port(cluster: tuple[RayCluster, int, int]) -> None:
    _, port, metrics_port = cluster
    assert People(f"http://127.0.0.1:{port}").ask() == "answered"
    metrics = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=60).text
    assert 'twinstream_engine_state{state="ready"} 1.0' in metrics
    assert "twinstream_slots_in_use 0.0" in metrics


def test_load_brings_a_second_replica_and_a_change_of_tuning_loses_no_stream(
    cluster: tuple[RayCluster, int, int],
) -> None:
    """1 → 2 under load, a change of every figure but the number under the same load, 2 → 1 without."""
    ray, port, _ = cluster
    assert len(ray.running_replicas()) == 1
    with People(f"http://127.0.0.1:{port}") as people:
        up_seconds = wait_for(lambda: len(people.replicas) == 2, "two replicas answer")
        replicas = ray.running_replicas()
        ray.deploy(configuration(port, idle_seconds=600, target_requests=3, queue_length=20, scale_up_step=0.5))
        answered = people.outcomes["answered"]
        wait_for(lambda: people.outcomes["answered"] > answered + CLIENTS, "answers go on")
        assert ray.running_replicas() == replicas
    ray.deploy(configuration(port, idle_seconds=2))
    down_seconds = wait_for(lambda: len(ray.running_replicas()) == 1, "one replica is left")
    assert set(people.outcomes) == {"answered"}
    assert ray.running_replicas() < replicas
    logger.info("up %.0f s, down %.0f s, %d answers", up_seconds, down_seconds, people.outcomes["answered"])


def test_a_queue_that_was_shortened_refuses_who_comes_too_many(cluster: tuple[RayCluster, int, int]) -> None:
    """In place: the replica is the same, and has no room to wait any more."""
    ray, port, _ = cluster
    replicas = ray.running_replicas()
    ray.deploy(configuration(port, queue_length=0, max_replicas=1))
    people = People(f"http://127.0.0.1:{port}")

    def some_are_refused() -> bool:
        with ThreadPoolExecutor(CLIENTS) as pool:
            outcomes = Counter(pool.map(lambda _: people.ask(), range(CLIENTS)))
        assert set(outcomes) <= {"answered", "429"}
        return outcomes["429"] > 0

    wait_for(some_are_refused, "somebody is refused")
    assert ray.running_replicas() == replicas
