"""Browsers and programs log in, stay in, and log out; guessing is slowed."""

import httpx
import pytest

from app.access.throttle import FAILURES
from tests.app.access.clients import BROWSER, FORM, client_of, guarded

WRONG = {"username": "ann", "password": "wrong"}


async def test_a_browser_is_led_to_the_login_and_from_there_to_where_it_wanted() -> None:
    async with client_of(guarded()) as client:
        response = await client.get("/?prompt=a%26b&system=c", headers=BROWSER)
        assert (response.status_code, response.headers["location"]) == (303, "login?prompt=a%26b&system=c")
        page = await client.get("/login?prompt=a%26b&system=c", headers=BROWSER)
        assert page.status_code == 200
        assert "no-store" in page.headers["cache-control"]
        assert "default-src 'self'" in page.headers["content-security-policy"]
        done = await client.post("/login?prompt=a%26b&system=c", data=FORM, headers=BROWSER)
        assert (done.status_code, done.headers["location"]) == (303, "./?prompt=a%26b&system=c")
        assert (await client.get("/", headers=BROWSER)).status_code == 200
        assert (await client.get("/config")).status_code == 200
        assert (await client.get("/login")).headers["location"] == "./"


async def test_logging_out_ends_the_session_wherever_its_cookie_is() -> None:
    application = guarded()
    async with client_of(application) as client, client_of(application) as thief:
        await client.post("/login", data=FORM)
        thief.cookies = httpx.Cookies(client.cookies)
        assert (await thief.get("/config")).status_code == 200
        assert (await client.post("/logout")).headers["location"] == "login"
        assert not client.cookies
        assert (await client.get("/config")).status_code == 401
        assert (await thief.get("/config")).status_code == 401


@pytest.mark.parametrize(
    ("headers", "is_secure"),
    [({}, False), ({"x-forwarded-proto": "https"}, True), ({"x-forwarded-proto": "https, http"}, True)],
)
async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(headers: dict[str, str], is_secure: bool) -> None:
    async with client_of(guarded()) as client:
        cookie = (await client.post("/login", data=FORM, headers=headers)).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert ("secure" in cookie) is is_secure


@pytest.mark.parametrize(
    "fields",
    [
        WRONG,
        {"username": "bob", "password": "pa:ss"},
        {"username": "ann:pa", "password": "s"},
        {"username": "ann", "password": ""},
        {"username": "ann", "password": "pa:ss" + "s" * 10_000},
        {"username": "nobody", "password": "x"},
        {"other": "field"},
    ],
)
async def test_a_wrong_login_is_refused_with_a_sentence_and_no_cookie(fields: dict[str, str]) -> None:
    async with client_of(guarded()) as client:
        response = await client.post("/login", data=fields, headers=BROWSER)
        assert response.status_code == 401
        assert 'role="alert"' in response.text
        assert "set-cookie" not in response.headers
        assert (await client.post("/login", data=fields)).json()["detail"].startswith("That name")


@pytest.mark.parametrize("body", [b"\xff\xfe=\xff", b"a=1&" * 100, b"{}", b"username=ann&password=%ff%fe", b""])
async def test_any_body_is_only_a_wrong_login(body: bytes) -> None:
    async with client_of(guarded()) as client:
        assert (await client.post("/login", content=body)).status_code == 401


async def test_a_program_logs_in_with_every_request() -> None:
    async with client_of(guarded()) as client:
        assert (await client.get("/config", auth=("ann", "pa:ss"))).status_code == 200
        assert (await client.get("/config", auth=("bob", "other"))).status_code == 200
        refused = await client.get("/config", auth=("ann", "other"))
        assert refused.status_code == 401
        assert "www-authenticate" not in refused.headers
        for value in ("Basic", "Basic ", "Basic ?", "Basic /w==", "Bearer pa:ss"):
            assert (await client.get("/config", headers={"authorization": value})).status_code in (401, 429)


async def test_guessing_is_slowed_by_address_on_every_way_in() -> None:
    application = guarded()
    async with client_of(application) as guesser, client_of(application) as ann:
        await ann.post("/login", data=FORM)
        for number in range(FAILURES):
            if number % 2:
                assert (await guesser.post("/login", data=WRONG)).status_code == 401
            else:
                assert (await guesser.get("/config", auth=("ann", "wrong"))).status_code == 401
        for response in (
            await guesser.post("/login", data=FORM, headers=BROWSER),
            await guesser.post("/login", data=FORM),
            await guesser.get("/config", auth=("ann", "pa:ss")),
        ):
            assert response.status_code == 429
            assert 0 < int(response.headers["retry-after"]) <= 60
            assert "set-cookie" not in response.headers
        assert (await ann.get("/config")).status_code == 200
        assert (await ann.get("/config", auth=("ann", "pa:ss"))).status_code == 200


async def test_nobody_s_name_or_password_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(guarded(), "198.51.100.1") as client:
        await client.post("/login", data={"username": "a-name", "password": "a-password"})
    assert "198.51.100.1" in caplog.text
    assert "a-name" not in caplog.text
    assert "a-password" not in caplog.text
