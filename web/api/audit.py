"""The audit log: reading it, taking it away, and whether it is sealed."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from brain import audit_records
from brain.audit import deeds
from brain.audit_records import Wanted
from web.deps import CallerLanguage, Ctx, SignedIn
from web.schemas.audit import AuditExport, AuditHealth, AuditPage, AuditRecord, Deed
from web.schemas.base import Names, RegionRef

router = APIRouter(tags=["audit"])


@router.get("/audit")
async def list_audit(
    context: Ctx,
    actor: SignedIn,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    person: Annotated[str | None, Query(description="Part of the name, or the account's id.")] = None,
    action: Annotated[str | None, Query(description="One of `/audit/deeds`.")] = None,
    object: Annotated[str | None, Query(description="KIND, or KIND/ID: `account/12`, `scheme/main`.")] = None,  # noqa: A002
    region: Annotated[str | None, Query(description="Code in the main scheme: done in it or below.")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> AuditPage:
    """Who did what, newest first."""
    wanted = Wanted(since, until, person, action, object, region)
    rows, following = await audit_records.latest(context, actor, wanted, cursor, limit)
    items = [
        AuditRecord(
            **{
                **row,
                "region": row["region_code"]
                and RegionRef(code=row["region_code"], name=row["region_name"], tier=row["region_tier"]),
            }
        )
        for row in rows
    ]
    return AuditPage(items=items, next=following)


@router.get("/audit/deeds")
async def list_deeds(actor: SignedIn) -> list[Deed]:
    """Every kind of deed, with its names."""
    actor.must_be_able_to(audit_records.RIGHT)
    return [Deed(deed=one.deed, name=Names(zh=one.name_zh, en=one.name_en)) for one in deeds().values()]


@router.get("/audit/health")
async def audit_health(context: Ctx, actor: SignedIn) -> AuditHealth:
    """Whether the log is sealed."""
    return AuditHealth.model_validate(await audit_records.health(context, actor))


@router.post("/audit/export", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
async def export_audit(
    given: AuditExport, context: Ctx, actor: SignedIn, language: CallerLanguage
) -> StreamingResponse:
    """Deeds as CSV; the first lines and the file's name say who took them away. It is recorded, with the reason."""
    wanted = Wanted(given.since, given.until, given.person, given.action, given.object, given.region)
    name, parts = await audit_records.export(context, actor, wanted, given.reason, language)
    return StreamingResponse(
        iter(parts),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}", "cache-control": "no-store"},
    )
