"""A stand-in of the Hugging Face hub on loopback, as awkward as the real one: redirects, ranges, refusals, cuts.

Two servers, because the hub hands large files to another host, which must never see the token.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "owner/model"
SMALL_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Sent:
    """One answer with content: where it began, how much of it went out, and what token came with the request."""

    name: str
    start: int
    count_bytes: int
    authorization: str | None


@dataclass
class Hub:
    """What it serves, how it misbehaves, and what it saw. `cut_at` and `stall_at` are for files of the other host."""

    directory: Path
    refusal: tuple[int, str] | None = None  # status and X-Error-Code of every file
    listing_refusal: tuple[int, str] | None = None
    cut_at: int | None = None  # once
    stall_at: int | None = None
    ignores_ranges: bool = False
    damages: bool = False
    sent: list[Sent] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    content_url: str = ""

    def weights_sent(self) -> list[Sent]:
        return [sent for sent in self.sent if sent.name.endswith(".safetensors")]

    def listing(self) -> dict[str, object]:
        siblings = []
        for path in sorted(self.directory.iterdir()):
            content = path.read_bytes()
            sibling = {"rfilename": path.name, "size": len(content), "blobId": hashlib.sha1(content).hexdigest()}  # noqa: S324  git's own
            if path.suffix == ".safetensors":
                digest = hashlib.sha256(content).hexdigest()
                sibling["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 135}
            siblings.append(sibling)
        return {"id": REPOSITORY, "modelId": REPOSITORY, "sha": COMMIT, "siblings": siblings}


@contextmanager
def running_hub(directory: Path) -> Iterator[Hub]:
    hub = Hub(directory)
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub, part)) for part in (_answer_hub, _answer_content)]
    threads = [threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}) for server in servers]
    hub.url, hub.content_url = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        hub.released.set()
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(hub: Hub, answer: object) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer(hub, self)  # type: ignore[operator]

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _answer_hub(hub: Hub, request: BaseHTTPRequestHandler) -> None:
    path = unquote(urlsplit(request.path).path)
    listed = re.fullmatch(f"/api/models/{REPOSITORY}(?:/revision/(.+))?", path)
    file = re.fullmatch(f"/{REPOSITORY}/resolve/{COMMIT}/([^/]+)", path)
    if listed and hub.listing_refusal:
        _refuse(request, *hub.listing_refusal)
    elif listed and listed[1] not in (None, "main", COMMIT):
        _refuse(request, 404, "RevisionNotFound")
    elif listed:
        _send(request, 200, json.dumps(hub.listing()).encode(), {"Content-Type": "application/json"})
    elif file and hub.refusal:
        _refuse(request, *hub.refusal)
    elif file and file[1].endswith(".safetensors"):
        _send(request, 302, b"", {"Location": f"{hub.content_url}/{file[1]}?signature=1", "X-Repo-Commit": COMMIT})
    elif file:
        content = (hub.directory / file[1]).read_bytes()
        hub.sent.append(Sent(file[1], 0, len(content), request.headers.get("Authorization")))
        _send(request, 200, content, {"X-Repo-Commit": COMMIT, "ETag": '"small"'})
    else:
        _refuse(request, 404, "RepoNotFound")


def _answer_content(hub: Hub, request: BaseHTTPRequestHandler) -> None:
    name = urlsplit(request.path).path.lstrip("/")
    content = (hub.directory / name).read_bytes()
    asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    start = int(asked[1]) if asked and not hub.ignores_ranges else 0
    rest = content[start:]
    if hub.damages:
        rest = bytes(byte ^ 1 for byte in rest[:100]) + rest[100:]
    request.send_response(206 if start else 200)
    request.send_header("Content-Length", str(len(rest)))
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    request.end_headers()
    part = rest
    if len(content) > SMALL_BYTES and hub.cut_at is not None:
        part, hub.cut_at = rest[: hub.cut_at], None
    stalls = len(content) > SMALL_BYTES and hub.stall_at is not None
    try:
        request.wfile.write(part[: hub.stall_at] if stalls else part)
        request.wfile.flush()
        if stalls:
            hub.released.wait(60)
    except OSError:
        pass  # the other side was killed, which is what the test is about
    hub.sent.append(Sent(name, start, len(part), request.headers.get("Authorization")))
    request.close_connection = len(part) < len(rest) or stalls


def _refuse(request: BaseHTTPRequestHandler, status: int, code: str) -> None:
    _send(request, status, b'{"error": "no"}', {"X-Error-Code": code, "X-Error-Message": "no"})


def _send(request: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str]) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(content)
