"""What sessions have cost, asked of the database in which gateways keep them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

CONNECT_S = 5
ANSWER_S = 60

GROUPS: dict[str, tuple[str, ...]] = {
    "user": ("tenant", "user_id"),
    "tenant": ("tenant",),
    "deployment": ("namespace", "deployment"),
    "day": ("day",),
}
"""What may be asked for, and the columns of `voice_costs_daily` that make it."""


class CostError(Exception):
    """Why there is no answer, and what to do; it never holds a password."""


class NotAnAddressError(CostError):
    """What was given is no address of a database."""


class UnreachableError(CostError):
    """Nobody answers there."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in UTC: those on which sessions ended."""

    since: date
    until: date
    """The first day that is not in it."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Of some sessions together. Costs are dollars by the price list."""

    sessions: int = 0
    seconds: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    cost_stt: Decimal = Decimal(0)
    cost_llm: Decimal = Decimal(0)
    cost_tts: Decimal = Decimal(0)
    audio_seconds: Decimal = Decimal(0)
    characters: Decimal = Decimal(0)
    input_tokens: Decimal = Decimal(0)
    output_tokens: Decimal = Decimal(0)
    prices_unknown: bool = False
    """Whether something has no known price: the costs are then too small."""

    def __add__(self, other: Amounts) -> Amounts:
        """Both together."""
        return Amounts(*(_both(getattr(self, one.name), getattr(other, one.name)) for one in fields(Amounts)))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report."""

    group: dict[str, Any]
    """Column and value, such as tenant and user_id."""
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Filters:
    """Only sessions of these; None: of all."""

    user_id: str | None = None
    tenant: str | None = None
    namespace: str | None = None
    deployment: str | None = None

    @property
    def chosen(self) -> dict[str, str]:
        """Column and value of those that are set."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Report:
    """What sessions of a period have cost, dearest first."""

    period: Period
    lines: tuple[Line, ...]
    total: Amounts = field(default_factory=Amounts)


def report(address: str, period: Period, *, by: str, filters: Filters) -> Report:
    """Ask, as the role of the address: row-level security decides what it sees. Raises CostError."""
    _check(address)
    try:
        connection = psycopg.connect(address, connect_timeout=CONNECT_S, application_name="parley-cost")
    except psycopg.OperationalError as error:
        raise UnreachableError(f"the database cannot be reached: {_first_line(error)}") from None
    query, values = _query(period, by, filters)
    with connection, connection.cursor(row_factory=dict_row) as cursor:
        try:
            cursor.execute(f"SET statement_timeout = '{ANSWER_S}s'; SET TRANSACTION READ ONLY")
            rows = cursor.execute(query, values).fetchall()
        except psycopg.Error as error:
            raise CostError(_about(error, connection.info.user)) from None
    lines = tuple(_line(row, GROUPS[by]) for row in rows)
    return Report(period, lines, sum((line.amounts for line in lines), Amounts()))


def _check(address: str) -> None:
    """Libpq's own complaint would quote it, and with it the password."""
    try:
        conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        raise NotAnAddressError(
            "this is no address of a database: give postgresql://user:password@host/database"
        ) from None


def _query(period: Period, by: str, filters: Filters) -> tuple[sql.Composed, dict[str, Any]]:
    columns = sql.SQL(", ").join(map(sql.Identifier, GROUPS[by]))
    sums = [
        sql.SQL("bool_or(prices_unknown) AS prices_unknown")
        if one.name == "prices_unknown"
        else sql.SQL("sum({0}) AS {0}").format(sql.Identifier(one.name))
        for one in fields(Amounts)
    ]
    chosen = filters.chosen
    conditions = [
        sql.SQL("day >= %(since)s AND day < %(until)s"),
        *(sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in chosen),
    ]
    order = sql.SQL("day" if by == "day" else "sum(cost) DESC")
    query = sql.SQL(
        "SELECT {columns}, {sums} FROM voice_costs_daily WHERE {conditions} "
        "GROUP BY {columns} ORDER BY {order}, {columns}"
    ).format(
        columns=columns, sums=sql.SQL(", ").join(sums), conditions=sql.SQL(" AND ").join(conditions), order=order
    )
    return query, {"since": period.since, "until": period.until, **chosen}


def _line(row: dict[str, Any], group: tuple[str, ...]) -> Line:
    amounts = {one.name: row[one.name] for one in fields(Amounts)}
    return Line({name: row[name] for name in group}, Amounts(**{**amounts, "sessions": int(row["sessions"])}))


def _both(one: Any, other: Any) -> Any:
    return one or other if isinstance(one, bool) else one + other


def _about(error: psycopg.Error, user: str) -> str:
    match error:
        case psycopg.errors.UndefinedTable():
            return "no gateway has kept sessions in this database yet: set spec.records, or name another database"
        case psycopg.errors.InsufficientPrivilege():
            return f'the role {user} may not read: GRANT SELECT ON voice_sessions, voice_costs_daily TO "{user}"'
        case psycopg.errors.QueryCanceled():
            return f"the database did not answer within {ANSWER_S} s: ask for a shorter period"
        case _:
            return f"the database refused: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
