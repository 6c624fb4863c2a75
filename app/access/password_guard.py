"""Admits people by name and password: a login page and a cookie for browsers, HTTP Basic for programs.

`gradio_client` logs in as Gradio's own pages let it: it posts the form to `/login` and takes the cookie.
"""

import base64
import binascii
import hashlib
import hmac
import logging
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.access.login_page import login_page
from app.access.sessions import LIFETIME_SECONDS, Sessions
from app.access.throttle import LoginThrottle
from app.access_setting import Account

logger = logging.getLogger(__name__)

COOKIE = "twinstream_session"
_FORM_LIMIT_BYTES = 8192
_NOT_STORED = {"cache-control": "no-store"}
_WRONG = "That name and password do not belong together. Please try again."
# No WWW-Authenticate: with it, a browser whose session has ended would cover the page with a dialog of its own, and
# then send the password with every request, also with those that another site makes it send.
_LOG_IN_FIRST = "Log in first: at /login, or with a name and password by HTTP Basic."


class PasswordGuard:
    def __init__(self, accounts: tuple[Account, ...], sessions: Sessions, throttle: LoginThrottle) -> None:
        self._digests = [_digest(account.name, account.password) for account in accounts]
        self._sessions = sessions
        self._throttle = throttle

    async def answer(self, request: Request) -> Response | None:
        path, method = request.url.path, request.method
        is_logged_in = self._sessions.is_open(_token(request))
        if path == "/login":
            return await self._log_in(request) if method == "POST" else _page_or_chat(request, is_logged_in)
        if path == "/logout" and method == "POST":
            return self._log_out(request)
        if is_logged_in:
            return None
        if request.headers.get("authorization", "").lower().startswith("basic "):
            return self._check_basic(request)
        if path == "/" and _wants_page(request):
            return RedirectResponse(_with_query("login", request), 303, _NOT_STORED)
        return JSONResponse({"detail": _LOG_IN_FIRST}, 401, _NOT_STORED)

    async def _log_in(self, request: Request) -> Response:
        name, password = await _form(request)
        refusal = self._check(request, name, password)
        if refusal is not None:
            return refusal
        response: Response = JSONResponse({"success": True}, 200, _NOT_STORED)
        if _wants_page(request):
            response = RedirectResponse(_with_query("./", request), 303, _NOT_STORED)
        _set_cookie(response, request, self._sessions.begin(), LIFETIME_SECONDS)
        return response

    def _log_out(self, request: Request) -> Response:
        self._sessions.end(_token(request))
        response = RedirectResponse("login", 303, _NOT_STORED)
        _set_cookie(response, request, "", 0)
        return response

    def _check_basic(self, request: Request) -> Response | None:
        try:
            decoded = base64.b64decode(request.headers["authorization"][len("basic ") :], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        name, _, password = decoded.partition(":")
        return self._check(request, name, password)

    def _check(self, request: Request, name: str, password: str) -> Response | None:
        """None: they are right. Right ones are refused as well while the address has to wait."""
        address = request.client.host if request.client else ""
        seconds = self._throttle.wait_seconds(address)
        if seconds:
            sentence = f"Too many wrong attempts came from your address. Please try again in {seconds} seconds."
            return _refusal(request, sentence, 429, {"retry-after": str(seconds)})
        given = _digest(name, password)
        # summed, so that all are compared, whichever is right: the time tells nothing
        if sum(hmac.compare_digest(given, digest) for digest in self._digests):
            return None
        self._throttle.failed(address)
        logger.warning("a login from %s failed", address)
        return _refusal(request, _WRONG, 401, {})


def _digest(name: str, password: str) -> bytes:
    """Of equal length for all, so that comparing takes equally long; no name holds a colon."""
    return hashlib.sha256(f"{name}:{password}".encode(errors="surrogatepass")).digest()


async def _form(request: Request) -> tuple[str, str]:
    """Name and password as they were posted; empty where the body is none of our forms."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _FORM_LIMIT_BYTES:
            return "", ""
    fields = parse_qs(body.decode(errors="replace"))
    return fields.get("username", [""])[0], fields.get("password", [""])[0]


def _page_or_chat(request: Request, is_logged_in: bool) -> Response:
    if is_logged_in:
        return RedirectResponse(_with_query("./", request), 303, _NOT_STORED)
    return login_page("", 200, _NOT_STORED)


def _refusal(request: Request, sentence: str, status: int, headers: dict[str, str]) -> Response:
    if request.url.path == "/login" and _wants_page(request):
        return login_page(sentence, status, {**_NOT_STORED, **headers})
    return JSONResponse({"detail": sentence}, status, {**_NOT_STORED, **headers})


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _with_query(path: str, request: Request) -> str:
    """Relative, so that it holds behind a proxy that adds a path; a deep link's query comes along."""
    return f"{path}?{request.url.query}" if request.url.query else path


def _token(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def _set_cookie(response: Response, request: Request, token: str, lifetime_seconds: int) -> None:
    """`Secure` where the browser speaks https; a proxy that ends it says so. A lie would only harm the liar."""
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme).split(",")[0].strip()
    response.set_cookie(
        COOKIE, token, max_age=lifetime_seconds, httponly=True, samesite="lax", secure=scheme.lower() == "https"
    )
