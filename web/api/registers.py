"""A town's own registers: what there are, what a file would change, taking it in."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from brain import registers
from brain.actor import Actor
from brain.context import Context
from brain.errors import BadInput, Language, Where
from brain.registers import RegisterFile
from web.deps import CallerLanguage, Ctx, SignedIn
from web.errors import fault_part
from web.schemas.base import Names
from web.schemas.registers import Brought, FieldChanges, Register, RegisterField

MOST_NAME = 100

router = APIRouter(tags=["registers"])

Upload = Annotated[UploadFile, File(description="CSV, XLSX, XLS, ODS, GeoJSON, GeoPackage, Shapefile (zip).")]
MappingText = Annotated[str | None, Form(description="JSON of field → heading; what the headings say by default.")]
CrsName = Annotated[str | None, Form(description="Of its coordinates: EPSG:4490, GCJ-02, BD-09 …")]
Retire = Annotated[bool, Form(description="Retire the records that the file has no more.")]


def paths() -> list[str]:
    """The paths that take a file."""
    return [f"/registers/{known}/{deed}" for known in registers.REGISTERS for deed in ("examine", "import")]


@router.get("/registers")
async def list_registers(actor: SignedIn) -> list[Register]:
    """Every register that may be brought."""
    return [
        Register(
            kind=known.register,
            name=Names(zh=known.name_zh, en=known.name_en),
            fields=[
                RegisterField(
                    field=one.field,
                    name=Names(zh=one.name_zh, en=one.name_en),
                    required=one.is_required,
                    kind=one.kind,
                )
                for one in known.fields.values()
            ],
        )
        for known in registers.known_registers(actor)
    ]


@router.post("/registers/{kind}/examine")
async def examine_register(
    kind: str,
    file: Upload,
    context: Ctx,
    actor: SignedIn,
    language: CallerLanguage,
    mapping: MappingText = None,
    crs: CrsName = None,
) -> Brought:
    """Says what a file would change, and what its columns are taken to mean; nothing is written."""
    return await _bring(context, actor, kind, file, mapping, crs, language, commit=False, retire=False)


@router.post("/registers/{kind}/import")
async def import_register(
    kind: str,
    file: Upload,
    context: Ctx,
    actor: SignedIn,
    language: CallerLanguage,
    mapping: MappingText = None,
    crs: CrsName = None,
    retire: Retire = False,
) -> Brought:
    """Takes a file in: all of its good rows, in one transaction."""
    return await _bring(context, actor, kind, file, mapping, crs, language, commit=True, retire=retire)


async def _bring(
    context: Context,
    actor: Actor,
    kind: str,
    file: UploadFile,
    mapping: str | None,
    crs: str | None,
    language: Language,
    *,
    commit: bool,
    retire: bool,
) -> Brought:
    with tempfile.TemporaryDirectory(prefix="citybrain-") as directory:
        path, rejects = Path(directory) / "given" / _name(file), Path(directory) / "rejects.csv"
        await asyncio.to_thread(_save, file, path)
        outcome = await registers.bring(
            context,
            actor,
            RegisterFile(path, kind, mapping=_mapping(mapping), crs=crs or None),
            commit=commit,
            retire_vanished=retire,
            rejects=rejects,
            language=language,
        )
        refused = await asyncio.to_thread(rejects.read_text, "utf-8-sig") if outcome.rejected else None
    return Brought(
        headings=outcome.plan.headings,
        mapping=outcome.plan.mapping,
        missing=outcome.plan.missing,
        committed=outcome.committed,
        rows=outcome.rows,
        new=outcome.new,
        changed=outcome.changed,
        unchanged=outcome.unchanged,
        vanished=outcome.vanished,
        retired=outcome.retired,
        rejected=outcome.rejected,
        fields=[FieldChanges(field=name, count=count) for name, count in outcome.fields.most_common()],
        faults=[fault_part(fault, language) for fault in outcome.faults],
        rejects=refused,
    )


def _name(file: UploadFile) -> str:
    """The file's name without any folder; its end says the format."""
    name = PurePosixPath((file.filename or "").replace("\\", "/")).name[-MOST_NAME:]
    return name if name.strip(". ") else "file"


def _save(file: UploadFile, path: Path) -> None:
    path.parent.mkdir()
    with path.open("wb") as kept:
        shutil.copyfileobj(file.file, kept)


def _mapping(text: str | None) -> dict[str, str] | None:
    """The mapping that was said. Raises BadInput."""
    if text is None:
        return None
    try:
        mapping = json.loads(text)
    except ValueError:
        mapping = None
    if not isinstance(mapping, dict) or not all(isinstance(heading, str) for heading in mapping.values()):
        raise BadInput("register.mapping_malformed", where=Where(field="mapping"))
    return mapping
