"""The file against Ray's own schema; no Ray is started."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from model_server.errors import ConfigurationError
from model_server.serve_configuration import (
    DEFAULT_FILE,
    ServeConfiguration,
    check_against_settings,
    read_configuration,
)
from model_server.settings import ServerSettings

Change = Callable[[dict[str, Any]], object]


def deployment_of(document: dict[str, Any]) -> dict[str, Any]:
    deployment: dict[str, Any] = document["applications"][0]["deployments"][0]
    return deployment


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Change], ServeConfiguration]:
    """Read the product's own file with one change."""
    document = yaml.safe_load(DEFAULT_FILE.read_text(encoding="utf-8"))

    def read(change: Change) -> ServeConfiguration:
        copy = deepcopy(document)
        change(copy)
        path = tmp_path / "serve.yaml"
        path.write_text(yaml.safe_dump(copy), encoding="utf-8")
        return read_configuration(path, ServeDeploySchema)

    return read


def test_the_products_own_file_is_valid_and_fits_the_default_settings() -> None:
    configuration = read_configuration(DEFAULT_FILE, ServeDeploySchema)
    assert check_against_settings(configuration, ServerSettings()) == []
    assert (configuration.application_name, configuration.route_prefix) == ("mistral", "/")
    assert (configuration.replicas_at_start, configuration.replicas_at_most) == (1, 4)
    assert configuration.cpus_per_replica == 1


