"""Which targets are on this machine; the built-in model, started and stopped."""

import asyncio

import pytest

from app.backends.base import Backend
from app.backends.endpoints import Endpoint
from app.backends.ray_serve import RayServeBackend
from app.errors import BackendNotReady
from app.generation import ModelDescription
from app.loadtest import target
from app.loadtest.errors import LoadtestError
from app.loadtest.target import is_built_in, is_loopback, open_backend, wait_until_ready
from app.settings import Settings
from tests.app.loadtest.timed_backend import TimedBackend, answer_of
from tests.app.loadtest.virtual_time import run_in_virtual_time

NEAR, FAR = Settings(ray_serve_url="http://127.0.0.1:8000"), Settings(ray_serve_url="http://model.example:8000")


class OneEndpoint:
    """Stands for the account's catalog."""

    def __init__(self) -> None:
        self.opened: dict[str, Backend] = {}
        self.is_closed = False

    async def endpoints(self, *, is_fresh: bool = False) -> tuple[Endpoint, ...]:
        raise AssertionError("nobody asks for the list")

    def backend(self, name: str) -> Backend:
        return self.opened.setdefault(name, TimedBackend(lambda _: []))

    async def aclose(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("name", "settings", "loopback", "built_in"),
    [
        ("built-in", FAR, True, True),
        ("ray-serve", Settings(), True, True),
        ("ray-serve", NEAR, True, False),
        ("ray-serve", Settings(ray_serve_url="http://[::1]:8000"), True, False),
        ("ray-serve", FAR, False, False),
        ("sagemaker:mistral", NEAR, False, False),
    ],
)
def test_only_a_target_on_this_machine_needs_no_consent(
    name: str, settings: Settings, loopback: bool, built_in: bool
) -> None:
    assert (is_loopback(name, settings), is_built_in(name, settings)) == (loopback, built_in)


async def test_the_built_in_model_is_ready_when_it_is_handed_out() -> None:
    async with open_backend("built-in", Settings()) as backend:
        assert await backend.describe() == ModelDescription("twinstream-demo", 1024)


async def test_an_endpoint_is_reached_through_the_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = OneEndpoint()
    monkeypatch.setattr(target, "sagemaker_catalog", lambda _: catalog)
    async with open_backend("sagemaker:mistral/component", Settings()) as backend:
        assert backend is catalog.opened["mistral/component"]
        assert not catalog.is_closed
    assert catalog.is_closed


async def test_a_server_at_an_address_is_closed_afterwards() -> None:
    async with open_backend("ray-serve", NEAR) as backend:
        assert isinstance(backend, RayServeBackend)
    with pytest.raises(RuntimeError):
        await backend.describe()


async def test_without_the_model_server_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "can_embed", lambda: False)
    with pytest.raises(LoadtestError, match="not installed"):
        async with open_backend("ray-serve", Settings()):
            raise AssertionError("there is nothing to open")


def test_a_model_that_loads_is_waited_for() -> None:
    backend = TimedBackend(lambda n: [(0.0, BackendNotReady("503", 2.0))] if n < 3 else answer_of(1.0, 0.0, 1))

    async def wait() -> float:
        await wait_until_ready(backend)
        return asyncio.get_running_loop().time()

    assert run_in_virtual_time(wait()) == 7.0


def test_a_model_that_never_loads_is_given_up() -> None:
    backend = TimedBackend(lambda _: [(0.0, BackendNotReady("503", 2.0))])
    with pytest.raises(LoadtestError, match="did not start in time"):
        run_in_virtual_time(wait_until_ready(backend))
