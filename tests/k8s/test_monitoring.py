"""The optional component: every metric, label and port that it names exists in the model server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_server.api.application import build_application
from model_server.api.metrics import ServerCollector
from model_server.api.request_statistics import RequestStatistics
from model_server.engine.engine import Engine
from model_server.settings import ServerSettings
from tests.k8s.manifests import FOLDER, one, overlay, with_components, worker_group

COMPONENT = FOLDER / "components" / "monitoring"
DASHBOARD: dict[str, Any] = json.loads((COMPONENT / "dashboard.json").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = yaml.safe_load((COMPONENT / "alerts.yaml").read_text("utf-8"))["spec"]["groups"][0][
    "rules"
]
EXPRESSIONS = [
    *(rule["expr"] for rule in RULES),
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]),
]


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """Return each sample that the server gives, with its labels."""
    settings = ServerSettings()
    samples: dict[str, set[str]] = {}
    for metric in ServerCollector(settings, Engine(settings), RequestStatistics()).collect():
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


def test_every_figure_that_the_guide_has_is_on_the_dashboard() -> None:
    guide = (FOLDER.parent / "model_server" / "OPERATING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(twinstream_\w+)", guide))
    shown = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for text in EXPRESSIONS
        for name in re.findall(r"twinstream_\w+", text)
    }
    assert named <= shown


def test_the_three_alerts_are_there_with_a_sentence_each() -> None:
    assert [rule["alert"] for rule in RULES] == [
        "TwinstreamNoReadyReplica",
        "TwinstreamQueueGrowing",
        "TwinstreamSlowFirstToken",
    ]
    assert "0.95" in RULES[2]["expr"]
    assert all(rule["annotations"]["summary"].endswith(".") for rule in RULES)


def test_what_is_scraped_is_a_port_of_the_replicas_and_a_route_of_the_server(tmp_path: Path) -> None:
    monitor = one(with_components("cpu", tmp_path), "PodMonitor")
    template = worker_group(overlay("cpu"))["template"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    assert monitor["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    settings = ServerSettings()
    paths = {getattr(route, "path", "") for route in build_application(settings, Engine(settings)).routes}
    assert endpoint["path"] in paths
