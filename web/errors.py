"""Faults as problem responses (RFC 9457), in the caller's language."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from brain.errors import (
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
from brain.reports import validation_fault

MEDIA_TYPE = "application/problem+json"

STATUS: tuple[tuple[type[CityError], int], ...] = (
    (TooLarge, 413),
    (BadInput, 422),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooMany, 429),
    (Unready, 503),
)
"""Kind of fault → HTTP status; the first that fits."""

LANGUAGES: tuple[Language, ...] = ("zh", "en")

log = structlog.get_logger()


class ProblemPart(BaseModel):
    """One fault among several, with its place."""

    file: str | None = None
    line: int | None = None
    field: str | None = None
    message: str


class Problem(BaseModel):
    """A problem response (RFC 9457)."""

    type: str = Field(description="urn:citybrain:problem:KEY, the same in every language.")
    title: str
    status: int
    detail: str
    errors: list[ProblemPart] = []


def language_of(request: Request) -> Language:
    """Of Chinese and English the one the caller prefers (RFC 9110, 12.5.4); Chinese where neither is named."""
    preferred: list[tuple[float, Language]] = []
    for part in request.headers.get("accept-language", "").lower().split(","):
        tag, _, quality = part.strip().partition(";q=")
        weight = float(quality) if quality.replace(".", "", 1).isdigit() else 1.0
        preferred += [(weight, language) for language in LANGUAGES if tag.split("-")[0] == language and weight > 0]
    return max(preferred, key=lambda choice: choice[0])[1] if preferred else "zh"


def install(app: FastAPI) -> None:
    """Answers every kind of fault with a problem response; nobody sees a traceback."""
    app.add_exception_handler(CityError, _on_city_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_surprise)


def problem(fault: CityError, language: Language) -> Problem:
    """A fault as the body of a response."""
    status = next(status for kind, status in STATUS if isinstance(fault, kind))
    parts = [fault_part(part, language) for part in fault.causes or (fault,)]
    return Problem(
        type=f"urn:citybrain:problem:{fault.key}",
        title=message(f"status.{status}", language),
        status=status,
        detail=fault.said(language),
        errors=parts if fault.causes or fault.where != Where() else [],
    )


def fault_part(fault: CityError, language: Language) -> ProblemPart:
    """One fault with its place beside it."""
    where = fault.where
    return ProblemPart(file=where.file, line=where.line, field=where.field, message=fault.bare_said(language))


def _respond(body: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body.model_dump(exclude_none=True), body.status, headers, media_type=MEDIA_TYPE)


async def _on_city_error(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, CityError)
    headers = {"retry-after": str(fault.values["seconds"])} if isinstance(fault, TooMany) else None
    return _respond(problem(fault, language_of(request)), headers)


async def _on_validation_error(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, RequestValidationError)
    return _respond(problem(validation_fault(list(fault.errors()), Where()), language_of(request)))


async def _on_http_exception(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, HTTPException)
    title = message(f"status.{fault.status_code}", language_of(request))
    body = Problem(type="about:blank", title=title, status=fault.status_code, detail=title)
    return _respond(body)


async def _on_surprise(request: Request, fault: Exception) -> JSONResponse:
    log.error("unexpected fault", path=request.url.path, exc_info=fault)
    title = message("status.500", language_of(request))
    return _respond(Problem(type="about:blank", title=title, status=500, detail=title))
