"""The application around the page, over its own ASGI interface."""

import subprocess
import sys

import httpx
import pytest

from app.backends.catalog import BackendChoice, backend_choices
from app.backends.embedded import EmbeddedServer
from app.backends.unconfigured import UnconfiguredBackend
from app.endpoint_setting import parse_endpoint_settings
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


def labels(settings: Settings, embedded: EmbeddedServer | None = None) -> list[tuple[str, bool, bool]]:
    choices = backend_choices(settings, embedded)
    return [(choice.label, choice.is_demonstration, choice.endpoints is not None) for choice in choices]


def test_sagemaker_is_always_offered_beside_what_is_configured() -> None:
    sagemaker = ("SageMaker", False, True)
    assert labels(Settings(ray_serve_url="http://host:8000")) == [("Ray Serve", False, False), sagemaker]
    assert labels(Settings()) == [("No model", False, False), sagemaker]
    assert labels(Settings(sagemaker_endpoints=parse_endpoint_settings("one"))) == [sagemaker]
    with subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE) as process:
        built_in = EmbeddedServer("http://127.0.0.1:1", "key", process)
        assert labels(Settings(), built_in) == [("Built-in model", True, False), sagemaker]


async def test_the_server_closes_what_its_choices_opened() -> None:
    catalog = ScriptedCatalog([()])
    application = build_server((BackendChoice("SageMaker", UnconfiguredBackend(), endpoints=catalog),))
    async with application.router.lifespan_context(application):
        assert not catalog.is_closed
    assert catalog.is_closed
