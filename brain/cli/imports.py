"""`citybrain import`: regions, incidents and registers from other systems' files."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from brain import boundaries, incident_files
from brain.actor import SYSTEM_ACTOR
from brain.alias_files import AliasFile, import_aliases
from brain.batches import Tally
from brain.cli.database import in_context
from brain.cli.output import console, language, progress_bars, say, show_fault
from brain.cli.registers import register
from brain.context import Context
from brain.coverage_reports import report_json, report_page
from brain.incident_files import MAPPABLE, IncidentFile
from brain.region_files import RegionSource, read_region_set
from brain.settings import Settings
from data.dictionaries import MAIN_SCHEME
from data.errors import BadInput, message
from data.rejects import rejects_beside
from layers.coverage import CoverageReport

app = typer.Typer(help="Take in regions, incidents and registers from files.", no_args_is_help=True)
app.command("register")(register)

PER_FILE = "One value for all files, or one for each, separated by commas."
SHOWN = 12


@app.command("regions")
def regions(
    files: Annotated[
        list[Path], typer.Argument(help="GeoJSON, GeoJSONSeq (.gz too), GeoPackage, Shapefile, FlatGeobuf.")
    ],
    code: Annotated[str, typer.Option(help=f"Field of the region's code. {PER_FILE}")],
    tier: Annotated[str | None, typer.Option(help=f"Tier of the file: district, community … {PER_FILE}")] = None,
    tier_field: Annotated[str | None, typer.Option(help="Field that names each feature's tier instead.")] = None,
    name: Annotated[str | None, typer.Option(help=f"Field of its name. {PER_FILE}")] = None,
    parent: Annotated[
        str | None, typer.Option(help=f"Field of its parent's code; where empty, found by shape. {PER_FILE}")
    ] = None,
    crs: Annotated[str | None, typer.Option(help="Where the file does not say: EPSG:4547, GCJ-02, BD-09 …")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a Shapefile's names, e.g. GBK.")] = None,
    scheme: Annotated[str, typer.Option(help="The scheme; a new one is made beside the main one.")] = MAIN_SCHEME,
    scheme_name: Annotated[
        str | None, typer.Option(help="What the console calls the scheme: 公安网格, or 公安网格/Police beats.")
    ] = None,
    note: Annotated[str, typer.Option(help="Why this edition is published.")] = "",
    commit: Annotated[bool, typer.Option("--commit", help="Publish; without it nothing is written.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Gaps, overlaps and protrusions stop the import.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write the report as JSON.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write the report as a map to open in a browser.")] = None,
) -> None:
    """Examines a set of regions and, with --commit, publishes it as the scheme's next edition."""
    sources = _sources(files, code, tier, tier_field, name, parent, crs, encoding)

    async def examine_and_publish(context: Context) -> None:
        depths = await boundaries.tier_depths(context, SYSTEM_ACTOR)
        with progress_bars() as step:
            step("read", 0, len(files))
            region_set = read_region_set(sources, depths, lambda done: step("read", done, len(files)))
            found = boundaries.examine(region_set, step)
        _show(found, len(region_set))
        if report is not None:
            report.write_text(json.dumps(report_json(found), ensure_ascii=False, indent=1), "utf-8")
        if page is not None:
            page.write_text(report_page(region_set, found, language()), "utf-8")
        if strict and any(fault.kind != "invalid_ring" for fault in found.faults):
            raise BadInput("import.strict")
        if not commit:
            with progress_bars() as step:
                changes = await boundaries.preview(context, SYSTEM_ACTOR, scheme, region_set, step)
            say("import.dry_run", scheme=scheme, **asdict(changes))
            return
        with progress_bars() as step:
            done = await boundaries.publish(
                context,
                SYSTEM_ACTOR,
                scheme,
                region_set,
                note=note or ", ".join(file.name for file in files),
                progress=step,
                names=_names(scheme_name),
            )
        say("import.published", scheme=done.scheme, seq=done.seq, **asdict(done.changes))

    in_context(examine_and_publish)


def _names(given: str | None) -> tuple[str, str] | None:
    """Chinese and English of `中文/English`; the same in both languages where only one is given."""
    if given is None:
        return None
    chinese, _, english = (part.strip() for part in given.partition("/"))
    return chinese, english or chinese


@app.command("aliases")
def aliases(
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8 or GBK, .gz too.")],
    alias: Annotated[str, typer.Option(help="Column of the other name or code.")],
    code: Annotated[str, typer.Option(help="Column of the region's code; an alias may have several.")],
    note: Annotated[str | None, typer.Option(help="Column that says what it is.")] = None,
    scheme: Annotated[str, typer.Option(help="Which scheme.")] = MAIN_SCHEME,
    encoding: Annotated[str | None, typer.Option(help="Found out where not given.")] = None,
) -> None:
    """Takes in other names of regions: a development zone, another authority's codes. All rows or none."""
    spec = AliasFile(file, alias, code, note, encoding)
    count = in_context(lambda context: import_aliases(context, SYSTEM_ACTOR, scheme, spec))
    say("import.aliases_done", count=count)


