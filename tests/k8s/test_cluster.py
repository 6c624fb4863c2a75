"""The cluster's files and the chat's role: never applied here, but held against what they are about."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from tests.k8s.manifests import CHAT_NAMESPACE, FOLDER, PROJECT, one, overlay

GUIDE = (FOLDER / "cluster" / "README.md").read_text(encoding="utf-8")


def policy() -> list[dict[str, Any]]:
    text = (FOLDER / "components" / "sagemaker" / "iam-policy.json").read_text(encoding="utf-8")
    statements: list[dict[str, Any]] = json.loads(text)["Statement"]
    return statements


def test_the_chats_role_may_do_what_its_code_does_and_nothing_more() -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in (PROJECT / "app" / "backends" / "sagemaker").rglob("*.py")
    )
    named = set(re.findall(r'"((?:List|Describe)[A-Za-z]+)"', source))
    allowed = {action.removeprefix("sagemaker:") for statement in policy() for action in statement["Action"]}
    assert allowed == named | {"InvokeEndpoint", "InvokeEndpointWithResponseStream"}


def test_only_lists_which_know_no_resource_are_allowed_on_all() -> None:
    for statement in policy():
        if statement["Resource"] == "*":
            assert all(action.startswith("sagemaker:List") for action in statement["Action"])
        else:
            assert all(resource.startswith("arn:aws:sagemaker:") for resource in statement["Resource"])


def test_the_role_is_bound_to_the_account_that_the_chat_has() -> None:
    cluster = yaml.safe_load((FOLDER / "cluster" / "cluster.yaml").read_text(encoding="utf-8"))
    bound = {(each["namespace"], each["serviceAccountName"]) for each in cluster["iam"]["podIdentityAssociations"]}
    spec = one(overlay("inf2"), "Deployment")["spec"]["template"]["spec"]
    assert (CHAT_NAMESPACE, spec["serviceAccountName"]) in bound
    assert json.loads(cluster["addons"][-1]["configurationValues"]) == {"enableNetworkPolicy": "true"}
    assert cluster["metadata"]["name"] in str(one(overlay("inf2"), "EC2NodeClass")["spec"]["role"])


def test_the_volume_finds_its_storage_class() -> None:
    (storage,) = yaml.safe_load((FOLDER / "cluster" / "efs-driver.yaml").read_text(encoding="utf-8"))["storageClasses"]
    assert one(overlay("inf2"), "PersistentVolumeClaim")["spec"]["storageClassName"] == storage["name"]
    assert {storage["parameters"]["uid"], storage["parameters"]["gid"]} == {"1000"}


def test_every_chart_is_pinned_and_nothing_claims_to_have_been_run() -> None:
    charts = re.findall(r"helm upgrade --install[^\n\\]*(?:\\\n[^\n\\]*)*", GUIDE)
    assert len(charts) == 4
    assert all(re.search(r"--version \d+\.\d+\.\d+", chart) for chart in charts)
    assert "Not run here" in GUIDE
    operator = next(chart for chart in charts if "kuberay-operator" in chart)
    assert "--namespace kuberay-system" in operator  # which a NetworkPolicy names
