"""A register's file: what its columns mean, and its rows read field by field, each with all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from brain.register_values import told_by_identity, value_of
from data.dictionaries.registers import Register, RegisterField, registers, tidy
from data.errors import BadInput, CityError, NotFound, Where
from data.sheets import Sheet, SheetRow, read_sheet
from layers.crs import Crs, parse_crs

CRS, PLACE = "crs", "place"
"""What a file may lack beside fields: the name of its coordinate system, and any way to say where its rows lie."""

MOST_KEY = 64

Mapping_ = Mapping[str, str]
"""Field → heading."""


@dataclass(slots=True)
class Entry:
    """One row of a register on its way in: its values by field, then where it lies and what it belongs to.

    `columns` are those of its record that follow from its place.
    """

    line: int
    cells: Sequence[str]
    values: dict[str, Any] = field(default_factory=dict)
    shape: Any = None
    faults: list[CityError] = field(default_factory=list)
    lon: float | None = None
    lat: float | None = None
    region_key: int | None = None
    columns: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The town's own number."""
        return str(self.values["key"])


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """A file, which register it is, and what is said of it: what its columns mean, its coordinate system."""

    path: Path
    register: str
    mapping: Mapping_ | None = None
    """All that is mapped; None: what the headings say by themselves."""

    headings: Mapping[str, str] = field(default_factory=dict)
    """Heading → field, over what the headings say by themselves."""

    crs: str | None = None
    encoding: str | None = None

    @property
    def known(self) -> Register:
        """The register. Raises NotFound."""
        try:
            return registers()[self.register]
        except KeyError:
            raise NotFound("register.unknown", given=self.register, registers=", ".join(registers())) from None

    def with_headings(self, headings: Mapping[str, str]) -> RegisterFile:
        """The same file with some headings said to be fields, whatever they say by themselves."""
        return replace(self, headings=headings)

    def opened(self) -> OpenRegister:
        """The file opened and its columns mapped, by their headings where nobody says. Raises BadInput, TooLarge."""
        known = self.known
        try:
            sheet = read_sheet(self.path, encoding=self.encoding)
        except CityError as fault:
            raise self._named(fault) from fault
        mapping = proposed(known, sheet.headings) if self.mapping is None else dict(self.mapping)
        mapping = {name: heading for name, heading in mapping.items() if heading not in self.headings}
        mapping |= {name: heading for heading, name in self.headings.items()}
        for name, heading in mapping.items():
            if name not in known.fields:
                raise BadInput("register.no_such_field", given=name, fields=", ".join(known.fields))
            if heading not in sheet.headings:
                raise BadInput(
                    "file.no_field", where=Where(self.path.name), field=heading, fields=", ".join(sheet.headings)
                )
        crs = parse_crs(self.crs or sheet.crs or "") if self.crs or sheet.crs else None
        return OpenRegister(self, known, sheet, mapping, crs)

    def _named(self, fault: CityError) -> CityError:
        """The same fault, with the file's name in place of where it lies on this machine."""
        where = Where(self.path.name, fault.where.line, fault.where.field, fault.where.feature)
        values = {
            name: value.replace(str(self.path), self.path.name) if isinstance(value, str) else value
            for name, value in fault.values.items()
        }
        return type(fault)(fault.key, where=where, causes=fault.causes, **values)


@dataclass(frozen=True, slots=True)
class OpenRegister:
    """The file open: its rows are read once."""

    file: RegisterFile
    register: Register
    sheet: Sheet
    mapping: dict[str, str]
    crs: Crs | None
    lines_by_key: dict[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """What must be said before anything can be taken in: required fields, a place, a coordinate system."""
        given = set(self.mapping)
        lacking = [name for name, one in self.register.fields.items() if one.is_required and name not in given]
        has_points = {"x", "y"} <= given or (self.sheet.has_shapes and "x" in self.register.fields)
        ways = {"building", "address", "household", "region"} & given
        if self.register.register in ("building", "compound"):
            ways = set()
        if not (has_points or ways):
            lacking.append(PLACE)
        if has_points and self.crs is None:
            lacking.append(CRS)
        return lacking

    def entries(self, count: int) -> list[Entry]:
        """The next rows; none at the end."""
        try:
            return [self._entry(row) for row in islice(self._rows(), count)]
        except CityError as fault:
            raise self.file._named(fault) from fault

    def _rows(self) -> Iterator[SheetRow]:
        return (row for row in self.sheet.rows if row.fault is not None or row.shape is not None or any(row.cells))

    def _entry(self, row: SheetRow) -> Entry:
        entry = Entry(row.line, row.cells, shape=row.shape)
        if row.fault is not None:
            entry.faults.append(row.fault)
            return entry
        cells = dict(zip(self.sheet.headings, row.cells, strict=True))
        for name, heading in self.mapping.items():
            where = Where(self.file.path.name, row.line, heading)
            try:
                entry.values[name] = _value(self.register.fields[name], cells[heading].strip())
            except CityError as fault:
                entry.faults.append(fault.at(where))
        self._must_be_the_first(entry)
        if self.register.register == "person" and not entry.faults:
            self._complete_person(entry)
        return entry

    def _must_be_the_first(self, entry: Entry) -> None:
        key = entry.values.get("key")
        if key is None:
            return
        before = self.lines_by_key.setdefault(key, entry.line)
        if before != entry.line:
            where = Where(self.file.path.name, entry.line, self.mapping["key"])
            entry.faults.append(BadInput("register.repeated_key", where=where, line=before))

    def _complete_person(self, entry: Entry) -> None:
        """What the file does not say of a person the identity number does."""
        told = told_by_identity(entry.values["identity"])
        for name, value in zip(("sex", "born_on"), told or (None, None), strict=True):
            if entry.values.get(name) is None:
                entry.values[name] = value
            if entry.values[name] is None:
                where = Where(self.file.path.name, entry.line, self.mapping.get(name, name))
                entry.faults.append(BadInput("register.empty", where=where))


def proposed(register: Register, headings: Sequence[str]) -> dict[str, str]:
    """Field → heading, where a heading is one of a field's names; the field's own names come before the others."""
    free = {tidy(heading): heading for heading in reversed(headings)}
    mapping: dict[str, str] = {}
    for names in (slice(0, 2), slice(2, None)):
        for name, one in register.fields.items():
            found = next((alias for alias in one.aliases[names] if alias in free), None)
            if name not in mapping and found is not None:
                mapping[name] = free.pop(found)
    return mapping


def _value(known: RegisterField, text: str) -> Any:
    if not text:
        if known.is_required:
            raise BadInput("register.empty")
        return None
    if known.type == "key" and len(text) > MOST_KEY:
        raise BadInput("register.too_long", most=MOST_KEY)
    return value_of(known.type, text)
