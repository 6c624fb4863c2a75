"""boto3's clients: made when needed, shared, and what becomes of them where there is no account to speak for."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ProxyConnectionError, SSLError

from app.backends.sagemaker.aws import AwsClients
from app.endpoint_errors import (
    AwsAccessDenied,
    AwsCredentialsMissing,
    AwsCredentialsRefused,
    AwsRegionMissing,
    AwsUnreachable,
)
from tests.app.backends.sagemaker.silent_server import Phase, silent_server, write_certificate

ACTION = "sagemaker:ListEndpoints"
PATIENCE_SECONDS = 30


def list_endpoints(client: Any) -> Any:
    return client.list_endpoints()


async def test_a_call_runs_in_a_thread_and_gives_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    clients = AwsClients("eu-west-1")

    def work(client: Any) -> str:
        names.append(threading.current_thread().name)
        return str(client.meta.region_name)

    assert await clients.call(ACTION, work) == "eu-west-1"
    assert names == [ACTION]
    await clients.aclose()


def test_clients_are_made_once_and_never_retry_a_generation() -> None:
    clients = AwsClients(None)
    runtime, control = clients.runtime(), clients.control()
    assert (clients.runtime(), clients.control()) == (runtime, control)
    assert runtime.meta.config.retries["total_max_attempts"] == 1
    assert runtime.meta.config.read_timeout == 70
    assert runtime.meta.config.max_pool_connections >= 64
    assert runtime.meta.config.tcp_keepalive
    assert control.meta.config.retries == {"total_max_attempts": 5, "mode": "adaptive"}


async def test_a_refusal_of_aws_names_the_action() -> None:
    def refuse(_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListEndpoints")

    with pytest.raises(AwsAccessDenied) as raised:
        await AwsClients(None).call(ACTION, refuse)
    assert ACTION in raised.value.user_message


async def test_credentials_that_come_later_are_found(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clients = AwsClients(None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(AwsCredentialsMissing):
        await clients.call(ACTION, list_endpoints)
    assert not caplog.records  # a page that wants no AWS is no reason for a line on its terminal
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    with pytest.raises(AwsUnreachable):  # it signs, and asks
        await clients.call(ACTION, list_endpoints)


async def test_half_of_the_credentials_and_an_unknown_profile_are_missing_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AwsCredentialsMissing):
        await AwsClients(None).call(ACTION, list_endpoints)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(AwsCredentialsMissing):
        await AwsClients(None).call(ACTION, list_endpoints)


async def test_a_missing_region_and_one_that_is_none_say_which_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    for region in (None, "us west 2"):
        with pytest.raises(AwsRegionMissing) as raised:
            await AwsClients(region).call(ACTION, list_endpoints)
        assert "AWS_REGION" in raised.value.user_message


@pytest.mark.parametrize("url", ["127.0.0.1:1", "http://127.0.0.1:1", "nonsense"])
async def test_an_address_where_nobody_is_cannot_be_reached(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(AwsUnreachable):
        await AwsClients(None).call(ACTION, list_endpoints)


async def test_certificates_that_are_not_there_cannot_be_reached_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:1")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(AwsUnreachable):
        await AwsClients(None).call(ACTION, list_endpoints)


async def test_a_certificate_that_nobody_vouches_for_and_a_dead_proxy_are_no_way_to_aws(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with silent_server(Phase.WAITING, write_certificate(tmp_path / "certificate.pem")) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(AwsUnreachable) as raised:
            await AwsClients(None).call(ACTION, list_endpoints)
        assert isinstance(raised.value.__cause__, SSLError)
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        with pytest.raises(AwsUnreachable) as raised:
            await AwsClients(None).call(ACTION, list_endpoints)
        assert isinstance(raised.value.__cause__, ProxyConnectionError)


async def test_a_cancelled_call_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    async with silent_server(Phase.WAITING) as server, asyncio.timeout(PATIENCE_SECONDS):
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        clients = AwsClients(None)
        call = asyncio.create_task(clients.call(ACTION, list_endpoints))
        await server.reached.wait()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await server.left.wait()
        while ACTION in {thread.name for thread in threading.enumerate()}:
            await asyncio.sleep(0.001)
        await clients.aclose()


async def test_what_is_no_sagemaker_is_said_to_be_unreachable() -> None:
    clients = AwsClients("us-west-2")

    def work(_: object) -> None:
        raise KeyError("Endpoints")

    with pytest.raises(AwsUnreachable):
        await clients.call("sagemaker:ListEndpoints", work)


async def test_refused_credentials_are_looked_for_anew() -> None:
    clients = AwsClients("us-west-2")
    refused = ClientError({"Error": {"Code": "ExpiredTokenException", "Message": "expired"}}, "ListEndpoints")
    used: list[object] = []

    def work(client: object) -> None:
        used.append(client)
        raise refused

    for _ in range(2):
        with pytest.raises(AwsCredentialsRefused):
            await clients.call("sagemaker:ListEndpoints", work)
    assert used[0] is not used[1]
