"""Who may use the page, as it is written in the environment."""

import pytest

from app.access_setting import OPEN, AccessSetting, Account, parse_access
from app.errors import SettingsError
from app.settings import load_settings


def test_nothing_set_lets_everybody_in() -> None:
    assert load_settings({"CHAT_AUTH": "", "CHAT_AUTH_HEADER": ""}).access == OPEN


def test_a_password_may_hold_colons_and_spaces_and_any_letter() -> None:
    accounts = parse_access("ann:pa:ss:, bob:two words,🜁:schlüssel", None).accounts
    assert accounts == (Account("ann", "pa:ss:"), Account("bob", "two words"), Account("🜁", "schlüssel"))


def test_a_header_is_named_instead() -> None:
    assert parse_access(None, "X-Forwarded-User") == AccessSetting((), "X-Forwarded-User")


@pytest.mark.parametrize(
    "value", ["secret", ":secret", "ann:", "ann:secret,", "ann:secret,,bob:b", "ann:s\necret", ","]
)
def test_accounts_that_cannot_be_used_are_refused_without_being_shown(value: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({"CHAT_AUTH": value})
    assert "CHAT_AUTH" in error.value.user_message
    assert "ecret" not in error.value.user_message
    assert "ann" not in error.value.user_message


def test_a_user_who_is_named_twice_is_refused() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({"CHAT_AUTH": "ann:secret,ann:other"})
    assert "secret" not in error.value.user_message


@pytest.mark.parametrize(("accounts", "header"), [("ann:secret", "X-Forwarded-User"), (None, "X User"), (None, "X:")])
def test_a_header_that_cannot_be_used_is_refused(accounts: str | None, header: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse_access(accounts, header)
    assert "CHAT_AUTH_HEADER" in error.value.user_message
    assert "secret" not in error.value.user_message


def test_a_password_is_not_in_the_representation() -> None:
    assert "secret" not in repr(load_settings({"CHAT_AUTH": "ann:secret"}))
