"""What a cell of a register says: read by the type of its field, or refused with what would have been right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from data.dictionaries.registers import words_of
from data.errors import BadInput

MOST_CHARACTERS = 200
MOST_FLOORS = 200
MOST_COUNT = 1_000_000
EARLIEST = date(1800, 1, 1)

_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?")
_PHONE = re.compile(r"\+?\d{5,15}")
_DOCUMENT = re.compile(r"[A-Z0-9()]{5,20}")
_ADDRESS = re.compile(r"(.+?)(\d+(?:-\d+)?号.*)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def value_of(kind: str, text: str) -> Any:
    """The value that a cell says, of a field's type. Raises BadInput without a place."""
    if len(text) > MOST_CHARACTERS:
        raise BadInput("register.too_long", most=MOST_CHARACTERS)
    if "\0" in text:
        raise BadInput("register.nul")
    return _READERS.get(kind, str)(text)


def street_and_number(address: str) -> tuple[str, str]:
    """An address in its two parts: 和兴路5号之1 is 和兴路 and 5号之1; one without a number is all street."""
    parts = _ADDRESS.fullmatch(re.sub(r"\s", "", address))
    return (parts[1], parts[2]) if parts else (re.sub(r"\s", "", address), "")


def told_by_identity(identity: str) -> tuple[bool, date] | None:
    """What an 18-digit identity number says of its holder: whether a woman, and the day of birth."""
    if len(identity) != len(_WEIGHTS) + 1 or not identity[:17].isdecimal():
        return None
    return int(identity[16]) % 2 == 0, _date(identity[6:14])


def _count(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= most):
        raise BadInput("register.not_a_count", given=text, most=most)
    return int(text)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise BadInput("coordinate.not_a_number", given=text) from None
    if not math.isfinite(number):
        raise BadInput("coordinate.not_a_number", given=text)
    return number


def _date(text: str) -> date:
    parts = _DATE.fullmatch(text)
    try:
        found = date(*map(int, parts.groups())) if parts else None
    except ValueError:
        found = None
    if found is None or not EARLIEST <= found <= date.today():  # noqa: DTZ011 a day, wherever
        raise BadInput("register.not_a_date", given=text)
    return found


def _word(kind: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        known = words_of(kind)
        if text.casefold() not in known:
            raise BadInput("register.no_such_word", given=text, words="、".join(known))
        return known[text.casefold()]

    return read


def _phone(text: str) -> str:
    number = re.sub(r"[\s()（）-]", "", text)
    _must_not_be_masked(number)
    if not _PHONE.fullmatch(number):
        raise BadInput("register.not_a_phone")
    return number


def _identity(text: str) -> str:
    number = re.sub(r"\s", "", text).upper()
    _must_not_be_masked(number)
    if not _DOCUMENT.fullmatch(number):
        raise BadInput("register.not_an_identity")
    if len(number) == len(_WEIGHTS) + 1 and number[:17].isdecimal():
        total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
        if _CHECKS[total % len(_CHECKS)] != number[17]:
            raise BadInput("register.identity_check")
        try:
            _date(number[6:14])
        except BadInput:
            raise BadInput("register.not_an_identity") from None
    return number


def _must_not_be_masked(text: str) -> None:
    if "*" in text:
        raise BadInput("register.masked")


def _address(text: str) -> str:
    return "".join(street_and_number(text))


_READERS: dict[str, Callable[[str], Any]] = {
    "floors": lambda text: _count(text, MOST_FLOORS),
    "count": lambda text: _count(text, MOST_COUNT),
    "number": _number,
    "date": _date,
    "sex": lambda text: _word("sex")(text) == "f",
    "status": _word("status"),
    "use": _word("use"),
    "worker": _word("worker"),
    "phone": _phone,
    "identity": _identity,
    "address": _address,
}
