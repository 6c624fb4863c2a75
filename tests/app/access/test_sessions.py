"""Tokens open, end and expire."""

from app.access.sessions import LIFETIME_SECONDS, Sessions


def test_a_token_opens_until_it_is_ended() -> None:
    sessions = Sessions()
    token, other = sessions.begin(), sessions.begin()
    assert token != other
    assert sessions.is_open(token)
    sessions.end(token)
    sessions.end(token)
    assert not sessions.is_open(token)
    assert sessions.is_open(other)


def test_a_token_expires() -> None:
    now = 0.0
    sessions = Sessions(lambda: now)
    token = sessions.begin()
    now = LIFETIME_SECONDS - 1.0
    assert sessions.is_open(token)
    now = LIFETIME_SECONDS
    assert not sessions.is_open(token)


def test_nothing_and_what_nobody_was_given_open_nothing() -> None:
    sessions = Sessions()
    sessions.begin()
    assert not sessions.is_open("")
    assert not sessions.is_open("guessed")


def test_what_is_remembered_is_bounded() -> None:
    sessions = Sessions()
    first = sessions.begin()
    tokens = [sessions.begin() for _ in range(10_000)]
    assert not sessions.is_open(first)
    assert sessions.is_open(tokens[0])
