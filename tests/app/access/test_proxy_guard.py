"""Who comes through the proxy is let in, and nobody else."""

import pytest

from tests.app.access.clients import client_of, guarded

HEADER = "X-Forwarded-User"


async def test_who_is_named_is_let_in_and_there_is_no_login_page() -> None:
    async with client_of(guarded(None, HEADER)) as client:
        named = {HEADER.lower(): "ann@example.org"}
        assert (await client.get("/config", headers=named)).status_code == 200
        assert (await client.get("/login", headers=named)).status_code != 200


@pytest.mark.parametrize("values", [[], [""], ["  "], ["mallory", "ann"]])
async def test_nobody_and_two_at_once_are_refused_with_a_sentence(values: list[str]) -> None:
    async with client_of(guarded(None, HEADER)) as client:
        response = await client.get("/", headers=[(HEADER, value) for value in values])
    assert response.status_code == 401
    assert "proxy" in response.text
