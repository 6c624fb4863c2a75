"""The list of endpoints that a person writes."""

import pytest

from app.endpoint_setting import DIALECTS, EndpointSetting, joined_name, parse_endpoint_settings, split_name
from app.errors import SettingsError
from app.wire.endpoint_request import RequestForm


def test_nothing_written_names_no_endpoint() -> None:
    assert parse_endpoint_settings("") == ()
    assert parse_endpoint_settings(" , ") == ()


def test_an_entry_is_a_name_perhaps_a_component_perhaps_a_dialect() -> None:
    assert parse_endpoint_settings("a, b/c ,d:TGI, e/f:vllm,") == (
        EndpointSetting("a"),
        EndpointSetting("b", "c"),
        EndpointSetting("d", None, "inputs"),
        EndpointSetting("e", "f", "prompt"),
    )


def test_every_dialect_means_a_form_of_request_and_every_form_has_a_word() -> None:
    assert {RequestForm(form) for form in DIALECTS.values()} == set(RequestForm)
    assert all(DIALECTS[form] == form for form in RequestForm)


@pytest.mark.parametrize(
    "entry", ["-a", "a-", "a_b", "a/b/c", "/b", "a/", ":tgi", "a b", "a" * 64, "a/" + "b" * 64, "a:tgi:lmi", "a:", "ä"]
)
def test_a_bad_entry_is_named_with_the_remedy(entry: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse_endpoint_settings(f"good,{entry}")
    assert "SAGEMAKER_ENDPOINTS" in error.value.user_message
    assert repr(entry) in error.value.user_message
    assert "write" in error.value.user_message


def test_the_longest_name_is_taken() -> None:
    assert parse_endpoint_settings("a" * 63 + "/" + "b" * 63)[0].component_name == "b" * 63


def test_a_name_of_many_hyphens_is_judged_at_once() -> None:
    with pytest.raises(SettingsError):
        parse_endpoint_settings("a" + "-" * 100_000)


def test_an_unknown_dialect_is_answered_with_those_that_are_known() -> None:
    with pytest.raises(SettingsError) as error:
        parse_endpoint_settings("a:triton")
    assert "'a:triton'" in error.value.user_message
    assert all(dialect in error.value.user_message for dialect in DIALECTS)


def test_one_endpoint_is_named_once() -> None:
    with pytest.raises(SettingsError, match="'a/b' more than once"):
        parse_endpoint_settings("a/b,a,a/b:tgi")


@pytest.mark.parametrize(("endpoint_name", "component_name"), [("a", None), ("a", "b")])
def test_a_joined_name_can_be_split(endpoint_name: str, component_name: str | None) -> None:
    assert split_name(joined_name(endpoint_name, component_name)) == (endpoint_name, component_name)
