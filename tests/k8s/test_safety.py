"""Safe by default: what every Pod may not do, and who may reach whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.access.sessions import LIFETIME_SECONDS
from tests.k8s.manifests import (
    CHAT_NAMESPACE,
    MODEL_NAMESPACE,
    OVERLAYS,
    WITH_MODEL,
    Manifest,
    containers,
    one,
    overlay,
    pod_templates,
    variables,
    with_components,
    worker_group,
)

NEURON = ("inf2", "high-availability")


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_namespace_refuses_pods_that_are_not_restricted(name: str) -> None:
    namespaces = [each for each in overlay(name) if each["kind"] == "Namespace"]
    for namespace in namespaces:
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", OVERLAYS)
def test_no_pod_is_root_or_more_than_restricted(name: str) -> None:
    for _, template in pod_templates(overlay(name)):
        context = template["spec"]["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] > 0
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        allowed = {"emptyDir", "persistentVolumeClaim"}
        assert all(set(volume) - {"name"} <= allowed for volume in template["spec"].get("volumes", []))
        assert not {"hostNetwork", "hostPID", "hostIPC"} & template["spec"].keys()


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_container_is_read_only_without_capabilities_and_bounded(name: str) -> None:
    manifests = overlay(name)
    extra = []
    if name in WITH_MODEL:
        extra = [("autoscaler", one(manifests, "RayService")["spec"]["rayClusterConfig"]["autoscalerOptions"])]
    for which, container in [*containers(manifests), *extra]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, which
        for kind in ("requests", "limits"):
            assert {"cpu", "memory"} <= container["resources"][kind].keys(), which


@pytest.mark.parametrize("name", OVERLAYS)
def test_no_pod_but_the_head_can_speak_to_kubernetes(name: str) -> None:
    for which, template in pod_templates(overlay(name)):
        assert which == "head" or template["spec"]["automountServiceAccountToken"] is False
    for account in [each for each in overlay(name) if each["kind"] == "ServiceAccount"]:
        assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", OVERLAYS)
def test_in_every_namespace_nothing_goes_but_what_is_named(name: str) -> None:
    manifests = overlay(name)
    policies = [each for each in manifests if each["kind"] == "NetworkPolicy"]
    for namespace in [each["metadata"]["name"] for each in manifests if each["kind"] == "Namespace"]:
        nothing = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        assert nothing in [each["spec"] for each in policies if each["metadata"]["namespace"] == namespace]
    for policy in policies:
        for rule in policy["spec"].get("ingress", []):
            assert rule["from"]
            assert not any("ipBlock" in peer for peer in rule["from"])
        for rule in policy["spec"].get("egress", []):
            assert rule["to"]
            for block in [peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer]:
                assert block["cidr"] != "0.0.0.0/0" or block["except"] == ["169.254.169.254/32"]


def reach(manifests: tuple[Manifest, ...], port: int, namespace: str = MODEL_NAMESPACE) -> set[str]:
    """Return the names of the rules that let somebody into a namespace at a port, Ray itself apart."""
    return {
        policy["metadata"]["name"]
        for policy in manifests
        if policy["kind"] == "NetworkPolicy" and policy["metadata"]["namespace"] == namespace
        for rule in policy["spec"].get("ingress", [])
        if port in [each["port"] for each in rule.get("ports", [{"port": port}])]
    } - {"ray-inside"}


@pytest.mark.parametrize("name", WITH_MODEL)
def test_dashboard_and_control_store_are_closed_also_where_the_chat_is_public(name: str, tmp_path: Path) -> None:
    manifests = with_components(name, tmp_path)
    assert reach(manifests, 8265) == {"operator-to-head"}
    assert reach(manifests, 6379) == reach(manifests, 10001) == set()
    assert reach(manifests, 8000) == {"chat-to-model", "operator-to-head"}
    assert reach(manifests, 9464) == {"prometheus-to-replicas"}
    (rule,) = one(manifests, "Ingress")["spec"]["rules"]
    assert {path["backend"]["service"]["name"] for path in rule["http"]["paths"]} == {"gradio-service", "closed"}


def test_the_public_chat_has_tls_a_sticky_cookie_and_no_buffer(tmp_path: Path) -> None:
    ingress = one(with_components("cpu", tmp_path), "Ingress")
    prefix = "nginx.ingress.kubernetes.io/"
    annotations = {key.removeprefix(prefix): value for key, value in ingress["metadata"]["annotations"].items()}
    assert (
        annotations.items()
        >= {
            "ssl-redirect": "true",
            "proxy-buffering": "off",
            "affinity": "cookie",
            "affinity-mode": "persistent",
            "session-cookie-max-age": str(LIFETIME_SECONDS),
        }.items()
    )
    assert [entry["hosts"] for entry in ingress["spec"]["tls"]] == [[ingress["spec"]["rules"][0]["host"]]]


def test_metrics_lead_from_the_internet_to_a_port_that_nothing_opens(tmp_path: Path) -> None:
    manifests = with_components("cpu", tmp_path)
    (rule,) = one(manifests, "Ingress")["spec"]["rules"]
    (path,) = [each for each in rule["http"]["paths"] if each["path"] == "/metrics"]
    service = one(manifests, "Service", path["backend"]["service"]["name"])["spec"]
    assert path["pathType"] == "Exact"
    assert service["selector"] == one(manifests, "Service", "gradio-service")["spec"]["selector"]
    (port,) = service["ports"]
    assert port["name"] == path["backend"]["service"]["port"]["name"]
    assert isinstance(port["targetPort"], int)  # a name would not be found among the policies' numbers
    assert reach(manifests, port["targetPort"], CHAT_NAMESPACE) == set()
    assert reach(manifests, 7860, CHAT_NAMESPACE) == {"ingress-to-chat", "prometheus-to-chat"}


@pytest.mark.parametrize("name", WITH_MODEL)
def test_ray_wants_a_token(name: str) -> None:
    assert one(overlay(name), "RayService")["spec"]["rayClusterConfig"]["authOptions"] == {"mode": "token"}


@pytest.mark.parametrize("name", NEURON)
def test_the_hub_token_is_seen_by_the_prepare_job_alone(name: str) -> None:
    holders = {which for which, container in containers(overlay(name)) if "hub-token" in str(container)}
    assert holders == {"prepare/prepare"}
    assert all(
        isinstance(value, str) or "secretKeyRef" in value
        for _, each in containers(overlay(name))
        for value in variables(each).values()
    )


@pytest.mark.parametrize("name", NEURON)
def test_weights_are_written_once_and_read_by_many(name: str) -> None:
    manifests = overlay(name)
    assert one(manifests, "PersistentVolumeClaim")["spec"]["accessModes"] == ["ReadWriteMany"]
    for container in [each for which, each in containers(manifests) if which.startswith("replicas/")]:
        assert [mount["readOnly"] for mount in container["volumeMounts"] if mount["name"] == "models"] == [True]


@pytest.mark.parametrize("name", NEURON)
def test_pods_of_replicas_find_their_nodes_and_are_left_alone_there(name: str) -> None:
    manifests = overlay(name)
    pool = one(manifests, "NodePool", "twinstream-inf2")["spec"]
    template = worker_group(manifests)["template"]
    assert template["spec"]["nodeSelector"].items() <= pool["template"]["metadata"]["labels"].items()
    (taint,), (toleration,) = pool["template"]["spec"]["taints"], template["spec"]["tolerations"]
    assert (taint["key"], taint["effect"]) == (toleration["key"], toleration["effect"])
    assert template["metadata"]["annotations"] == {"karpenter.sh/do-not-disrupt": "true"}
    assert pool["disruption"]["consolidationPolicy"] == "WhenEmpty"
    assert {"nodes": "0", "reasons": ["Drifted", "Underutilized"]} in pool["disruption"]["budgets"]
    assert pool["template"]["spec"]["expireAfter"] == "Never"
    (device,) = one(manifests, "EC2NodeClass")["spec"]["blockDeviceMappings"]
    assert device["ebs"]["volumeSize"] == "200Gi"
    assert "schedulerName" not in template["spec"]
    most = worker_group(manifests)["maxReplicas"]
    assert int(pool["limits"]["cpu"]) >= 2 * most * 32  # an inf2.8xlarge has 32; two clusters during an upgrade


def test_where_it_must_not_fail_there_are_two_of_everything_that_answers() -> None:
    manifests = overlay("high-availability")
    service = one(manifests, "RayService")["spec"]
    assert service["excludeHeadPodFromServeSvc"] is True
    redis = service["rayClusterConfig"]["gcsFaultToleranceOptions"]
    assert redis["redisAddress"].startswith("rediss://")
    assert redis["redisPassword"]["valueFrom"]["secretKeyRef"] == {"name": "redis", "key": "password"}
    group = worker_group(manifests)
    assert group["minReplicas"] >= 2
    (apart,) = group["template"]["spec"]["affinity"]["podAntiAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    assert apart["topologyKey"] == "kubernetes.io/hostname"
    assert apart["labelSelector"]["matchLabels"].items() <= group["template"]["metadata"]["labels"].items()
    assert one(manifests, "Deployment")["spec"]["replicas"] >= 2
    assert {each["metadata"]["name"] for each in manifests if each["kind"] == "PodDisruptionBudget"} == {
        "chat",
        "model",
    }
