"""What is known of a region: records, figures; and what is corrected in them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from brain import corrections, pushdown, records
from brain.errors import BadInput, Where
from web.deps import Ctx, SignedIn
from web.schemas.base import Names, RegionRef
from web.schemas.records import (
    Correction,
    CorrectionPage,
    DataSet,
    DataSetField,
    Decision,
    Outcome,
    QueuedCorrection,
    Record,
    RecordPage,
    RegionFigures,
    Revealed,
    RevealWish,
    Share,
    Wish,
)

router = APIRouter(tags=["records"])


@router.get("/data-sets")
async def data_sets(context: Ctx, actor: SignedIn) -> list[DataSet]:
    """Every data set with its fields."""
    homes = await pushdown.home_tiers(context, actor)
    return [
        DataSet(
            data_set=known.data_set,
            name=Names(zh=known.name_zh, en=known.name_en),
            home_tier=homes[known.data_set],
            fields=[
                DataSetField(
                    field=field.field,
                    name=Names(zh=field.name_zh, en=field.name_en),
                    kind=field.kind,
                    home_tier=homes.get(field.subject),
                    owner=field.owner,
                )
                for field in of
            ],
        )
        for known, of in pushdown.known_data_sets()
    ]


@router.get("/records/{data_set}")
async def list_records(
    data_set: str,
    context: Ctx,
    actor: SignedIn,
    region: Annotated[str, Query(description="Code of a region: records in it or below.")],
    scheme: str = "main",
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> RecordPage:
    """Records of a data set in a region, by region and id."""
    found = await records.page(context, actor, data_set, region, after=_after(cursor), limit=limit + 1, scheme=scheme)
    last = found[limit - 1] if len(found) > limit else None
    return RecordPage(
        items=[_record(record) for record in found[:limit]], next=f"{last.region_key}-{last.id}" if last else None
    )


@router.get("/records/{data_set}/{record_id}")
async def one_record(data_set: str, record_id: int, context: Ctx, actor: SignedIn) -> Record:
    """One record."""
    return _record(await records.one(context, actor, data_set, record_id))


@router.get("/records/{data_set}/{record_id}/corrections")
async def corrections_of_record(data_set: str, record_id: int, context: Ctx, actor: SignedIn) -> list[Correction]:
    """What was corrected in a record, newest first."""
    rows = await corrections.of_record(context, actor, data_set, record_id)
    return [Correction.model_validate(dict(row)) for row in rows]


@router.post("/records/{data_set}/{record_id}/corrections", status_code=201)
async def correct(data_set: str, record_id: int, wish: Wish, context: Ctx, actor: SignedIn) -> Outcome:
    """Corrects a field: applied at once, or waiting for who owns the field. 409 where it has changed meanwhile."""
    state = await corrections.correct(
        context, actor, data_set, record_id, field=wish.field, before=wish.before, after=wish.after, reason=wish.reason
    )
    return Outcome(state="waiting" if state == "waiting" else "applied")


@router.post("/records/{data_set}/{record_id}/reveal")
async def reveal(data_set: str, record_id: int, wish: RevealWish, context: Ctx, actor: SignedIn) -> Revealed:
    """Shows a personal field in full, for a reason; it is written down who has seen it."""
    value = await records.reveal(context, actor, data_set, record_id, field=wish.field, reason=wish.reason)
    return Revealed(value=value)


@router.get("/corrections")
async def list_corrections(
    context: Ctx,
    actor: SignedIn,
    state: Literal["waiting", "all"] = "waiting",
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> CorrectionPage:
    """Corrections in the asker's regions, newest first."""
    states: list[corrections.State] = ["waiting"] if state == "waiting" else [*corrections.STATES]
    before = _number(cursor) if cursor else None
    rows = await corrections.queue(context, actor, states, before=before, limit=limit + 1)
    items = [
        QueuedCorrection.model_validate(
            {**row, "region": RegionRef(code=row["code"], name=row["name"], tier=row["tier"])}
        )
        for row in rows[:limit]
    ]
    return CorrectionPage(items=items, next=items[-1].id if len(rows) > limit else None)


@router.post("/corrections/{correction_id}/decision", status_code=204)
async def decide(correction_id: int, decision: Decision, context: Ctx, actor: SignedIn) -> None:
    """Confirms a correction that waits, which applies it, or refuses it."""
    await corrections.decide(context, actor, correction_id, confirm=decision.confirm, why=decision.why)


@router.get("/regions/{scheme}/{code}/figures")
async def region_figures(scheme: str, code: str, context: Ctx, actor: SignedIn) -> RegionFigures:
    """Who and what is in a region, counted now."""
    found = await records.figures(context, actor, code, scheme=scheme)
    shares = {
        name: None if counted is None else [Share(name=kind, number=number) for kind, number in counted]
        for name, counted in found.counted.items()
    }
    return RegionFigures(as_of=found.as_of, population=found.population, ages=found.ages, **shares)


def _record(record: records.Record) -> Record:
    region: Any = record.region
    return Record(
        id=str(record.id),
        region=RegionRef(code=region["code"], name=region["name"], tier=region["tier"]),
        title=record.title,
        place=record.place,
        lon=record.lon,
        lat=record.lat,
        fields=record.fields,
    )


def _after(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    key, _, record_id = cursor.partition("-")
    return _number(key), _number(record_id)


def _number(given: str) -> int:
    if not (given.isdecimal() and len(given) < 19):
        raise BadInput("cursor.malformed", where=Where(field="cursor"))
    return int(given)