@app.command("incidents")
def incidents(
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8 or GBK, .gz too.")],
    lon: Annotated[str, typer.Option(help="Column of longitudes or eastings.")],
    lat: Annotated[str, typer.Option(help="Column of latitudes or northings.")],
    crs: Annotated[str, typer.Option(help="EPSG:4326, EPSG:4547, GCJ-02, BD-09 …")],
    source: Annotated[
        str | None, typer.Option(help="Name of the reporting system; the file's name by default.")
    ] = None,
    id_field: Annotated[
        str | None, typer.Option("--id", help="Column of its own ids; the row's content by default.")
    ] = None,
    category: Annotated[str | None, typer.Option(help="One category for every row.")] = None,
    taxonomy: Annotated[
        str, typer.Option(help="The dictionary of the categories; `source`: the file's own labels.")
    ] = "source",
    field_map: Annotated[
        list[str] | None, typer.Option("--map", help=f"FIELD=COLUMN, or FIELD=A+B. Fields: {', '.join(MAPPABLE)}")
    ] = None,
    keep: Annotated[list[str] | None, typer.Option(help="Column to keep beside the incident as it came.")] = None,
    time_format: Annotated[str | None, typer.Option(help="Such as %m/%d/%Y; ISO 8601 by default.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Of times without one; the city's by default.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Found out where not given.")] = None,
    axes_confirmed: Annotated[
        bool, typer.Option("--axes-confirmed", help="The axes are right though they look swapped.")
    ] = False,
    rejects: Annotated[Path | None, typer.Option(help="Where rows that cannot be taken go.")] = None,
) -> None:
    """Takes incidents in. Run again after an interruption, it goes on; rows known already are left alone."""
    spec = IncidentFile(
        path=file,
        source=source or file.name.split(".")[0],
        lon=lon,
        lat=lat,
        crs=crs,
        taxonomy=taxonomy,
        id_field=id_field,
        category=category,
        mapping=_mapping(field_map or []),
        keep=tuple(keep or ()),
        time_format=time_format,
        time_zone=time_zone or Settings().time_zone,
        encoding=encoding,
        axes_confirmed=axes_confirmed,
    )
    kept = rejects or rejects_beside(file)

    async def take_in(context: Context) -> Tally:
        checked = await _with_right_axes(context, spec)
        with progress_bars() as step:
            return await incident_files.import_incidents(
                context, SYSTEM_ACTOR, checked, kept, language(), lambda rows: step("report", rows, 0)
            )

    tally = in_context(take_in)
    say(
        "import.incidents_done",
        accepted=tally.accepted,
        known=tally.known,
        unassigned=tally.unassigned,
        far=tally.far,
        rejected=tally.rejected,
    )
    if tally.rejected:
        for fault in tally.faults[:SHOWN]:
            show_fault(fault)
        say("import.rejects", file=kept)
        if not (tally.accepted or tally.known):
            raise SystemExit(1)


async def _with_right_axes(context: Context, spec: IncidentFile) -> IncidentFile:
    """The same file, or the one meant: asks where the axes look swapped. Raises BadInput where nobody can answer."""
    if spec.axes_confirmed or not await incident_files.look_swapped(context, SYSTEM_ACTOR, spec):
        return spec
    if not sys.stdin.isatty():
        raise BadInput("import.axes_swapped", lon=spec.lon, lat=spec.lat)
    if typer.confirm(message("import.ask_exchange", language()).format(lon=spec.lon, lat=spec.lat)):
        return spec.with_axes_exchanged()
    return spec.with_axes_confirmed()


def _sources(
    files: list[Path],
    code: str,
    tier: str | None,
    tier_field: str | None,
    name: str | None,
    parent: str | None,
    crs: str | None,
    encoding: str | None,
) -> list[RegionSource]:
    if (tier is None) == (tier_field is None):
        raise BadInput("import.tier_or_field")
    per_file = {
        option: _per_file(option, value, len(files))
        for option, value in (
            ("code", code),
            ("tier", tier),
            ("tier-field", tier_field),
            ("name", name),
            ("parent", parent),
            ("crs", crs),
            ("encoding", encoding),
        )
    }
    return [
        RegionSource(
            path=file,
            code=per_file["code"][place] or "",
            tier=per_file["tier"][place],
            tier_field=per_file["tier-field"][place],
            name=per_file["name"][place],
            parent=per_file["parent"][place],
            crs=per_file["crs"][place],
            encoding=per_file["encoding"][place],
        )
        for place, file in enumerate(files)
    ]


def _per_file(option: str, value: str | None, count: int) -> list[str | None]:
    if value is None:
        return [None] * count
    parts = [part.strip() or None for part in value.split(",")]
    if len(parts) == 1:
        return parts * count
    if len(parts) != count:
        raise BadInput("import.per_file", option=option, given=len(parts), files=count)
    return parts


def _mapping(given: list[str]) -> dict[str, str]:
    mapping = {}
    for one in given:
        target, equals, column = one.partition("=")
        if not (target and equals and column):
            raise BadInput("import.map_malformed", given=one)
        mapping[target] = column
    return mapping


def _show(found: CoverageReport, count: int) -> None:
    """A table of the faults by tier and kind, and the largest of them one by one."""
    say("import.examined", count=count, faults=len(found.faults))
    if not found.faults:
        return
    summary = Table(
        *(
            message(f"snapshot.{column}", language())
            for column in ("column.tier", "column.kind", "count", "column.area")
        )
    )
    for tier, kind in dict.fromkeys((fault.tier, fault.kind) for fault in found.faults):
        here = [fault for fault in found.faults if (fault.tier, fault.kind) == (tier, kind)]
        area = sum(fault.area_m2 for fault in here)
        summary.add_row(tier, message(f"snapshot.{kind}", language()), str(len(here)), f"{area:,.2f}")
    console.print(summary)
    for fault in sorted(found.faults, key=lambda fault: -fault.area_m2)[:SHOWN]:
        name = message(f"snapshot.{fault.kind}", language())
        codes = " ".join(fault.codes[:4])
        console.print(f"  {name} {fault.tier} {codes}  {fault.area_m2:,.2f} m²  ({fault.lon:.6f}, {fault.lat:.6f})")
