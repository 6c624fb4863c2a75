"""What the page says of the endpoints that were found."""

from typing import Any

import pytest

from app.backends.endpoints import Endpoint
from app.endpoint_errors import AwsAccessDenied, AwsCredentialsMissing, AwsRegionMissing, AwsUnreachable
from app.errors import BackendError
from app.ui.endpoint_list import EndpointFinder, EndpointList, list_endpoints
from tests.app.fakes import ScriptedCatalog

FIRST = Endpoint("first", "first · mistral · InService")
SECOND = Endpoint("second", "second · llama · InService")
REFUSED = Endpoint("<b>third", "third", "It is being made.")


def test_the_first_is_chosen_while_none_is_and_no_choice_moves_to_another() -> None:
    listed = EndpointList((FIRST, SECOND, REFUSED))
    assert listed.offered == [(FIRST.label, "first"), (SECOND.label, "second")]
    assert listed.choose(None) == listed.choose("") == "first"
    assert listed.choose("second") == "second"
    assert listed.choose("<b>third") is None
    assert EndpointList((REFUSED,)).choose("second") is None


def test_what_is_not_offered_is_counted_and_explained_in_harmless_words() -> None:
    assert EndpointList((FIRST,)).refused_html() == ""
    one = EndpointList((FIRST, REFUSED)).refused_html()
    assert "1 endpoint is not offered" in one
    assert "It is being made&#46;" in one
    assert "<b>" not in one
    assert "2 endpoints are not offered" in EndpointList((REFUSED, REFUSED)).refused_html()


def test_while_none_is_chosen_the_reason_is_said() -> None:
    assert EndpointList((FIRST,)).status() == "Choose an endpoint."
    assert "below says why" in EndpointList((REFUSED,)).status()
    assert "no endpoint in this account" in EndpointList().status()
    assert EndpointList(problem="It broke.").status() == "⚠ It broke."


@pytest.mark.parametrize(
    ("error", "is_unusable"),
    [
        (AwsCredentialsMissing("x"), True),
        (AwsRegionMissing("x"), True),
        (AwsAccessDenied("x", "sagemaker:ListEndpoints"), False),
        (AwsUnreachable("x"), False),
    ],
)
async def test_only_what_must_be_set_first_makes_the_line_unusable(error: BackendError, is_unusable: bool) -> None:
    listed = await list_endpoints(ScriptedCatalog([error]), is_fresh=False)
    assert listed == EndpointList(problem=error.user_message, is_unusable=is_unusable)


async def test_a_fault_of_our_own_ends_the_looking_too(caplog: pytest.LogCaptureFixture) -> None:
    class BrokenCatalog(ScriptedCatalog):
        async def endpoints(self, *, is_fresh: bool = False) -> tuple[Endpoint, ...]:
            raise ZeroDivisionError

    listed = await list_endpoints(BrokenCatalog([()]), is_fresh=False)
    assert "the chat page itself" in listed.problem
    assert "ZeroDivisionError" in caplog.text


async def test_only_a_refresh_asks_past_the_memory() -> None:
    catalog = ScriptedCatalog([(FIRST,)])
    finder = EndpointFinder("SageMaker", catalog)
    await finder.find(None)
    outputs: tuple[Any, ...] = await finder.find_anew(None)
    assert catalog.asked_fresh == [False, True]
    assert outputs[0] == EndpointList((FIRST,))
