"""Account files: people and their roles from a CSV file. All rows or none; a dry run is the same, undone at its end."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from brain import audit
from brain.account_rules import RIGHT, Gift, Standing, checked, give, must_keep, standings, with_every_right
from brain.accounts import Card, write_new
from brain.actor import Actor
from brain.context import Context
from brain.invitations import invite_on
from data.csv_files import CsvFile, CsvRow
from data.engine import scoped_transaction
from data.errors import BadInput, CityError, Conflict, Forbidden, Where
from data.queries import query

COLUMNS = ("login", "name", "staff_number", "organisation", "phone", "role", "region", "from", "to")
MOST_ROWS = 5_000
MOST_CHARACTERS = 200

_CHANGE = query("keeping", "change")
_FIELD = {"valid_from": "from", "valid_to": "to"}


@dataclass(frozen=True, slots=True)
class Link:
    """Whom an invitation's token is for; it is told this once."""

    login: str
    name: str
    token: str


@dataclass(slots=True)
class Taken:
    """What a file brings, or would: accounts added and changed, roles given, faults by line, invitations."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    roles: int = 0
    faults: list[CityError] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


class _Undone(Exception):
    """Rolls a transaction back that was for looking only."""


async def import_accounts(context: Context, by: Actor, path: Path, *, commit: bool, name: str | None = None) -> Taken:
    """Takes a file in if `commit` says so and no row has a fault; else nothing is written.

    A row with a staff number that is known changes that account; several rows of one log-in name give it several roles.
    Raises Forbidden, and BadInput for a file that cannot be read at all.
    """
    by.must_be_able_to(RIGHT)
    rows = _rows(path)
    if len(rows) > MOST_ROWS:
        raise BadInput("account.too_many_rows", most=MOST_ROWS)
    good = [row.values for row in rows if row.fault is None]
    numbers = [values["staff_number"].strip() for values in good if values["staff_number"].strip()]
    known = await standings(context, staff_numbers=numbers, logins=[values["login"].strip() for values in good])
    taken, new = Taken(rows=len(rows)), list[Standing]()
    try:
        async with scoped_transaction(context.engine, by.scope) as connection:
            people = _People(context, by, connection, known)
            for row in rows:
                try:
                    await people.take(row)
                except CityError as fault:
                    column = fault.where.field and _FIELD.get(fault.where.field, fault.where.field)
                    where = Where(line=row.line, field=column)
                    taken.faults.append(type(fault)(fault.key, where=where, **fault.values))
            new, taken.changed, taken.roles = people.new, len(people.changed), people.given
            taken.added = len(new)
            if taken.faults or not commit:
                raise _Undone
            details = {"file": name or path.name, "rows": taken.rows, "added": taken.added, "changed": taken.changed}
            await audit.record(connection, "import_accounts", details=details)
    except _Undone:
        return taken
    async with scoped_transaction(context.engine, with_every_right(by)) as connection:
        taken.links = [Link(one.login, one.name, await invite_on(connection, context, one.id)) for one in new]
    return taken


def _rows(path: Path) -> list[CsvRow]:
    """All rows. What is wrong with the file as a whole is said without its path, which may be a passing copy's."""
    try:
        file = CsvFile(path)
        file.must_have(*COLUMNS)
        return [_measured(row) for row in file.rows()]
    except BadInput as fault:
        raise BadInput(fault.key, where=Where(line=fault.where.line), **fault.values) from None


def _measured(row: CsvRow) -> CsvRow:
    """The same row, with a fault where the database could not hold it."""
    if row.fault is None:
        for column, value in row.values.items():
            if "\0" in value or len(value) > MOST_CHARACTERS:
                return row._replace(
                    fault=BadInput("account.unwritable", where=Where(field=column), most=MOST_CHARACTERS)
                )
    return row


class _People:
    """Those whom a file's rows speak of, as they become row by row."""

    def __init__(self, context: Context, by: Actor, connection: AsyncConnection, known: list[Standing]) -> None:
        self.zone = ZoneInfo(context.settings.time_zone)
        self.by, self.connection = by, connection
        self.by_login = {one.login: one for one in known}
        self.by_number = {one.staff_number: one for one in known if one.staff_number}
        self.new: list[Standing] = []
        self.seen: set[str] = set()
        self.changed: set[str] = set()
        self.given = 0

    async def take(self, row: CsvRow) -> None:
        """One row: the person, then the role. Raises a CityError that names the field."""
        if row.fault is not None:
            raise row.fault
        values = {column: row.values[column].strip() for column in COLUMNS}
        for needed in ("login", "name", "role"):
            if not values[needed]:
                raise BadInput("field.missing", where=Where(field=needed))
        card = Card(values["login"], values["name"], *(values[each] or None for each in COLUMNS[2:5]))
        account = await self._person(card)
        gift = Gift(
            values["role"], values["region"], valid_from=self._day(values, "from"), valid_to=self._day(values, "to")
        )
        _, held = await checked(self.connection, self.by, account, gift)
        if held in account.roles:
            return
        self._remember(await give(self.connection, self.by, account, [gift]))
        self.given += 1

    async def _person(self, card: Card) -> Standing:
        known = self.by_number.get(card.staff_number) if card.staff_number else None
        if card.login in self.seen:
            return self.by_login[card.login]
        if known is None and card.login in self.by_login:
            raise Conflict("account.login_taken", where=Where(field="login"), login=card.login)
        if known is None:
            account = await write_new(self.connection, card)
            self.new.append(account)
        else:
            must_keep(self.by, known)
            if (await self.connection.execute(_CHANGE, {**asdict(card), "id": known.id})).first() is None:
                raise Forbidden("account.not_wholly_yours", where=Where(field="staff_number"))
            if known.login != card.login:
                raise Conflict("account.other_login", where=Where(field="login"), login=known.login)
            self.changed.add(card.login)
            account = replace(known, name=card.name)
        self.seen.add(card.login)
        self._remember(account)
        return account

    def _remember(self, account: Standing) -> None:
        self.by_login[account.login] = account
        if account.staff_number:
            self.by_number[account.staff_number] = account

    def _day(self, values: dict[str, str], column: str) -> datetime | None:
        """When a day begins; of the last one, when it is over."""
        if not values[column]:
            return None
        try:
            day = date.fromisoformat(values[column]) + timedelta(days=column == "to")
        except (ValueError, OverflowError):
            raise BadInput("account.no_day", where=Where(field=column), given=values[column]) from None
        return datetime.combine(day, time(), self.zone)
