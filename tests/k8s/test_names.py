"""Names, ports, variables, images and probes: what manifests say, held against the code that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray

from app.backends.catalog import BackendChoice
from app.backends.unconfigured import UnconfiguredBackend
from app.server import build_server
from app.settings import Settings
from app.settings import load_settings as load_chat_settings
from model_server.settings import DEFAULT_SOURCE, load_prepare_settings, load_settings
from tests.k8s.manifests import (
    CHAT_NAMESPACE,
    MODEL_NAMESPACE,
    OVERLAYS,
    PROJECT,
    WITH_MODEL,
    Manifest,
    containers,
    one,
    overlay,
    serve_document,
    variables,
    worker_group,
)

# What programs other than ours read: Ray, and whatever asks for a home.
OTHERS_VARIABLES = {"HOME", "RAY_USAGE_STATS_ENABLED", "HF_TOKEN"}
NEURON = ("inf2", "high-availability")


def container(manifests: tuple[Manifest, ...], name: str) -> Manifest:
    return next(each for full_name, each in containers(manifests) if full_name == name)


def chat_map(manifests: tuple[Manifest, ...]) -> dict[str, str]:
    (reference,) = container(manifests, "gradio-deployment/gradio")["envFrom"]
    found: dict[str, str] = one(manifests, "ConfigMap", reference["configMapRef"]["name"])["data"]
    return found


def example_variables() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (PROJECT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_variable_is_one_that_the_code_reads(name: str) -> None:
    manifests = overlay(name)
    set_here = {variable for _, each in containers(manifests) for variable in variables(each)}
    set_here |= set(chat_map(manifests))
    assert set_here - OTHERS_VARIABLES - example_variables() == set()


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_chat_reads_its_map_and_listens_where_the_service_sends_people(name: str) -> None:
    manifests = overlay(name)
    settings = load_chat_settings(chat_map(manifests))
    (port,) = one(manifests, "Service", "gradio-service")["spec"]["ports"]
    (own_port,) = container(manifests, "gradio-deployment/gradio")["ports"]
    assert (settings.host, settings.port) == ("0.0.0.0", 7860)  # noqa: S104  from other Pods, too
    assert (port["port"], port["targetPort"]) == (settings.port, own_port["name"])
    assert own_port["containerPort"] == settings.port == Settings().port
    assert f"EXPOSE {settings.port}" in (PROJECT / "Dockerfile-gradio").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WITH_MODEL)
def test_the_chat_finds_the_model_by_the_service_that_kuberay_makes(name: str) -> None:
    manifests = overlay(name)
    service = one(manifests, "RayService")["metadata"]
    port = serve_document(manifests)["http_options"]["port"]
    host = f"{service['name']}-serve-svc.{service['namespace']}.svc.cluster.local"
    assert load_chat_settings(chat_map(manifests)).ray_serve_url == f"http://{host}:{port}"


def test_without_a_model_server_the_chat_has_neither_its_address_nor_its_key() -> None:
    manifests = overlay("sagemaker-only")
    assert load_chat_settings(chat_map(manifests)).ray_serve_url is None
    assert "RAY_SERVE_API_KEY" not in variables(container(manifests, "gradio-deployment/gradio"))
    assert {each["kind"] for each in manifests}.isdisjoint({"RayService", "NodePool", "Job"})


@pytest.mark.parametrize("name", OVERLAYS)
async def test_the_chats_probes_are_routes_of_its_server(name: str) -> None:
    chat = container(overlay(name), "gradio-deployment/gradio")
    probes = {kind: chat[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {kind: probe["path"] for kind, probe in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    transport = httpx.ASGITransport(build_server((BackendChoice("No model", UnconfiguredBackend()),)))
    async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
        for path in {probe["path"] for probe in probes.values()}:
            assert (await client.get(path)).status_code == 200
    assert {probe["port"] for probe in probes.values()} == {chat["ports"][0]["name"]}


@pytest.mark.parametrize("name", WITH_MODEL)
def test_ports_of_the_model_are_those_of_its_configuration(name: str) -> None:
    manifests = overlay(name)
    port = serve_document(manifests)["http_options"]["port"]
    worker = container(manifests, "replicas/ray-worker")
    head = container(manifests, "head/ray-head")
    own = {each["name"]: each["containerPort"] for each in worker["ports"]}
    assert own["serve"] == {each["name"]: each["containerPort"] for each in head["ports"]}["serve"] == port
    assert str(own["replica-metrics"]) == variables(worker)["METRICS_PORT"]
    assert f":{own['replica-metrics']}/metrics" in str(worker["lifecycle"]["preStop"])


@pytest.mark.parametrize("name", WITH_MODEL)
def test_the_published_port_forward_finds_model_and_dashboard_on_the_head(name: str) -> None:
    manifests = overlay(name)
    service = one(manifests, "Service", "mistral-service")
    assert service["metadata"]["namespace"] == MODEL_NAMESPACE
    assert {each["name"]: each["port"] for each in service["spec"]["ports"]} == {"serve": 8000, "dashboard": 8265}
    cluster = one(manifests, "RayService")["spec"]["rayClusterConfig"]
    head = cluster["headGroupSpec"]["template"]
    labels = {**head["metadata"]["labels"], "ray.io/node-type": "head"}  # which KubeRay sets
    assert service["spec"]["selector"].items() <= labels.items()
    assert {each["targetPort"] for each in service["spec"]["ports"]} <= {
        each["name"] for each in head["spec"]["containers"][0]["ports"]
    }


@pytest.mark.parametrize("name", OVERLAYS)
def test_selectors_find_the_pods_they_mean(name: str) -> None:
    manifests = overlay(name)
    chat = one(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    expected = [("Service", "gradio-service", chat), ("PodDisruptionBudget", "chat", chat)]
    if name in WITH_MODEL:
        expected.append(("PodDisruptionBudget", "model", worker_group(manifests)["template"]["metadata"]["labels"]))
    for kind, object_name, labels in expected:
        selector = one(manifests, kind, object_name)["spec"]["selector"]
        assert selector.get("matchLabels", selector).items() <= labels.items()


@pytest.mark.parametrize("name", WITH_MODEL)
def test_ray_is_the_version_that_the_image_has(name: str) -> None:
    cluster = one(overlay(name), "RayService")["spec"]["rayClusterConfig"]
    assert cluster["rayVersion"] == ray.__version__
    for file in ("requirements-server.txt", "requirements-neuron.txt"):
        assert f"ray[serve]=={cluster['rayVersion']}\n" in (PROJECT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WITH_MODEL)
def test_both_sides_get_the_same_key_under_the_name_each_reads(name: str) -> None:
    manifests = overlay(name)
    key = variables(container(manifests, "replicas/ray-worker"))["API_KEY"]["secretKeyRef"]
    chats = variables(container(manifests, "gradio-deployment/gradio"))["RAY_SERVE_API_KEY"]["secretKeyRef"]
    assert (key["name"], chats["name"]) == ("api-key", "api-key")
    assert (key["key"], chats["key"]) == ("API_KEY", "RAY_SERVE_API_KEY")
    guide = (PROJECT / "k8s" / "README.md").read_text(encoding="utf-8")
    assert f'-n {MODEL_NAMESPACE} create secret generic api-key --from-literal=API_KEY="$key"' in guide
    assert f'-n {CHAT_NAMESPACE} create secret generic api-key --from-literal=RAY_SERVE_API_KEY="$key"' in guide


@pytest.mark.parametrize("name", NEURON)
def test_prepare_compiles_what_replicas_serve(name: str, tmp_path: Path) -> None:
    """The shape is said twice, and a replica refuses to start where the two differ."""
    manifests = overlay(name)
    prepare = variables(container(manifests, "prepare/prepare"))
    served = variables(container(manifests, "replicas/ray-worker"))
    shape = ("EXECUTOR", "MODEL_DIR", "SLOTS", "MAX_MODEL_LENGTH", "NEURON_CORES")
    assert {key: prepare[key] for key in shape} == {key: served[key] for key in shape}
    texts = {key: value for key, value in prepare.items() if isinstance(value, str)}
    settings = load_prepare_settings({}, environment=texts)
    assert settings.is_compiled
    assert settings.source == DEFAULT_SOURCE
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    texts = {key: value for key, value in served.items() if isinstance(value, str)}
    server = load_settings({**texts, "MODEL_DIR": str(tmp_path)})
    assert (server.slots, server.max_model_length, server.neuron_cores, server.executor) == (4, 4096, 2, "neuron")
    assert container(manifests, "prepare/prepare")["args"] == ["prepare"]
    wait = container(manifests, "replicas/wait-for-weights")["command"][-1]
    assert f"{served['MODEL_DIR']}/.prepared.json" in wait


@pytest.mark.parametrize("name", OVERLAYS)
def test_images_are_those_that_make_builds_in_exactly_one_version(name: str) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^TAG \?= (\S+)$", makefile, re.MULTILINE)
    assert found
    for _, each in containers(overlay(name)):
        image = each["image"].rpartition("/")[2]
        repository, _, tag = image.partition(":")
        assert f"{repository}:$(TAG){tag.removeprefix(found[1])} " in makefile.replace("\n", " ")
        assert tag.startswith(found[1])
        assert each["imagePullPolicy"] == "IfNotPresent"


def policy_ports(manifests: tuple[Manifest, ...], name: str, namespace: str) -> set[int]:
    def with_name(each: Manifest) -> bool:
        return bool(each["kind"] == "NetworkPolicy") and each["metadata"] == {"name": name, "namespace": namespace}

    (policy,) = filter(with_name, manifests)
    rules: Iterator[dict[str, Any]] = (
        rule for direction in ("ingress", "egress") for rule in policy["spec"].get(direction, [])
    )
    return {port["port"] for rule in rules for port in rule["ports"]}


@pytest.mark.parametrize("name", WITH_MODEL)
def test_the_only_way_from_chat_to_model_is_its_port(name: str) -> None:
    manifests = overlay(name)
    port = serve_document(manifests)["http_options"]["port"]
    ports = partial(policy_ports, manifests, "chat-to-model")
    assert ports(MODEL_NAMESPACE) == ports(CHAT_NAMESPACE) == {port}


def test_settings_of_the_server_are_all_offered_by_name() -> None:
    """Every setting of a replica can be given here: its variable is its name in capitals."""
    from model_server.settings import ServerSettings

    assert {field.name.upper() for field in fields(ServerSettings)} <= example_variables()
