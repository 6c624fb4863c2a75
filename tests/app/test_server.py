"""The application around the page, over its own ASGI interface."""

import subprocess
import sys

import httpx
import pytest

from app.backends.catalog import BackendChoice, backend_choices
from app.backends.embedded import EmbeddedServer
from app.backends.unconfigured import UnconfiguredBackend
from app.server import build_server
from app.settings import Settings
from tests.app.fakes import ScriptedCatalog


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_the_page_is_healthy_and_ready_even_without_a_model(path: str) -> None:
    application = build_server((BackendChoice("No model", UnconfiguredBackend()),))
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
        assert (await client.get(path)).status_code == 200


async def test_the_page_names_no_other_host() -> None:
    application = build_server((BackendChoice("No model", UnconfiguredBackend()),))
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
        html = (await client.get("/")).text
    assert "Twinstream" in html
    assert "fonts.googleapis.com" not in html
    assert "fonts.gstatic.com" not in html


async def test_the_server_closes_what_its_choices_opened() -> None:
    catalog = ScriptedCatalog([()])
    application = build_server((BackendChoice("SageMaker", UnconfiguredBackend(), endpoints=catalog),))
    async with application.router.lifespan_context(application):
        assert not catalog.is_closed
    assert catalog.is_closed


def test_only_what_is_configured_is_offered() -> None:
    with_url = backend_choices(Settings(ray_serve_url="http://host:8000"), None)
    assert [(choice.label, choice.is_demonstration) for choice in with_url] == [("Ray Serve", False)]
    assert [choice.label for choice in backend_choices(Settings(), None)] == ["No model"]
    with subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE) as process:
        built_in = backend_choices(Settings(), EmbeddedServer("http://127.0.0.1:1", "key", process))
    assert [(choice.label, choice.is_demonstration) for choice in built_in] == [("Built-in model", True)]
