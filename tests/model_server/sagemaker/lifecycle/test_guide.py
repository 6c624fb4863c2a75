"""The guide: its policies are documents that IAM could read, and hold every action that the commands call."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from model_server.sagemaker.lifecycle.presets import PRESETS
from model_server.sagemaker.lifecycle.prices import dollars_per_hour
from tests.model_server.sagemaker.lifecycle.cloud import Cloud
from tests.model_server.sagemaker.lifecycle.conftest import BUCKET, Command

GUIDE = (Path(__file__).resolve().parents[4] / "model_server" / "SAGEMAKER.md").read_text(encoding="utf-8")
AS_IAM_CALLS_IT = {"ListObjectsV2": "ListBucket", "DeleteObjects": "DeleteObject"}


def policies() -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)]


def actions(policy: dict[str, Any]) -> set[str]:
    found = [statement["Action"] for statement in policy["Statement"]]
    return {action for one in found for action in ([one] if isinstance(one, str) else one)}


def test_the_policy_for_deploying_has_every_action_that_is_called(
    command: Command, cloud: Cloud, snapshot: Path
) -> None:
    storage = ("--s3", f"s3://{BUCKET}/models", "--snapshot", "snapshot")
    scaling = ("--min-count", "1", "--max-count", "2")
    cloud.calls.clear()
    assert command.deploy("mistral-7b-instruct-lmi-s3", "--name", "x", *storage, *scaling).code == 0
    assert command("status").code == 0
    assert command("delete", "x", "--s3").code == 0
    called = {AS_IAM_CALLS_IT.get(name, name) for name, _ in cloud.calls}
    allowed = {action.partition(":")[2] for action in actions(policies()[-1])}
    assert called - allowed == set()
    assert "*" not in allowed


def test_the_role_can_be_taken_on_by_sagemaker() -> None:
    trust, role, _ = policies()
    assert trust["Statement"][0]["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert {"s3:GetObject", "ecr:BatchGetImage", "logs:PutLogEvents"} <= actions(role)


def test_every_preset_is_in_the_table_with_its_instance_and_price() -> None:
    for preset in PRESETS.values():
        (row,) = [line for line in GUIDE.splitlines() if line.startswith(f"| `{preset.name}` |")]
        price = re.search(r"\| ([\d.]+) USD \|", row)
        dollars = dollars_per_hour(preset.instance_type)
        assert price is not None
        assert dollars is not None
        assert abs(float(price[1]) - dollars) < 0.01
        assert preset.instance_type in row or "as its manifest says" in row
