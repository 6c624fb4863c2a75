"""The values of `CHAT_AUTH` and `CHAT_AUTH_HEADER`: who may use the page. Pure; `app/access/` is what asks for it."""

import re
from dataclasses import dataclass, field

from app.errors import SettingsError

# RFC 9110: what the name of a header is made of.
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FORM = "write user:password, several separated by commas; a password may hold colons, and no comma"


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessSetting:
    """At most one of the two: people with passwords, or the header in which a proxy says who it has let through.

    Neither: everybody who reaches the page may use it.
    """

    accounts: tuple[Account, ...] = ()
    proxy_header: str | None = None


OPEN = AccessSetting()


def parse_access(accounts: str | None, proxy_header: str | None) -> AccessSetting:
    """Raises SettingsError, whose sentence never holds what was given for CHAT_AUTH."""
    if accounts and proxy_header:
        raise SettingsError("CHAT_AUTH and CHAT_AUTH_HEADER are both set; keep the one by which people shall come in.")
    if proxy_header and not _HEADER.fullmatch(proxy_header):
        raise SettingsError(
            f"CHAT_AUTH_HEADER is {proxy_header!r}; set it to the name of a header, like X-Forwarded-User."
        )
    return AccessSetting(_parse_accounts(accounts) if accounts else (), proxy_header)


def _parse_accounts(value: str) -> tuple[Account, ...]:
    entries = [entry.strip() for entry in value.split(",")]
    accounts = tuple(_parse_account(number, entry) for number, entry in enumerate(entries, 1))
    if len({account.name for account in accounts}) < len(accounts):
        raise SettingsError("CHAT_AUTH names one user more than once; leave one of them.")
    return accounts


def _parse_account(number: int, entry: str) -> Account:
    name, _, password = entry.partition(":")
    if not name or not password:
        raise SettingsError(f"CHAT_AUTH has no user and password in its entry {number}; {_FORM}.")
    if not entry.isprintable():
        raise SettingsError(f"CHAT_AUTH has characters in its entry {number} that nobody can type; {_FORM}.")
    return Account(name, password)
