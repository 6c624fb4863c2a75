"""The main path of `deploy`: plan, look, ask, make, wait, scale. Whatever ends it, it says what exists by then."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from model_server.errors import ConfigurationError
from model_server.sagemaker.lifecycle.aws import Aws
from model_server.sagemaker.lifecycle.calls import Call, Plan, fill
from model_server.sagemaker.lifecycle.container import TOKEN
from model_server.sagemaker.lifecycle.jumpstart import JumpStartModel, ReadObject, bucket_of, read_model
from model_server.sagemaker.lifecycle.options import DeployOptions, parse_place
from model_server.sagemaker.lifecycle.plan import ROLE, ROLE_MISSING, build_plan
from model_server.sagemaker.lifecycle.presets import Weights
from model_server.sagemaker.lifecycle.refusals import NotThere, Unclear, clean
from model_server.sagemaker.lifecycle.report import removal, render_plan, render_price
from model_server.sagemaker.lifecycle.storage import check_unused
from model_server.sagemaker.lifecycle.waiting import Patience

ENDED = ("InService", "Failed", "OutOfService", "UpdateRollbackFailed", None)
INSTANCE_SECONDS = 900  # for an instance, before the model's files and the container's start have their time
OWN_ROLE = re.compile(r"arn:[\w-]+:sts::\d+:assumed-role/(?P<role>[^/]+)/SageMaker")


class NotRead(ConfigurationError):
    """JumpStart's manifest could not be had; its content may be fine."""


@dataclass(slots=True)
class _Made:
    """What exists because of this run, for whoever must clean up."""

    plan: Plan
    patience: Patience
    things: list[str]
    doubtful: str | None = None

    def say(self) -> None:
        if not self.things and self.doubtful is None:
            self.patience.say("Nothing was made.")
            return
        sentence = f"Made so far: {', '.join(self.things) or 'nothing for sure'}."
        if self.doubtful:
            sentence += f" Perhaps also {self.doubtful}."
        storage = self.plan.storage
        self.patience.say(f"{sentence}\nTo remove it: {removal(self.plan.name, self.plan.region, storage)}")


def plan_for_print(options: DeployOptions, read_object: ReadObject) -> Plan:
    """Return the plan even where JumpStart's manifest cannot be read, which the plan then says."""
    try:
        return build_plan(options, _read_jumpstart(options, read_object))
    except NotRead as error:
        plan = build_plan(options)
        return replace(plan, notes=(*plan.notes, str(error)))


def deploy(options: DeployOptions, aws: Aws, token: str | None, ask: Callable[[str], bool], patience: Patience) -> int:
    """Make the endpoint that `options` describe and return the exit code; raise ConfigurationError with a sentence."""
    plan = build_plan(options, _read_jumpstart(options, aws.read_object))
    _check_complete(plan)
    role = _resolve_role(options, aws)
    _check_free(plan, aws)
    patience.say(render_plan(plan))
    if not ask(f"Make this? It costs {render_price(plan)}, until it is deleted. [y/N] "):
        patience.say("Nothing was made.")
        return 1
    made = _Made(plan, patience, [])
    try:
        _carry_out(plan.calls, aws, {ROLE: role, TOKEN: token or ""}, made)
        _wait(plan, aws, patience)
        _carry_out(plan.scaling, aws, {}, made)
    except (ConfigurationError, KeyboardInterrupt):
        made.say()
        raise
    patience.say(f"In service. Talk to it:\n  SAGEMAKER_ENDPOINTS={plan.name} AWS_REGION={plan.region} make run")
    patience.say(f"It costs {render_price(plan)}, until:\n  {removal(plan.name, plan.region, plan.storage)}")
    return 0


def log_group(name: str) -> str:
    """Return where CloudWatch keeps what an endpoint's containers say."""
    return f"/aws/sagemaker/Endpoints/{name}"


