"""Incidents: reporting, reading, drawing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from brain import batches, incidents, intake
from brain.errors import BadInput, Where
from brain.reports import IncidentReport
from web.deps import Box, CallerLanguage, Ctx, SignedIn
from web.errors import fault_part
from web.schemas.base import Names, RegionRef
from web.schemas.incidents import (
    BatchResult,
    DepartmentPlace,
    EditionUsed,
    Incident,
    IncidentEvent,
    IncidentPage,
    IncidentPoints,
    IncidentSummary,
    OpenCounts,
    Original,
    Reported,
    SchemeRegionRef,
)

MOST_IDS = 1000

Which = Annotated[Literal["open", "all"], Query(description="Only open incidents, or all.")]
router = APIRouter(tags=["incidents"])


@router.post("/incidents", status_code=201, responses={200: {"model": Reported}})
async def report(
    given: IncidentReport, context: Ctx, actor: SignedIn, language: CallerLanguage, response: Response
) -> Reported:
    """Reports one incident: 201 with where it was placed; 200 if the source has reported it before."""
    incident_id, is_new, warnings = await intake.report(context, actor, given)
    response.status_code = 201 if is_new else 200
    row = await incidents.one(context, actor, incident_id)
    return Reported(**_incident(row), warnings=[warning.said(language) for warning in warnings])


@router.post(
    "/incidents/batch",
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}
    },
)
async def report_batch(request: Request, context: Ctx, actor: SignedIn, language: CallerLanguage) -> BatchResult:
    """Reports many, one JSON object a line: good ones are taken in, bad ones named; the same again is harmless."""
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type != "application/x-ndjson":
        raise BadInput("batch.content_type", where=Where(field="content-type"), given=content_type or "-")
    tally = await batches.report_stream(context, actor, request.stream())
    return BatchResult(
        accepted=tally.accepted,
        known=tally.known,
        unassigned=tally.unassigned,
        far=tally.far,
        rejected=tally.rejected,
        faults=[fault_part(fault, language) for fault in tally.faults],
    )


@router.get("/incidents")
async def list_incidents(
    context: Ctx,
    actor: SignedIn,
    region: Annotated[str | None, Query(description="Code in the scheme: incidents in it or below.")] = None,
    scheme: Annotated[
        str, Query(description="`main`, or a department's: then incidents in it, each with its region there.")
    ] = "main",
    state: Which = "all",
    assigned: bool | None = None,
    ids: Annotated[
        str | None, Query(description="Only these ids, comma-separated; the other filters do not apply.")
    ] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> IncidentPage:
    """Incidents, newest first."""
    if ids is not None:
        rows = await incidents.by_ids(context, actor, _ids(ids))
        return IncidentPage(items=[IncidentSummary(**_summary(row)) for row in rows], next=None)
    before = _ids(cursor, "cursor")[0] if cursor else None
    rows = await incidents.latest(
        context,
        actor,
        scheme=scheme,
        region=region,
        only_open=state == "open",
        assigned=assigned,
        before=before,
        limit=limit + 1,
    )
    items = [IncidentSummary(**_summary(row)) for row in rows[:limit]]
    return IncidentPage(items=items, next=items[-1].id if len(rows) > limit else None)


@router.get("/incidents/points")
async def incident_points(
    bbox: Box,
    context: Ctx,
    actor: SignedIn,
    state: Which = "all",
    limit: Annotated[int, Query(ge=1, le=20_000)] = 20_000,
) -> IncidentPoints:
    """Incidents in a box as columns, newest first."""
    rows, truncated = await incidents.points(context, actor, bbox, only_open=state == "open", limit=limit)
    return IncidentPoints(
        ids=[str(row["id"]) for row in rows],
        lon=[row["lon"] for row in rows],
        lat=[row["lat"] for row in rows],
        open=[row["open"] for row in rows],
        assigned=[row["assigned"] for row in rows],
        truncated=truncated,
    )


@router.get("/incidents/open-counts")
async def open_counts(tier: str, bbox: Box, context: Ctx, actor: SignedIn) -> OpenCounts:
    """How many incidents are open in each region of a tier that the box touches."""
    return OpenCounts(tier=tier, counts=await incidents.open_counts(context, actor, tier, bbox))


@router.get("/incidents/{incident_id}")
async def incident(incident_id: int, context: Ctx, actor: SignedIn) -> Incident:
    """One incident with its path of regions and its events."""
    return Incident(**_incident(await incidents.one(context, actor, incident_id)))


def _summary(row: Any) -> dict[str, Any]:
    region = SchemeRegionRef(
        scheme=row["scheme"], code=row["region_code"], name=row["region_name"], tier=row["region_tier"]
    )
    return {**row, "region": region}


def _incident(row: Any) -> dict[str, Any]:
    return {
        **_summary(row),
        "original": Original(x=row["original_x"], y=row["original_y"], crs=row["original_crs"]),
        "edition": EditionUsed(id=row["edition_id"], seq=row["edition_seq"]),
        "path": [RegionRef(code=above["code"], name=above["name"], tier=above["tier"]) for above in row["path"]],
        "departments": [
            DepartmentPlace(
                scheme=place["scheme"],
                name=Names(zh=place["scheme_name_zh"], en=place["scheme_name_en"]),
                region=RegionRef(code=place["code"], name=place["name"], tier=place["tier"]),
                edition=EditionUsed(id=place["edition_id"], seq=place["edition_seq"]),
                on_border=place["on_border"],
            )
            for place in row["departments"]
        ],
        "events": [
            IncidentEvent(id=event["id"], at=event["at"], action=event["action"], actor=event["actor_name"])
            for event in row["events"]
        ],
    }


def _ids(given: str, field: str = "ids") -> list[int]:
    parts = given.split(",")
    if len(parts) > MOST_IDS or not all(part.isdecimal() and len(part) < 19 for part in parts):
        raise BadInput("ids.malformed", where=Where(field=field), most=MOST_IDS)
    return [int(part) for part in parts]
