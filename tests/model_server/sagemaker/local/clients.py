"""Real boto3 clients of a local SageMaker."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

READ_TIMEOUT_SECONDS = 30.0
PROMPT = {"inputs": "[INST] Hi [/INST]", "parameters": {"max_new_tokens": 20, "details": True}, "stream": True}
CHAT = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 20, "stream": True}


def client(service: str, url: str, read_timeout_seconds: float = READ_TIMEOUT_SECONDS) -> Any:
    """Return a client that asks once, as this product's page does."""
    retries = {"total_max_attempts": 1, "mode": "standard"}
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-west-2",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(connect_timeout=30, read_timeout=read_timeout_seconds, retries=retries),
    )


@dataclass
class Streamed:
    """What arrived, and what was raised in the end."""

    content: bytearray = field(default_factory=bytearray)
    parts: int = 0
    error: Exception | None = None


def stream(runtime: Any, name: str, body: dict[str, Any] = PROMPT, **parameters: str) -> Streamed:
    """Read one stream to its end, whichever it is."""
    streamed = Streamed()
    try:
        response = runtime.invoke_endpoint_with_response_stream(EndpointName=name, Body=json.dumps(body), **parameters)
        try:
            for event in response["Body"]:
                streamed.content += event["PayloadPart"]["Bytes"]
                streamed.parts += 1
        finally:
            response["Body"].close()
    except Exception as error:  # noqa: BLE001  # what it is, tests say
        streamed.error = error
    return streamed
