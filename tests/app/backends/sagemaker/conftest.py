"""An AWS account that is nobody's: keys that sign, and none of this machine's own files."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.backends.sagemaker.aws import AwsClients
from app.backends.sagemaker.catalog import SageMakerCatalog
from app.endpoint_setting import parse_endpoint_settings
from tests.app.backends.sagemaker.fake_control_plane import FakeControlPlane, serve


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeControlPlane]:
    with serve() as fake:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", fake.url)
        yield fake


@pytest.fixture
async def catalog(aws: FakeControlPlane, clock: Clock) -> AsyncIterator[SageMakerCatalog]:
    catalog = SageMakerCatalog(AwsClients(None), clock=clock)
    yield catalog
    await catalog.aclose()


@pytest.fixture
async def configured(aws: FakeControlPlane, clock: Clock) -> AsyncIterator[SageMakerCatalog]:
    """With two endpoints in SAGEMAKER_ENDPOINTS."""
    catalog = SageMakerCatalog(AwsClients(None), parse_endpoint_settings("chat:messages,group:prompt"), clock=clock)
    yield catalog
    await catalog.aclose()
