"""The chat's login behind the ingress: variables from the manifests, an ingress of ours in front of two replicas."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import httpx
import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.access.throttle import FAILURES
from app.access_setting import parse_access
from app.backends.catalog import BackendChoice
from app.backends.unconfigured import UnconfiguredBackend
from app.server import build_server
from tests.k8s.manifests import CHAT_NAMESPACE, FOLDER, containers, variables, with_components

BROWSER = {"accept": "text/html"}
FORM = {"username": "ann", "password": "one"}
CONTROLLER = "10.4.0.7"


class Ingress(httpx.AsyncBaseTransport):
    """Sends each request to one of two replicas: by its cookie where it is sticky and that one is there, else the next.

    As ingress-nginx, it says who asks and by which scheme, and keeps what the client said of that before its own word.
    """

    def __init__(self, person: str, replicas: dict[str, httpx.ASGITransport], *, is_sticky: bool = True) -> None:
        self.replicas = replicas
        self._person = person
        self._is_sticky = is_sticky
        self._turns = count()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        cookies = dict(pair.split("=", 1) for pair in request.headers.get("cookie", "").split("; ") if pair)
        name = cookies.get("chat", "") if self._is_sticky else ""
        if name not in self.replicas:
            name = sorted(self.replicas)[next(self._turns) % len(self.replicas)]
        said = request.headers.get("x-forwarded-for")
        request.headers["x-forwarded-for"] = f"{said}, {self._person}" if said else self._person
        request.headers["x-forwarded-proto"] = "https"
        response = await self.replicas[name].handle_async_request(request)
        response.headers = httpx.Headers(
            [*response.headers.multi_items(), ("set-cookie", f"chat={name}; Path=/; Secure")]
        )
        return response


@pytest.fixture
async def replicas(tmp_path: Path) -> dict[str, httpx.ASGITransport]:
    manifests = with_components("cpu", tmp_path)
    chat = next(each for name, each in containers(manifests) if name == "gradio-deployment/gradio")
    assert variables(chat)["CHAT_AUTH"] == {"secretKeyRef": {"name": "chat-auth", "key": "CHAT_AUTH"}}
    trusted = variables(chat)["FORWARDED_ALLOW_IPS"]

    def replica() -> httpx.ASGITransport:
        application = build_server((BackendChoice("No model", UnconfiguredBackend()),), parse_access("ann:one", None))
        return httpx.ASGITransport(ProxyHeadersMiddleware(application, trusted), client=(CONTROLLER, 1))  # type: ignore[arg-type]

    return {"one": replica(), "two": replica()}


def person(ingress: Ingress) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=ingress, base_url="https://chat.example.com")


async def test_who_logs_in_stays_in_with_two_replicas(replicas: dict[str, httpx.ASGITransport]) -> None:
    async with person(Ingress("203.0.113.1", replicas)) as client:
        done = await client.post("/login", data=FORM, headers=BROWSER)
        assert "secure" in done.headers["set-cookie"].lower()
        assert [(await client.get("/", headers=BROWSER)).status_code for _ in range(6)] == [200] * 6


async def test_without_the_sticky_cookie_every_other_answer_asks_for_the_login(
    replicas: dict[str, httpx.ASGITransport],
) -> None:
    async with person(Ingress("203.0.113.1", replicas, is_sticky=False)) as client:
        await client.post("/login", data=FORM, headers=BROWSER)
        assert [(await client.get("/", headers=BROWSER)).status_code for _ in range(4)] == [303, 200, 303, 200]


async def test_whose_replica_goes_logs_in_once_more(replicas: dict[str, httpx.ASGITransport]) -> None:
    ingress = Ingress("203.0.113.1", replicas)
    async with person(ingress) as client:
        await client.post("/login", data=FORM, headers=BROWSER)
        del replicas[client.cookies["chat"]]
        assert (await client.get("/", headers=BROWSER)).headers["location"] == "login"
        await client.post("/login", data=FORM, headers=BROWSER)
        assert [(await client.get("/", headers=BROWSER)).status_code for _ in range(3)] == [200] * 3


async def test_people_are_counted_apart_and_nobody_gets_out_of_it_by_naming_another_address(
    replicas: dict[str, httpx.ASGITransport],
) -> None:
    wrong = {"username": "ann", "password": "two"}
    async with person(Ingress("203.0.113.66", replicas)) as guesser, person(Ingress("203.0.113.1", replicas)) as ann:
        for number in range(FAILURES):
            forged = {"x-forwarded-for": f"198.51.100.{number}"}
            assert (await guesser.post("/login", data=wrong, headers=forged)).status_code == 401
        assert (
            await guesser.post("/login", data=wrong, headers={"x-forwarded-for": "198.51.100.9"})
        ).status_code == 429
        assert (await ann.post("/login", data=FORM)).status_code == 200


def test_the_guide_says_how_the_login_is_made() -> None:
    guide = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f'-n {CHAT_NAMESPACE} create secret generic chat-auth --from-literal=CHAT_AUTH="$users"' in guide
