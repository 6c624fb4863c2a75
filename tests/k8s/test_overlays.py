"""Every overlay builds, and every object in it is what Kubernetes, KubeRay and Karpenter take, with no key too many."""

from __future__ import annotations

import os
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.k8s.manifests import (
    CHAT_NAMESPACE,
    COMPONENTS,
    FOLDER,
    MODEL_NAMESPACE,
    OVERLAYS,
    WITH_MODEL,
    Manifest,
    one,
    overlay,
    with_components,
)

OWN_SCHEMAS = (
    "ray.io",
    "karpenter.sh",
    "karpenter.k8s.aws",
    "monitoring.coreos.com",
)  # groups not of Kubernetes itself
WITHOUT_SCHEMA_HERE = ("PodMonitor", "PrometheusRule")  # held by test_monitoring to what they must name
OLDEST_KUBERNETES = "1.32"  # the oldest that the README names; and the newest that can be checked


def is_kubernetes_own(manifest: Manifest) -> bool:
    return manifest["apiVersion"].split("/")[0] not in OWN_SCHEMAS


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, kubernetes_validate.latest_version()])
@pytest.mark.parametrize("name", OVERLAYS)
def test_every_object_is_valid_for_kubernetes(name: str, version: str) -> None:
    manifests = [each for each in overlay(name) if is_kubernetes_own(each)]
    assert manifests
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_components_are_valid_on_top_of_an_overlay(tmp_path: Path) -> None:
    manifests = with_components("inf2", tmp_path)
    for manifest in manifests:
        if is_kubernetes_own(manifest):
            kubernetes_validate.validate(manifest, OLDEST_KUBERNETES, strict=True)
    assert {each["kind"] for each in manifests} >= {"PodMonitor", "PrometheusRule", "Ingress"}


@pytest.mark.parametrize("name", OVERLAYS)
def test_components_are_part_of_no_overlay(name: str) -> None:
    text = (FOLDER / "overlays" / name / "kustomization.yaml").read_text(encoding="utf-8")
    assert not any(f"components/{component}" in text for component in COMPONENTS)
    assert not {"PodMonitor", "PrometheusRule", "Ingress"} & {each["kind"] for each in overlay(name)}


@cache
def schemas() -> dict[tuple[str, str], dict[str, Any]]:
    """Return what CRD_SCHEMAS holds, by version and kind."""
    folder = os.environ.get("CRD_SCHEMAS")
    if not folder:
        pytest.skip("CRD_SCHEMAS names no folder with the definitions of KubeRay and Karpenter")
    found = {}
    for path in Path(folder).glob("*.yaml"):
        definition = next(each for each in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader) if each)["spec"]
        for version in definition["versions"]:
            key = (f"{definition['group']}/{version['name']}", definition["names"]["kind"])
            found[key] = close(version["schema"]["openAPIV3Schema"])
    return found


def close(schema: Any) -> Any:
    """Return a schema that refuses unknown keys, wherever it says which there are."""
    if isinstance(schema, list):
        return [close(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: close(value) for key, value in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict) and not is_open:
        closed["additionalProperties"] = False
        if schema["properties"].get("metadata") == {"type": "object"}:
            closed["properties"]["metadata"] = {"type": "object"}
    return closed


@pytest.mark.parametrize("name", WITH_MODEL)
def test_every_object_of_kuberay_and_karpenter_is_valid(name: str) -> None:
    known = schemas()
    own = [each for each in overlay(name) if not is_kubernetes_own(each)]
    kinds = {"RayService"} if name == "cpu" else {"RayService", "NodePool", "EC2NodeClass"}
    assert {each["kind"] for each in own} == kinds
    for manifest in own:
        jsonschema.Draft7Validator(known[manifest["apiVersion"], manifest["kind"]]).validate(manifest)


def test_the_check_against_a_definition_finds_a_key_too_many() -> None:
    manifest = deepcopy(one(overlay("cpu"), "RayService"))
    manifest["spec"]["rayClusterConfig"]["headGroupSpec"]["template"]["spec"]["container"] = []
    with pytest.raises(jsonschema.ValidationError, match="'container' was unexpected"):
        jsonschema.Draft7Validator(schemas()["ray.io/v1", "RayService"]).validate(manifest)


@pytest.mark.parametrize("name", OVERLAYS)
def test_one_delete_removes_all_because_everything_is_listed_or_in_a_namespace_that_is(name: str) -> None:
    manifests = overlay(name)
    namespaces = {each["metadata"]["name"] for each in manifests if each["kind"] == "Namespace"}
    assert namespaces == ({CHAT_NAMESPACE} if name == "sagemaker-only" else {CHAT_NAMESPACE, MODEL_NAMESPACE})
    cluster_wide = {"Namespace", "NodePool", "EC2NodeClass"}
    assert all(
        each["kind"] in cluster_wide
        if "namespace" not in each["metadata"]
        else each["metadata"]["namespace"] in namespaces
        for each in manifests
    )


@pytest.mark.parametrize("name", WITH_MODEL)
def test_kuberay_finds_nothing_that_it_rejects(name: str) -> None:
    """What its own validation refuses, and what it has dropped, of which the schema says nothing."""
    service = one(overlay(name), "RayService")
    cluster = service["spec"]["rayClusterConfig"]
    assert len(service["metadata"]["name"]) <= 41
    assert "headService" not in cluster["headGroupSpec"]
    assert "upgradeStrategy" not in cluster
    assert not {"serviceUnhealthySecondThreshold", "deploymentUnhealthySecondThreshold"} & service["spec"].keys()
    assert "ray.io/ft-enabled" not in service["metadata"]["annotations"]
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        assert group["template"]["spec"].get("restartPolicy", "Never") == "Never"  # autoscaler v2
        names = {each["name"] for container in group["template"]["spec"]["containers"] for each in container["env"]}
        assert not names & {"RAY_REDIS_ADDRESS", "REDIS_PASSWORD", "REDIS_ADDRESS"}
    assert cluster["autoscalerOptions"]["version"] == "v2"
    ports = {
        each["name"]: each["containerPort"]
        for each in cluster["headGroupSpec"]["template"]["spec"]["containers"][0]["ports"]
    }
    assert ports == {"gcs-server": 6379, "dashboard": 8265, "client": 10001, "serve": 8000}
