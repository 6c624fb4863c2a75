"""A control plane over HTTP for the real boto3: what it knows is a table, and it can refuse or hold back any answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Refusal = tuple[int, str]  # status and code


@dataclass
class FakeControlPlane:
    """`described` has what each question answers, by operation and name; `asked` what was asked, in order."""

    endpoints: list[str] = field(default_factory=list)
    components: dict[str, list[str]] = field(default_factory=dict)
    described: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)  # by operation, or operation and name
    asked: list[str] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def add(self, name: str, container: dict[str, Any] | None, status: str = "InService", created: int = 1) -> None:
        """An endpoint of one model; `container` None: one for inference components."""
        if name not in self.endpoints:
            self.endpoints.append(name)
        self.described["DescribeEndpoint", name] = {
            "EndpointName": name,
            "EndpointArn": f"arn:aws:sagemaker:us-west-2:123456789012:endpoint/{name}",
            "EndpointConfigName": f"{name}-configuration",
            "EndpointStatus": status,
            "CreationTime": created,
            "LastModifiedTime": created,
            "ProductionVariants": [{"VariantName": "all", "CurrentInstanceCount": 1}],
        }
        variant = {"VariantName": "all", **({"ModelName": f"{name}-model"} if container else {})}
        self.described["DescribeEndpointConfig", f"{name}-configuration"] = {"ProductionVariants": [variant]}
        self.described["DescribeModel", f"{name}-model"] = {"PrimaryContainer": container}

    def add_component(self, endpoint_name: str, name: str, specification: dict[str, Any], copies: int = 1) -> None:
        self.components.setdefault(endpoint_name, []).append(name)
        self.described["DescribeInferenceComponent", name] = {
            "InferenceComponentName": name,
            "EndpointName": endpoint_name,
            "InferenceComponentStatus": "InService",
            "CreationTime": 1,
            "LastModifiedTime": 1,
            "Specification": specification,
            "RuntimeConfig": {"CurrentCopyCount": copies, "DesiredCopyCount": copies},
        }

    def answer(self, operation: str, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = next((str(value) for key, value in question.items() if key.endswith("Name")), "")
        asked = f"{operation} {name}".strip()
        self.asked.append(asked)
        self.may_answer.wait(30)
        refusal = self.refused.get(asked) or self.refused.get(operation)
        if refusal:
            return refusal[0], {"__type": refusal[1], "message": "a text of the server's own"}
        if operation == "ListEndpoints":
            return 200, _page("Endpoints", [_listed(name) for name in self.endpoints], question)
        if operation == "ListInferenceComponents":
            components = self.components.get(question["EndpointNameEquals"], [])
            return 200, _page(
                "InferenceComponents", [{"InferenceComponentName": name} for name in components], question
            )
        if (operation, name) not in self.described:
            return 400, {"__type": "ValidationException", "message": f"Could not find {operation[8:]} {name!r}."}
        return 200, self.described[operation, name]


def _listed(name: str) -> dict[str, Any]:
    return {"EndpointName": name, "EndpointStatus": "InService", "CreationTime": 1, "LastModifiedTime": 1}


def _page(key: str, items: list[dict[str, Any]], question: dict[str, Any]) -> dict[str, Any]:
    start = int(question.get("NextToken", "0"))
    end = start + question["MaxResults"]
    return {key: items[start:end], **({"NextToken": str(end)} if end < len(items) else {})}


@contextmanager
def serve() -> Iterator[FakeControlPlane]:
    fake = FakeControlPlane()
    fake.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].removeprefix("SageMaker.")
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = fake.answer(operation, question)
            encoded = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            with suppress(ConnectionError):  # who asked has left
                self.wfile.write(encoded)

        def log_message(self, *arguments: object) -> None:
            """Nothing: the test says what it saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.may_answer.set()
        server.shutdown()
        server.server_close()
        thread.join()
