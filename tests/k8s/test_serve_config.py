"""One truth: serve.yaml and tuning.yaml make what the overlays hand to Ray, and Ray takes every key of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from k8s import serve_config
from model_server.serve_configuration import check_against_settings, read_configuration
from model_server.settings import ServerSettings
from tests.k8s.manifests import PROJECT, WITH_MODEL, one, overlay, serve_document, variables, worker_group


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the program work on a copy of what it reads and writes."""
    for name in serve_config.ACCELERATORS:
        target = tmp_path / "overlays" / name / "serve-config.yaml"
        target.parent.mkdir(parents=True)
        target.write_text(serve_config.path_of(name).read_text("utf-8"), "utf-8")
    (tmp_path / "tuning.yaml").write_text(serve_config.TUNING_FILE.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(serve_config, "FOLDER", tmp_path)
    monkeypatch.setattr(serve_config, "TUNING_FILE", tmp_path / "tuning.yaml")
    return tmp_path


def tune(folder: Path, change: Any) -> None:
    tuning = yaml.safe_load((folder / "tuning.yaml").read_text("utf-8"))
    change(tuning)
    (folder / "tuning.yaml").write_text(yaml.safe_dump(tuning), "utf-8")


def test_what_is_in_the_overlays_is_not_stale() -> None:
    command = [sys.executable, "-m", "k8s.serve_config", "--check"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_changed_figure_is_stale_until_it_is_written(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tune(copied, lambda tuning: tuning["cpu"].update(max_replicas=7, queue_length=3))
    assert serve_config.main(["--check"]) == 1
    assert "overlays/cpu/serve-config.yaml is not what" in capsys.readouterr().out
    assert serve_config.main([]) == 0
    assert serve_config.main(["--check"]) == 0
    text = serve_config.path_of("cpu").read_text("utf-8")
    patches = {patch["path"]: patch["value"] for patch in yaml.safe_load(text)}
    (deployment,) = yaml.safe_load(patches["/spec/serveConfigV2"])["applications"][0]["deployments"]
    assert deployment["autoscaling_config"]["max_replicas"] == 7
    assert deployment["user_config"] == {"queue_limit": 3}
    assert patches["/spec/rayClusterConfig/workerGroupSpecs/0/maxReplicas"] == 7


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda tuning: tuning["cpu"].pop("idle_seconds"), "tuning.yaml: cpu must have exactly min_replicas"),
        (lambda tuning: tuning["cpu"].update(max_replica=2), "tuning.yaml: cpu must have exactly min_replicas"),
        (lambda tuning: tuning["cpu"].update(max_replicas="2"), "cpu.max_replicas is '2', but must be a number."),
        (lambda tuning: tuning.update(gpu={}), "tuning.yaml: the overlays must be inf2, high-availability, cpu."),
    ],
)
def test_a_mistake_in_the_figures_is_one_sentence(
    change: Any, sentence: str, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tune(copied, change)
    assert serve_config.main([]) == 1
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("name", WITH_MODEL)
def test_ray_takes_the_configuration_and_knows_every_key(name: str, tmp_path: Path) -> None:
    """The same strict check as of `serve --ray --check-config`, with the settings of the replicas."""
    manifests = overlay(name)
    path = tmp_path / "serve.yaml"
    path.write_text(one(manifests, "RayService")["spec"]["serveConfigV2"], encoding="utf-8")
    configuration = read_configuration(path, ServeDeploySchema)
    (worker,) = worker_group(manifests)["template"]["spec"]["containers"]
    slots = int(variables(worker).get("SLOTS", ServerSettings().slots))
    assert check_against_settings(configuration, ServerSettings(slots=slots)) == []
    assert configuration.autoscaling["target_ongoing_requests"] == pytest.approx(0.7 * slots)


@pytest.mark.parametrize("name", WITH_MODEL)
def test_a_change_of_figures_leaves_the_number_of_replicas_to_the_load(name: str) -> None:
    """With `initial_replicas`, Ray would go back to it at each change."""
    (deployment,) = serve_document(overlay(name))["applications"][0]["deployments"]
    assert "initial_replicas" not in deployment["autoscaling_config"]


@pytest.mark.parametrize("name", WITH_MODEL)
def test_but_for_the_figures_it_is_the_file_that_one_machine_serves_from(name: str) -> None:
    manifests, common = overlay(name), yaml.safe_load(serve_config.SERVE_FILE.read_text("utf-8"))
    document = serve_document(manifests)
    for each in (document, common):
        (deployment,) = each["applications"][0]["deployments"]
        tuned = ("min_replicas", "max_replicas", "target_ongoing_requests", "downscale_delay_s")
        for key in (*tuned, "upscaling_factor"):
            deployment["autoscaling_config"].pop(key)
        deployment["ray_actor_options"].pop("resources", None)
        deployment.pop("user_config", None)
    assert document == common


@pytest.mark.parametrize("name", WITH_MODEL)
def test_a_pod_is_room_for_exactly_one_replica_and_the_autoscaler_knows_it(name: str) -> None:
    manifests = overlay(name)
    group = worker_group(manifests)
    (deployment,) = serve_document(manifests)["applications"][0]["deployments"]
    wanted = deployment["ray_actor_options"]
    limits = group["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert int(group["rayStartParams"]["num-cpus"]) == wanted["num_cpus"]
    assert (
        one(manifests, "RayService")["spec"]["rayClusterConfig"]["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    )
    resources = group["rayStartParams"].get("resources", "'{}'")
    of_autoscaler = json.loads(resources[1:-1].replace("\\", ""))
    of_kuberay = json.loads(resources.strip("'\"` "))
    assert of_autoscaler == of_kuberay == wanted.get("resources", {})
    assert str(of_kuberay.get("neuron_cores", 0)) == limits.get("aws.amazon.com/neuroncore", "0")
    scaling = deployment["autoscaling_config"]
    assert (group["minReplicas"], group["maxReplicas"]) == (scaling["min_replicas"], scaling["max_replicas"])
    assert "replicas" not in group


@pytest.mark.parametrize("name", WITH_MODEL)
def test_each_patience_is_longer_than_the_one_inside_it(name: str) -> None:
    manifests = overlay(name)
    service = one(manifests, "RayService")["spec"]
    (deployment,) = serve_document(manifests)["applications"][0]["deployments"]
    answer_seconds = ServerSettings().request_timeout_seconds
    grace_seconds = deployment["graceful_shutdown_timeout_s"]
    pod_seconds = worker_group(manifests)["template"]["spec"]["terminationGracePeriodSeconds"]
    assert answer_seconds < grace_seconds < pod_seconds
    assert answer_seconds < service["rayClusterDeletionDelaySeconds"]