def _carry_out(calls: tuple[Call, ...], aws: Aws, texts: Mapping[str, str], made: _Made) -> None:
    for call in calls:
        made.doubtful = call.makes
        made.patience.say(f"Making {call.makes} …")
        arguments = {name: fill(argument, texts) for name, argument in call.arguments.items()}
        try:
            aws.call(call.service, call.operation, arguments, [texts.get(TOKEN, "")])
        except Unclear:
            raise
        except ConfigurationError:
            made.doubtful = None  # AWS said no
            raise
        made.things.append(call.makes)
        made.doubtful = None


def _wait(plan: Plan, aws: Aws, patience: Patience) -> None:
    answers: list[dict[str, object]] = []

    def look() -> str | None:
        try:
            answers.append(aws.call("sagemaker", "describe_endpoint", {"EndpointName": plan.name}))
        except NotThere:
            return None
        except Unclear:  # it may come back; the endpoint goes on without being watched
            return str(answers[-1]["EndpointStatus"]) if answers else "Creating"
        return str(answers[-1]["EndpointStatus"])

    limit_seconds = INSTANCE_SECONDS + 2 * plan.start_seconds
    has_ended = patience.wait(look, lambda status: status in ENDED, limit_seconds)
    log = f"The container's log is in CloudWatch: aws logs tail {log_group(plan.name)} --region {plan.region}"
    if not has_ended:
        raise ConfigurationError(f"The endpoint is still not in service, and is no longer waited for. {log}")
    status = look()
    if status is None:
        raise ConfigurationError(f"The endpoint {plan.name} was deleted while it was being made.")
    if status != "InService":
        reason = clean(str(answers[-1].get("FailureReason", "none was given")))
        raise ConfigurationError(f"The endpoint did not start ({status}). AWS says: {reason}\n{log}")


def _read_jumpstart(options: DeployOptions, read_object: ReadObject) -> JumpStartModel | None:
    if options.preset.weights is not Weights.JUMPSTART:
        return None

    def read(bucket: str, key: str) -> bytes:
        try:
            return read_object(bucket, key)
        except NotThere as error:
            raise ConfigurationError(
                f"JumpStart has no models in {options.region}: there is no {bucket_of(options.region)}. Set --region."
            ) from error
        except ConfigurationError as error:
            raise NotRead(f"JumpStart's manifest could not be read: {error}") from error

    return read_model(options.region, options.instance_type, options.model_version, options.image, read)


def _resolve_role(options: DeployOptions, aws: Aws) -> str:
    name = options.role
    if name is None:
        caller = aws.call("sts", "get_caller_identity", {})
        match = OWN_ROLE.fullmatch(str(caller.get("Arn", "")))
        if match is None:
            raise ConfigurationError(f"Give {ROLE_MISSING}")
        name = match["role"]
    if name.startswith("arn:"):
        return name
    try:
        role = aws.call("iam", "get_role", {"RoleName": name})["Role"]
    except NotThere as error:
        raise ConfigurationError(f"This account has no role {name!r}. Give --role its name or its ARN.") from error
    return str(role["Arn"])


def _check_complete(plan: Plan) -> None:
    missing = [sentence for sentence in plan.missing if sentence != ROLE_MISSING]
    if missing:
        raise ConfigurationError(f"This preset takes more. Give {' Give '.join(missing)}")


def _check_free(plan: Plan, aws: Aws) -> None:
    taken = []
    for call, kind in zip(plan.checks, ("endpoint", "endpoint configuration", "model"), strict=True):
        with suppress(NotThere):
            aws.call(call.service, call.operation, dict(call.arguments))
            taken.append(kind)
    if taken:
        raise ConfigurationError(
            f"There is already something of the name {plan.name} in {plan.region} ({', '.join(taken)}). Choose another "
            f"--name, or, if it may go: {removal(plan.name, plan.region, None)}"
        )
    if plan.storage:
        check_unused(aws, parse_place(plan.storage), plan.name)
