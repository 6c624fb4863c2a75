"""The configuration of Ray Serve: one YAML file in Ray's own form, read and checked before Ray starts.

The same file is taken by `python -m model_server serve --ray`, by `serve deploy` and by KubeRay (`serveConfigV2`). It
describes one application with one deployment: this server. Does not import Ray; its schema comes from the caller.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from model_server.errors import ConfigurationError
from model_server.settings import ServerSettings, check_queue_limit
from model_server.strict_schema import check_document

DEFAULT_FILE = Path(__file__).resolve().parent / "serve.yaml"
IMPORT_PATH = "model_server.deployment:build"
DEPLOYMENT_NAME = "model-server"
RAYS_DEFAULT_GRACE_SECONDS = 20
RAYS_DEFAULT_TARGET = 2
ROUTER_OPTIONS = ("num_virtual_nodes", "num_fallback_replicas")


@dataclass(frozen=True, slots=True)
class ServeConfiguration:
    """A checked document: `options` are those of the one deployment, without its name."""

    path: Path
    application_name: str
    route_prefix: str
    http_options: dict[str, Any]
    options: dict[str, Any]

    @property
    def autoscaling(self) -> dict[str, Any]:
        return self.options.get("autoscaling_config") or {}

    @property
    def replicas_at_start(self) -> int:
        """How many replicas the file wants from the beginning."""
        if self.autoscaling:
            lowest = self.autoscaling.get("min_replicas", 1)
            initial = self.autoscaling.get("initial_replicas")
            return int(lowest if initial is None else initial)
        return self.options.get("num_replicas") or 1

    @property
    def replicas_at_most(self) -> int:
        return int(self.autoscaling.get("max_replicas", 1)) if self.autoscaling else self.replicas_at_start

    @property
    def cpus_per_replica(self) -> float:
        """What Ray reserves; it has no part in how many threads compute."""
        reserved = (self.options.get("ray_actor_options") or {}).get("num_cpus")
        return 1.0 if reserved is None else float(reserved)


def read_configuration(path: Path, schema: type[BaseModel]) -> ServeConfiguration:
    """Return what the file says; raise ConfigurationError, one sentence that begins with its name, for any mistake."""
    document = _parse(path)
    try:
        check_document(schema, document)
        return _only_deployment(path, document)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error


def check_against_settings(configuration: ServeConfiguration, settings: ServerSettings) -> list[str]:
    """Return warnings, a sentence each; raise ConfigurationError where Ray would take over what the engine decides."""
    where = f"{configuration.path}:"
    ongoing = configuration.options.get("max_ongoing_requests")
    _check_router(configuration)
    queue_limit = queue_limit_in(configuration.options.get("user_config") or {})
    admitted = settings.slots + (settings.queue_limit if queue_limit is None else queue_limit)
    if ongoing is not None and ongoing < admitted:
        raise ConfigurationError(
            f"{where} max_ongoing_requests is {ongoing}, but SLOTS + QUEUE_LIMIT is {admitted}: Ray would hold "
            "requests back before the server can queue or refuse them. Set it far above."
        )
    warnings = []
    grace_seconds = _given(configuration.options, "graceful_shutdown_timeout_s", RAYS_DEFAULT_GRACE_SECONDS)
    if grace_seconds < settings.request_timeout_seconds:
        warnings.append(
            f"{where} graceful_shutdown_timeout_s is {grace_seconds}, shorter than REQUEST_TIMEOUT_SECONDS "
            f"({settings.request_timeout_seconds}): a replica that is taken away may cut long answers."
        )
    target = _given(configuration.autoscaling, "target_ongoing_requests", RAYS_DEFAULT_TARGET)
    if configuration.autoscaling and target > settings.slots:
        warnings.append(
            f"{where} target_ongoing_requests is {target}, but SLOTS is {settings.slots}: "
            "requests will wait for a slot before another replica is started."
        )
    return warnings


def queue_limit_in(user_config: Mapping[str, Any]) -> int | None:
    """Return what a running replica can change, and what comes before QUEUE_LIMIT; None where it is not given."""
    for key in user_config:
        if key != "queue_limit":
            raise ConfigurationError(f"user_config.{key}: there is no such key; the only one here is queue_limit.")
    queue_limit = user_config.get("queue_limit")
    if queue_limit is not None:
        if type(queue_limit) is not int:
            raise ConfigurationError(f"user_config.queue_limit is {queue_limit!r}, but must be a whole number.")
        check_queue_limit("user_config.queue_limit", queue_limit)
    return queue_limit


def _given(options: Mapping[str, Any], key: str, default: float) -> float:
    """Return what the file says, or what Ray takes where it says nothing."""
    value = options.get(key)
    return default if value is None else float(value)


def _check_router(configuration: ServeConfiguration) -> None:
    """Check what Ray hands on unread: this router takes its default for a name that it does not know."""
    router = configuration.options.get("request_router_config") or {}
    if not str(router.get("request_router_class")).endswith("ConsistentHashRouter"):
        return
    for key, value in (router.get("request_router_kwargs") or {}).items():
        path = f"{configuration.path}: request_router_kwargs.{key}"
        if key not in ROUTER_OPTIONS:
            raise ConfigurationError(f"{path}: there is no such key; the keys here are {', '.join(ROUTER_OPTIONS)}.")
        if type(value) is not int or value < 1:
            raise ConfigurationError(f"{path} is {value!r}, but must be a whole number above 0.")


def _check_prefix(prefix: str) -> str:
    if not prefix.startswith("/") or (prefix.endswith("/") and prefix != "/"):
        raise ConfigurationError(
            f"applications[0].route_prefix is {prefix!r}, but must begin with a slash and must not end with one."
        )
    return prefix


def _only_deployment(path: Path, document: dict[str, Any]) -> ServeConfiguration:
    applications = document["applications"]
    if len(applications) != 1 or applications[0]["import_path"] != IMPORT_PATH:
        raise ConfigurationError(f"applications must hold exactly one, whose import_path is {IMPORT_PATH}.")
    application = applications[0]
    if application.get("args"):
        raise ConfigurationError("applications[0].args must be empty: the server's settings come from the environment.")
    deployments = application.get("deployments", [])
    if [deployment["name"] for deployment in deployments] != [DEPLOYMENT_NAME]:
        raise ConfigurationError(f"applications[0].deployments must hold exactly one, named {DEPLOYMENT_NAME}.")
    options = {key: value for key, value in deployments[0].items() if key != "name"}
    replicas = options.get("num_replicas")
    if replicas is not None and type(replicas) is not int:
        raise ConfigurationError(
            f"applications[0].deployments[0].num_replicas is {replicas!r} ('auto' is Ray's own idea of autoscaling). "
            "Give a number, or an autoscaling_config."
        )
    return ServeConfiguration(
        path,
        application.get("name", "default"),
        _check_prefix(application.get("route_prefix") or "/"),
        document.get("http_options", {}),
        options,
    )


def _parse(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 (a safe loader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}). --config names the YAML file.") from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{path}{line}: {error.problem}.") from error
    except RecursionError as error:
        raise ConfigurationError(f"{path} is nested too deeply.") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not YAML: {' '.join(str(error).split())}.") from error


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a word", key.start_mark)
            if key.value in seen:
                problem = f"the key {key.value} stands twice in one mapping"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)
