"""The kinds of faults, for the counter: it shows them and knows nothing of the archive."""

from data.errors import (
    BadInput,
    CityError,
    Conflict,
    Forbidden,
    Language,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unready,
    Where,
    message,
)

__all__ = [
    "BadInput",
    "CityError",
    "Conflict",
    "Forbidden",
    "Language",
    "NotFound",
    "TooLarge",
    "TooMany",
    "Unauthenticated",
    "Unready",
    "Where",
    "message",
]
