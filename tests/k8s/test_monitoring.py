"""The optional component: every metric, label and port that it names exists in the model server or the chat."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.access.gate import OPEN_PATHS
from app.backends.catalog import BackendChoice
from app.backends.unconfigured import UnconfiguredBackend
from app.generation import Usage
from app.metrics import Metrics
from app.observation import Outcome
from app.server import build_server
from model_server.api.application import build_application
from model_server.api.metrics import ServerCollector
from model_server.api.request_statistics import RequestStatistics
from model_server.engine.engine import Engine
from model_server.settings import ServerSettings
from tests.k8s.manifests import CHAT_NAMESPACE, FOLDER, one, overlay, with_components, worker_group

COMPONENT = FOLDER / "components" / "monitoring"


def rules(folder: Path) -> list[dict[str, Any]]:
    document = yaml.safe_load((folder / "alerts.yaml").read_text("utf-8"))
    found: list[dict[str, Any]] = document["spec"]["groups"][0]["rules"]
    return found


def expressions(folder: Path) -> list[str]:
    dashboard = json.loads((folder / "dashboard.json").read_text(encoding="utf-8"))
    panels = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return [*(rule["expr"] for rule in rules(folder)), *panels]


RULES = [*rules(COMPONENT), *rules(COMPONENT / "chat")]
EXPRESSIONS = [*expressions(COMPONENT), *expressions(COMPONENT / "chat")]


@pytest.fixture
async def known() -> dict[str, set[str]]:
    """Return each sample that the server or the chat gives, with its labels."""
    settings = ServerSettings()
    chat = Metrics(["One"])
    chat.began("One")
    chat.ended("One", Outcome.FAILED, "ServerError", Usage(1, 1))
    text = bytes((await chat.metrics()).body).decode()
    samples: dict[str, set[str]] = {}
    for metric in [
        *ServerCollector(settings, Engine(settings), RequestStatistics()).collect(),
        *text_string_to_metric_families(text),
    ]:
        for sample in metric.samples:
            samples.setdefault(sample.name, set()).update(sample.labels)
    return samples


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_and_label_exists(expression: str, known: dict[str, set[str]]) -> None:
    names = set(re.findall(r"\btwinstream_\w+", expression))
    assert names
    assert names <= known.keys()
    labels = {
        label
        for group in re.findall(r"by \(([^)]*)\)|\{([^}=]*)=", expression)
        for label in re.split(", ?", "".join(group))
    }
    assert labels <= set().union(*(known[name] for name in names))


@pytest.mark.parametrize("page", ["model_server/OPERATING.md", "app/README.md"])
def test_every_figure_that_the_guide_has_is_on_a_dashboard(page: str) -> None:
    guide = (FOLDER.parent / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`(twinstream_\w+)", guide))
    shown = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for text in EXPRESSIONS
        for name in re.findall(r"twinstream_\w+", text)
    }
    assert named
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in named} <= shown


def test_the_four_alerts_are_there_with_a_sentence_each() -> None:
    assert [rule["alert"] for rule in RULES] == [
        "TwinstreamNoReadyReplica",
        "TwinstreamQueueGrowing",
        "TwinstreamSlowFirstToken",
        "TwinstreamAnswersFail",
    ]
    assert "0.95" in RULES[2]["expr"]
    assert all(rule["annotations"]["summary"].endswith(".") for rule in RULES)


def test_what_is_scraped_is_a_port_of_the_replicas_and_a_route_of_the_server(tmp_path: Path) -> None:
    monitor = one(with_components("cpu", tmp_path), "PodMonitor", "model")
    template = worker_group(overlay("cpu"))["template"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    assert monitor["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    settings = ServerSettings()
    paths = {getattr(route, "path", "") for route in build_application(settings, Engine(settings)).routes}
    assert endpoint["path"] in paths


async def test_what_is_scraped_of_the_chat_is_open_at_its_port_and_to_prometheus_alone(tmp_path: Path) -> None:
    manifests = with_components("sagemaker-only", tmp_path, components=("monitoring/chat", "ingress"))
    assert {each["metadata"].get("namespace", CHAT_NAMESPACE) for each in manifests} == {CHAT_NAMESPACE}
    monitor = one(manifests, "PodMonitor")
    template = one(manifests, "Deployment")["spec"]["template"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    (port,) = template["spec"]["containers"][0]["ports"]
    assert endpoint["port"] == port["name"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert endpoint["path"] in OPEN_PATHS  # Prometheus has no login
    server = build_server((BackendChoice("No model", UnconfiguredBackend()),))
    assert endpoint["path"] in {getattr(route, "path", "") for route in server.routes}
    (rule,) = one(manifests, "NetworkPolicy", "prometheus-to-chat")["spec"]["ingress"]
    assert all("podSelector" in peer and "namespaceSelector" in peer for peer in rule["from"])
    assert [each["port"] for each in rule["ports"]] == [port["containerPort"]]
