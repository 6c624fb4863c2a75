"""Which targets are on this machine; the built-in model, started and stopped."""

import asyncio

import pytest

from app.errors import BackendNotReady
from app.generation import ModelDescription
from app.loadtest import target
from app.loadtest.errors import LoadtestError
from app.loadtest.target import is_built_in, is_loopback, open_backend, wait_until_ready
from app.settings import Settings
from tests.app.loadtest.timed_backend import TimedBackend, answer_of
from tests.app.loadtest.virtual_time import run_in_virtual_time

NEAR, FAR = Settings(ray_serve_url="http://127.0.0.1:8000"), Settings(ray_serve_url="http://model.example:8000")


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
