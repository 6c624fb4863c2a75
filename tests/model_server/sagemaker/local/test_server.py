"""The HTTP of it: what no AWS client sends, and what one sends rarely."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from model_server.sagemaker.local.endpoint_table import EndpointTable
from model_server.sagemaker.local.http_connection import MAXIMUM_BODY_BYTES
from model_server.sagemaker.local.in_thread import in_thread
from model_server.sagemaker.local.server import LocalSageMaker
from tests.model_server.sagemaker.local.clients import PROMPT, client, stream
from tests.model_server.sagemaker.local.scripted_model import ScriptedModel

INVOCATIONS = "/endpoints/tgi-3/invocations"
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=local/sagemaker"}


def test_it_is_healthy(local: LocalSageMaker) -> None:
    assert httpx.get(f"{local.url}/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/", INVOCATIONS, f"{INVOCATIONS}-response-stream"])
def test_a_request_without_a_signature_is_refused(path: str, local: LocalSageMaker) -> None:
    response = httpx.post(f"{local.url}{path}", json=PROMPT)
    assert response.status_code == 403
    assert response.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", INVOCATIONS), ("HEAD", "/healthz"), ("POST", "/endpoints/-/invocations"), ("PUT", "/"), ("GET", "/none")],
)
def test_other_addresses_and_methods_are_not_found(method: str, path: str, local: LocalSageMaker) -> None:
    assert httpx.request(method, f"{local.url}{path}", headers=SIGNED).status_code == 404


def test_a_body_may_have_six_mebibytes_and_no_more(local: LocalSageMaker) -> None:
    body = json.dumps({**PROMPT, "stream": False}).encode()
    with httpx.Client(base_url=local.url, headers=SIGNED, timeout=60) as http:
        assert http.post(INVOCATIONS, content=body.ljust(MAXIMUM_BODY_BYTES)).status_code == 200
        refused = http.post(INVOCATIONS, content=body.ljust(MAXIMUM_BODY_BYTES + 1))
    assert refused.status_code == 400
    assert refused.headers["x-amzn-ErrorType"] == "ValidationError"


def test_one_connection_serves_many_requests(local: LocalSageMaker) -> None:
    with httpx.Client(base_url=local.url, headers=SIGNED) as http:
        for _ in range(3):
            assert http.post(INVOCATIONS, json=PROMPT).status_code == 200
        assert local.log.open_count == 1
    local.log.wait_until_closed()


def test_a_client_that_waits_to_be_told_to_go_on_is_told(local: LocalSageMaker) -> None:
    body = json.dumps({**PROMPT, "stream": False}).encode()
    head = (
        f"POST {INVOCATIONS} HTTP/1.1\r\nHost: local\r\nAuthorization: AWS4-HMAC-SHA256 x\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with _connected(local) as connection:
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_what_is_not_http_ends_the_connection_and_nothing_else(local: LocalSageMaker) -> None:
    with _connected(local) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert connection.recv(4096) == b""
    assert httpx.get(f"{local.url}/healthz").status_code == 200


def test_it_can_be_started_again_on_its_port(model: ScriptedModel) -> None:
    endpoints = EndpointTable("twinstream-demo", 1024).endpoints()
    runtime, port = None, 0
    for _ in range(3):
        listener = socket.create_server(("127.0.0.1", port))
        port = listener.getsockname()[1]
        with in_thread(lambda listener=listener: LocalSageMaker(model, endpoints, listener)) as local:  # type: ignore[misc]
            runtime = runtime or client("sagemaker-runtime", local.url)
            assert stream(runtime, "tgi-3").error is None


def test_its_end_does_not_wait_for_open_streams(model: ScriptedModel) -> None:
    model.pause_after = 1
    with in_thread(lambda: LocalSageMaker(model, EndpointTable("twinstream-demo", 1024).endpoints())) as local:
        runtime = client("sagemaker-runtime", local.url)
        body = runtime.invoke_endpoint_with_response_stream(EndpointName="tgi-3", Body=json.dumps(PROMPT))["Body"]
        next(iter(body))
    assert model.running_count == 0
    body.close()


def _connected(local: LocalSageMaker) -> socket.socket:
    address = urlsplit(local.url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=30)
