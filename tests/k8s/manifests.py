"""The overlays as `kubectl apply -k` would send them, and how to find one's way in them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "k8s"
OVERLAYS = ("inf2", "cpu", "sagemaker-only", "high-availability")
WITH_MODEL = ("inf2", "cpu", "high-availability")
COMPONENTS = ("monitoring", "ingress")
CHAT_NAMESPACE = "gradio-mistral7b-inf2"
MODEL_NAMESPACE = "mistral"
OLDEST_KUBECTL_MINOR = 27  # its kustomize is the first 5.0

Manifest = dict[str, Any]


@cache
def builder() -> tuple[str, ...]:
    """Return the command that builds an overlay; skip the test where there is none."""
    if shutil.which("kubectl"):
        command = ["kubectl", "version", "--client", "--output=json"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        minor = int(re.sub(r"\D", "", json.loads(answer)["clientVersion"]["minor"]))
        if minor >= OLDEST_KUBECTL_MINOR:
            return "kubectl", "kustomize"
    if shutil.which("kustomize"):
        return "kustomize", "build"
    pytest.skip(f"neither kubectl 1.{OLDEST_KUBECTL_MINOR} or newer nor kustomize is on PATH: no overlay can be built")


@cache
def build(folder: Path) -> tuple[Manifest, ...]:
    """Return every object of an overlay, or of any folder with a kustomization.yaml."""
    done = subprocess.run([*builder(), str(folder)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "kustomize warns"
    return tuple(yaml.safe_load_all(done.stdout))


def overlay(name: str) -> tuple[Manifest, ...]:
    return build(FOLDER / "overlays" / name)


def with_components(name: str, directory: Path, components: tuple[str, ...] = COMPONENTS) -> tuple[Manifest, ...]:
    """Return an overlay with components that are not part of it by itself; every one if none is named."""

    def relative(path: Path) -> str:
        return os.path.relpath(path, directory.resolve())

    text = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [relative(FOLDER / "overlays" / name)],
        "components": [relative(FOLDER / "components" / component) for component in components],
    }
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(text), encoding="utf-8")
    return build(directory.resolve())


def one(manifests: tuple[Manifest, ...], kind: str, name: str | None = None) -> Manifest:
    """Return the only object of a kind, or the only one with that name."""
    found = [each for each in manifests if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} objects of kind {kind} named {name}"
    return found[0]


def pod_templates(manifests: tuple[Manifest, ...]) -> Iterator[tuple[str, Manifest]]:
    """Yield what Pods are made from, with a name for each; a RayService's are its head and its workers."""
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "Job"):
            yield manifest["metadata"]["name"], manifest["spec"]["template"]
        if manifest["kind"] == "RayService":
            cluster = manifest["spec"]["rayClusterConfig"]
            yield "head", cluster["headGroupSpec"]["template"]
            for group in cluster["workerGroupSpecs"]:
                yield group["groupName"], group["template"]


def containers(manifests: tuple[Manifest, ...]) -> Iterator[tuple[str, Manifest]]:
    for name, template in pod_templates(manifests):
        for container in template["spec"].get("initContainers", []) + template["spec"]["containers"]:
            yield f"{name}/{container['name']}", container


def worker_group(manifests: tuple[Manifest, ...]) -> Manifest:
    (group,) = one(manifests, "RayService")["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    assert isinstance(group, dict)
    return group


def variables(container: Manifest) -> dict[str, Any]:
    """Return what a container's own `env` sets; a Secret's is its reference."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container.get("env", [])}


def serve_document(manifests: tuple[Manifest, ...]) -> Manifest:
    document = yaml.safe_load(one(manifests, "RayService")["spec"]["serveConfigV2"])
    assert isinstance(document, dict)
    return document
