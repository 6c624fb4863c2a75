"""Whole applications behind a gate, and clients over their ASGI interface."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from itertools import count

import httpx
from fastapi import FastAPI

from app.access_setting import parse_access
from app.backends.catalog import BackendChoice
from app.server import build_server
from tests.app.fakes import ScriptedBackend

BROWSER = {"accept": "text/html,application/xhtml+xml"}
FORM = {"username": "ann", "password": "pa:ss"}
_numbers = count(1)


@cache
def guarded(accounts: str | None = "ann:pa:ss,bob:other", header: str | None = None) -> FastAPI:
    return build_server((BackendChoice("Scripted", ScriptedBackend()),), parse_access(accounts, header))


@asynccontextmanager
async def client_of(application: FastAPI, address: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """From an address that no other test has used, so that none has to wait for another's failures."""
    transport = httpx.ASGITransport(application, client=(address or f"192.0.2.{next(_numbers)}", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
        yield client
