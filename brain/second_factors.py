"""The second factor: an authenticator's six digits (RFC 6238), and recovery codes where it is not at hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno
from cryptography.fernet import Fernet
from sqlalchemy.ext.asyncio import AsyncConnection

from brain.context import Context
from data.engine import SYSTEM, scoped_transaction
from data.errors import BadInput, Conflict, NotFound, Where
from data.queries import query

STEP_S = 30
DRIFT = 1
"""Steps that a telephone's clock may be off, either way."""

RECOVERY_CODES = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_HALF = 5

_START = query("second_factors", "start")
_PENDING = query("second_factors", "pending")
_CONFIRM = query("second_factors", "confirm")
_CURRENT = query("second_factors", "current")
_SPEND = query("second_factors", "spend")
_END = query("second_factors", "end")
_ADD_CODE = query("second_factors", "add_code")
_USE_CODE = query("second_factors", "use_code")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator is told, as text, as an address, and as a picture of that (SVG)."""

    secret: str
    uri: str
    qr_svg: str


async def start(context: Context, account_id: int, login: str) -> Enrolment:
    """A new secret, which counts once a code made with it is shown. Raises Conflict where there is a factor already."""
    secret = pyotp.random_base32()
    values = {
        "account_id": account_id,
        "secret": _cipher(context).encrypt(secret.encode()).decode(),
        "now": context.clock(),
    }
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        if (await connection.execute(_CURRENT, {"account_id": account_id})).one_or_none() is not None:
            raise Conflict("factor.there_already")
        await connection.execute(_START, values)
    uri = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=context.settings.city_name_zh)
    return Enrolment(secret, uri, _picture(uri))


async def confirm(context: Context, account_id: int, code: str) -> list[str]:
    """The factor counts from now on; its recovery codes, which nobody can read again.

    Raises NotFound where none was started, BadInput for a code that does not fit, Conflict for a second confirmation.
    """
    now = context.clock()
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        pending = (await connection.execute(_PENDING, {"account_id": account_id})).one_or_none()
        if pending is None:
            raise NotFound("factor.none")
        step = _step_of(_decrypted(context, pending.secret), code, now)
        if step is None:
            raise BadInput("factor.code_wrong", where=Where(field="code"))
        if (await connection.execute(_CURRENT, {"account_id": account_id})).one_or_none() is not None:
            raise Conflict("factor.there_already")
        await connection.execute(_CONFIRM, {"id": pending.id, "step": step, "now": now})
        codes = [_new_code() for _ in range(RECOVERY_CODES)]
        hashes = [{"factor_id": pending.id, "code_hash": _code_hash(context, code)} for code in codes]
        await connection.execute(_ADD_CODE, hashes)
    return codes


async def end(context: Context, account_id: int) -> None:
    """Turns the factor off. Raises NotFound where there is none."""
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        ended = await connection.execute(_END, {"account_id": account_id, "now": context.clock()})
        if ended.first() is None:
            raise NotFound("factor.none")


async def accepts(context: Context, account_id: int, code: str) -> bool:
    """Whether this is the factor's code of now, or a recovery code; either is spent by being accepted."""
    now = context.clock()
    async with scoped_transaction(context.engine, SYSTEM) as connection:
        factor = (await connection.execute(_CURRENT, {"account_id": account_id})).one_or_none()
        if factor is None:
            return False
        step = _step_of(_decrypted(context, factor.secret), code, now)
        if step is not None:
            return await _spent(connection, factor.id, step)
        used = {"factor_id": factor.id, "code_hash": _code_hash(context, code), "now": now}
        return (await connection.execute(_USE_CODE, used)).one_or_none() is not None


async def _spent(connection: AsyncConnection, factor_id: int, step: int) -> bool:
    """Whether the step was still unspent: of two who show the same code at once, one is refused."""
    return (await connection.execute(_SPEND, {"id": factor_id, "step": step})).one_or_none() is not None


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    given = "".join(code.split()).encode()
    near = range(current - DRIFT, current + DRIFT + 1)
    return next((step for step in near if hmac.compare_digest(totp.generate_otp(step).encode(), given)), None)


def _new_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(2 * _HALF))
    return f"{letters[:_HALF]}-{letters[_HALF:]}"


def _code_hash(context: Context, code: str) -> bytes:
    bare = "".join(code.split()).replace("-", "").lower()
    return hmac.new(context.settings.derived("recovery codes").encode(), bare.encode(), hashlib.sha256).digest()


def _cipher(context: Context) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(bytes.fromhex(context.settings.derived("second factors"))))


def _decrypted(context: Context, secret: str) -> str:
    return _cipher(context).decrypt(secret.encode()).decode()


def _picture(uri: str) -> str:
    buffer = io.BytesIO()
    segno.make(uri, error="m").save(buffer, kind="svg", xmldecl=False, omitsize=True, light="#fff", dark="#000")
    return buffer.getvalue().decode()
