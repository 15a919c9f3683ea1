"""Passwords: which ones are allowed, and how they are kept and compared (argon2id)."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from data.errors import BadInput, Where

LEAST_PASSWORD = 10
LEAST_SCORE = 2
"""Of zxcvbn's five: below it, a million guesses are enough."""

_LOOKED_AT = 72
"""Characters that zxcvbn looks at; what has more and is still weak in these is weak enough."""

_hasher = PasswordHasher()


async def hashed(password: str, *, login: str, name: str) -> str:
    """What is kept of a new password. Raises BadInput if it is short, the person's own name, or soon guessed."""
    return await asyncio.to_thread(_hashed, password, login, name)


async def verified(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one of this hash; without a hash no, after the same work."""
    return await asyncio.to_thread(_verified, password_hash, password)


def _hashed(password: str, login: str, name: str) -> str:
    if len(password) < LEAST_PASSWORD:
        raise BadInput("account.password_short", where=Where(field="password"), least=LEAST_PASSWORD)
    if password.casefold() in (login.casefold(), name.casefold()):
        raise BadInput("account.password_is_name", where=Where(field="password"))
    if zxcvbn(password[:_LOOKED_AT], user_inputs=[login, name])["score"] < LEAST_SCORE:
        raise BadInput("account.password_common", where=Where(field="password"))
    return _hasher.hash(password)


def _verified(password_hash: str | None, password: str) -> bool:
    nobody = _nobody()  # made before the first comparison of any kind, or the first unknown name would take longer
    try:
        return _hasher.verify(password_hash or nobody, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    return _hasher.hash(secrets.token_hex())
