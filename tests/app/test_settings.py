"""The environment, read once."""

from pathlib import Path

import pytest

from app.endpoint_setting import EndpointSetting
from app.errors import SettingsError
from app.settings import Settings, load_settings, read_environment


def test_nothing_set_means_the_built_in_model_on_loopback() -> None:
    assert load_settings({}) == Settings("127.0.0.1", 7860, None, None)


def test_an_empty_variable_counts_as_not_set() -> None:
    names = ["GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "RAY_SERVE_URL", "RAY_SERVE_API_KEY"]
    names += ["SAGEMAKER_ENDPOINTS", "SAGEMAKER_ACCEPT_EULA", "AWS_REGION"]
    assert load_settings(dict.fromkeys(names, "")) == Settings()


def test_sagemaker_is_described_by_endpoints_region_and_agreement() -> None:
    settings = load_settings(
        {"SAGEMAKER_ENDPOINTS": "mine/part:tgi", "SAGEMAKER_ACCEPT_EULA": "True", "AWS_REGION": "us-gov-west-1"}
    )
    assert settings.sagemaker_endpoints == (EndpointSetting("mine", "part", "inputs"),)
    assert settings.sagemaker_accepts_eula
    assert settings.aws_region == "us-gov-west-1"


@pytest.mark.parametrize(
    "url", ["http://host:8000", "http://host:8000/", "http://host:8000/v1", "http://host:8000/v1/"]
)
def test_a_url_may_end_as_people_write_it(url: str) -> None:
    assert load_settings({"RAY_SERVE_URL": url}).ray_serve_url == "http://host:8000"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRADIO_SERVER_PORT", "http"),
        ("GRADIO_SERVER_PORT", "0"),
        ("GRADIO_SERVER_PORT", "65536"),
        ("RAY_SERVE_URL", "host:8000"),
        ("RAY_SERVE_URL", "ftp://host"),
        ("RAY_SERVE_URL", "http://"),
        ("RAY_SERVE_URL", "http://[::1"),
        ("RAY_SERVE_URL", "http://localhost:abc"),
        ("RAY_SERVE_URL", "http://localhost:99999"),
        ("RAY_SERVE_URL", "http://local host:8000"),
        ("GRADIO_SERVER_PORT", "²"),
        ("SAGEMAKER_ENDPOINTS", "my_endpoint"),
        ("SAGEMAKER_ACCEPT_EULA", "yes"),
        ("AWS_REGION", "us west 2"),
        ("AWS_REGION", "host/us-west-2"),
    ],
)
def test_a_bad_value_names_variable_and_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({name: value})
    assert name in error.value.user_message
    assert repr(value) in error.value.user_message


def test_a_key_that_no_header_can_carry_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({"RAY_SERVE_API_KEY": "schlüssel"})
    assert "RAY_SERVE_API_KEY" in error.value.user_message
    assert "schlüssel" not in error.value.user_message


def test_a_key_is_not_in_the_representation() -> None:
    assert "secret" not in repr(load_settings({"RAY_SERVE_API_KEY": "secret"}))


def test_a_file_completes_the_environment_and_never_overrides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("RAY_SERVE_URL=http://file\nRAY_SERVE_API_KEY=from-file\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAY_SERVE_URL", "http://environment")
    monkeypatch.setenv("RAY_SERVE_API_KEY", "")
    monkeypatch.delenv("RAY_SERVE_API_KEY")
    settings = load_settings(read_environment())
    assert settings.ray_serve_url == "http://environment"
    assert settings.ray_serve_api_key == "from-file"