def test_the_products_own_target_is_seven_tenths_of_the_default_slots() -> None:
    configuration = read_configuration(DEFAULT_FILE, ServeDeploySchema)
    assert configuration.autoscaling["target_ongoing_requests"] == pytest.approx(0.7 * ServerSettings().slots)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda document: deployment_of(document).update(max_ongoing=3),
            "applications[0].deployments[0].max_ongoing: there is no such key; did you mean max_ongoing_requests?",
        ),
        (
            lambda document: deployment_of(document)["autoscaling_config"].update(max_replica=3),
            "deployments[0].autoscaling_config.max_replica: there is no such key; did you mean max_replicas?",
        ),
        (
            lambda document: deployment_of(document)["request_router_config"].update(router="x"),
            "applications[0].deployments[0].request_router_config.router: there is no such key",
        ),
        (
            lambda document: deployment_of(document)["ray_actor_options"].update(neuron_cores=2),
            "applications[0].deployments[0].ray_actor_options.neuron_cores: there is no such key",
        ),
        (lambda document: document["http_options"].update(ports=1), "http_options.ports: there is no such key"),
        (lambda document: document.update(http=1), "http: there is no such key; did you mean http_options?"),
        (
            lambda document: deployment_of(document).update(max_ongoing_requests=0),
            "applications[0].deployments[0].max_ongoing_requests is 0: input should be greater than 0.",
        ),
        (
            lambda document: deployment_of(document)["autoscaling_config"].update(min_replicas=9),
            "applications[0].deployments[0].autoscaling_config",
        ),
        (lambda document: deployment_of(document).update(num_replicas=2), "num_replicas is not allowed"),
        (
            lambda document: deployment_of(document)["request_router_config"].update(request_router_class="no.such:R"),
            "No module named 'no'",
        ),
        (lambda document: document["applications"].append(document["applications"][0]), "applications"),
        (
            lambda document: document["applications"][0].update(import_path="other:build"),
            "whose import_path is model_server.deployment:build",
        ),
        (lambda document: document["applications"][0].update(args={"SLOTS": 4}), "come from the environment"),
        (lambda document: deployment_of(document).update(name="other"), "exactly one, named model-server"),
        (lambda document: document.pop("applications"), "applications is missing."),
    ],
)
def test_a_mistake_is_one_sentence_that_names_file_and_place(
    change: Change, sentence: str, changed: Callable[[Change], ServeConfiguration]
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        changed(change)
    assert sentence in str(raised.value)
    assert "serve.yaml: " in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("applications: [", "line 1: expected the node content, but found '<stream end>'."),
        ("applications: []\napplications: []", "line 2: the key applications stands twice in one mapping."),
        ("- 1", "the document is [1], but must be a mapping with keys."),
        ("", "the document is None, but must be a mapping with keys."),
        ("a: \x00", "is not YAML"),
        ("? [a]\n: 1", "a key must be a word"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_what_is_no_configuration_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        read_configuration(path, ServeDeploySchema)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--config names the YAML file"):
        read_configuration(tmp_path / "none.yaml", ServeDeploySchema)


def test_ray_may_not_queue_before_the_engine_does(changed: Callable[[Change], ServeConfiguration]) -> None:
    configuration = changed(lambda document: deployment_of(document).update(max_ongoing_requests=71))
    with pytest.raises(ConfigurationError, match=r"SLOTS \+ QUEUE_LIMIT is 72"):
        check_against_settings(configuration, ServerSettings(slots=8, queue_limit=64))


def test_the_queue_limit_of_the_file_comes_before_that_of_the_environment(
    changed: Callable[[Change], ServeConfiguration],
) -> None:
    configuration = changed(lambda document: deployment_of(document).update(user_config={"queue_limit": 9993}))
    with pytest.raises(ConfigurationError, match=r"SLOTS \+ QUEUE_LIMIT is 10001"):
        check_against_settings(configuration, ServerSettings(slots=8, queue_limit=64))


@pytest.mark.parametrize(
    ("user_config", "sentence"),
    [
        ({"queue": 3}, "user_config.queue: there is no such key; the only one here is queue_limit."),
        ({"queue_limit": "3"}, "user_config.queue_limit is '3', but must be a whole number."),
        ({"queue_limit": -1}, "user_config.queue_limit is -1, but must be between 0 and 100000."),
    ],
)
def test_what_a_running_replica_cannot_change_is_refused(
    user_config: dict[str, object], sentence: str, changed: Callable[[Change], ServeConfiguration]
) -> None:
    configuration = changed(lambda document: deployment_of(document).update(user_config=user_config))
    with pytest.raises(ConfigurationError) as raised:
        check_against_settings(configuration, ServerSettings())
    assert str(raised.value) == sentence


def test_what_may_cut_answers_or_scale_late_is_a_warning(changed: Callable[[Change], ServeConfiguration]) -> None:
    configuration = changed(lambda document: deployment_of(document).update(graceful_shutdown_timeout_s=20))
    grace, target = check_against_settings(configuration, ServerSettings(slots=4))
    assert "shorter than REQUEST_TIMEOUT_SECONDS (600)" in grace
    assert "target_ongoing_requests is 5.6, but SLOTS is 4" in target


def test_a_fixed_number_of_replicas_takes_the_place_of_autoscaling(
    changed: Callable[[Change], ServeConfiguration],
) -> None:
    def fix(document: dict[str, Any]) -> None:
        deployment_of(document).pop("autoscaling_config")
        deployment_of(document).update(num_replicas=3)

    configuration = changed(fix)
    assert (configuration.replicas_at_start, configuration.replicas_at_most) == (3, 3)


@pytest.mark.parametrize(("key", "value"), [("graceful_shutdown_timeout_s", "630"), ("max_ongoing_requests", True)])
def test_a_number_is_written_as_one(key: str, value: object, changed: Callable[[Change], ServeConfiguration]) -> None:
    with pytest.raises(ConfigurationError, match=rf"deployments\[0\]\.{key} is {value!r}"):
        changed(lambda document: deployment_of(document).update({key: value}))


@pytest.mark.parametrize("prefix", ["x", "x/", "/x/"])
def test_a_route_prefix_that_ray_would_refuse_late_is_refused_at_once(
    prefix: str, changed: Callable[[Change], ServeConfiguration]
) -> None:
    with pytest.raises(ConfigurationError, match="must begin with a slash"):
        changed(lambda document: document["applications"][0].update(route_prefix=prefix))


@pytest.mark.parametrize(
    ("option", "sentence"),
    [({"num_virtual": 100}, "there is no such key"), ({"num_virtual_nodes": "x"}, "must be a whole number above 0")],
)
def test_the_routers_own_options_are_checked_too(
    option: dict[str, object], sentence: str, changed: Callable[[Change], ServeConfiguration]
) -> None:
    configuration = changed(
        lambda document: deployment_of(document)["request_router_config"].update(request_router_kwargs=option)
    )
    with pytest.raises(ConfigurationError, match=sentence):
        check_against_settings(configuration, ServerSettings())


def test_what_is_left_empty_is_rays_default(changed: Callable[[Change], ServeConfiguration]) -> None:
    def empty(document: dict[str, Any]) -> None:
        deployment_of(document)["autoscaling_config"].update(target_ongoing_requests=None)

    assert check_against_settings(changed(empty), ServerSettings()) == []
