"""A plan as a person reads it: what would be made, by which calls, at about which price. Has no secret to hide."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from model_server.sagemaker.lifecycle.calls import Argument, Blob, Call, Filled, Plan
from model_server.sagemaker.lifecycle.prices import about

INDENT = "  "


def render_plan(plan: Plan) -> str:
    """Return the whole plan, as lines."""
    return "\n".join(_lines(plan)) + "\n"


def render_price(plan: Plan) -> str:
    """Return what the plan costs, as a sentence without its end."""
    price = about(plan.instance_type, plan.count)
    if plan.maximum_count > plan.count:
        price += f", and up to {about(plan.instance_type, plan.maximum_count)} when it has scaled out"
    return price


def _lines(plan: Plan) -> Iterator[str]:
    yield f"Endpoint {plan.name} in {plan.region}: {plan.preset}"
    yield f"Price: {render_price(plan)}, from its start until it is deleted"
    yield from plan.notes
    yield "\nFirst it looks, and makes nothing:"
    yield from (f"{INDENT}{call.service}.{call.operation} {_one_line(call.arguments)}" for call in plan.checks)
    yield "\nThen it makes, in this order:"
    for number, call in enumerate(plan.calls, 1):
        yield from _call(number, call)
    yield "\nThen it waits until the endpoint is in service, and asks every few seconds:"
    yield f'{INDENT}sagemaker.describe_endpoint {{"EndpointName": "{plan.name}"}}'
    if plan.scaling:
        yield "\nThen it lets the endpoint scale:"
        for number, call in enumerate(plan.scaling, len(plan.calls) + 1):
            yield from _call(number, call)
    if plan.missing:
        yield "\nTo carry it out, give too:"
        yield from (f"{INDENT}{sentence}" for sentence in plan.missing)
    yield f"\nTo remove all of it: {removal(plan.name, plan.region, plan.storage)}"


def removal(name: str, region: str, storage: str | None) -> str:
    """Return the command that removes a deployment."""
    files = f" --s3 {storage}" if storage else ""
    return f"python -m model_server.sagemaker delete {name} --region {region}{files}"


def _call(number: int, call: Call) -> Iterator[str]:
    yield f"{INDENT}{number}. {call.service}.{call.operation}"
    yield from (f"{INDENT * 3}{line}" for line in _members(call.arguments))


def _members(arguments: Mapping[str, Argument]) -> Iterator[str]:
    """Yield one line for each plain value, indented below the names that it stands under."""
    for name, value in arguments.items():
        if isinstance(value, tuple) and all(isinstance(member, Mapping) for member in value):
            for member in value:
                yield f"{name}: {_one_line(member)}" if _is_flat(member) else f"{name}:"
                if isinstance(member, Mapping) and not _is_flat(member):
                    yield from (INDENT + line for line in _members(member))
        elif isinstance(value, Mapping):
            yield f"{name}:"
            yield from (INDENT + line for line in _members(value))
        elif isinstance(value, Blob):
            first, *others = value.shown.splitlines()
            yield f"{name}: <{first}"
            yield from (f"{INDENT}{line}" for line in [*others, ">"])
        else:
            yield f"{name}: {value if isinstance(value, str) else _one_line(value)}"


def _is_flat(value: Argument) -> bool:
    return isinstance(value, Mapping) and len(value) <= 2  # a tag


def _one_line(value: Argument) -> str:
    return json.dumps(value, default=_shown, ensure_ascii=False).replace('"<', "<").replace('>"', ">")


def _shown(value: object) -> str:
    if isinstance(value, Filled):
        return f"<{value.shown}>"
    raise TypeError(type(value).__name__)
