"""`parley cost`: what sessions have cost in a period, by user, tenant, deployment or day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from parley_cli.exits import FAILED, UNREACHABLE, fail
from parley_cli.output import TEXT, takes_output, write

if TYPE_CHECKING:
    from parley_cli.cost import Amounts, Report

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_BY = ("user", "tenant", "deployment", "day")
_NUMBERS = ("sessions", "minutes", "stt", "llm", "tts", "total")


def _day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date | None:
    """A date, or a number of days back."""
    if value is None:
        return None
    try:
        if value.endswith("d") and value[:-1].isdecimal():
            return _today() - timedelta(days=int(value[:-1]))
        return date.fromisoformat(value)
    except (ValueError, OverflowError):
        raise click.BadParameter("give a date such as 2026-11-01, or days back such as 7d") from None


@click.command("cost")
@click.option("--since", metavar="DAY", callback=_day, help="First day (UTC), or days back, such as 7d.")
@click.option("--until", metavar="DAY", callback=_day, help="Last day (UTC), itself included. Default: today.")
@click.option("--by", type=click.Choice(_BY), default="user", show_default=True, help="One line for each.")
@click.option("--user", help="Only this user.")
@click.option("--tenant", help="Only this tenant.")
@click.option("-n", "--namespace", help="Only deployments of this namespace.")
@click.option("--deployment", help="Only this deployment.")
@click.option(
    "--database-url-file",
    "url_file",
    type=_FILE,
    help="File that holds it, as postgresql://user:password@host/database.",
)
@click.option(
    "--database-url",
    "url",
    envvar="PARLEY_DATABASE_URL",
    help="Address of the database. Others on this machine see it here: the file and $PARLEY_DATABASE_URL hide it.",
)
@takes_output
def command(
    since: date | None,
    until: date | None,
    by: str,
    user: str | None,
    tenant: str | None,
    namespace: str | None,
    deployment: str | None,
    url_file: Path | None,
    url: str | None,
    output: str,
) -> None:
    """Show what sessions have cost: this month, unless said otherwise.

    It asks the database of spec.records, and shows what the role in its address may see. A session counts on the
    day on which it ended. Ends with 1 where the database refused, 3 where it was not reached.
    """
    address = url_file.read_text(encoding="utf-8").strip() if url_file else url
    if not address:
        raise click.UsageError("say where the database is: --database-url-file, or PARLEY_DATABASE_URL")
    first, last = since or _today().replace(day=1), until or _today()
    if last < first:
        raise click.UsageError(f"--until {last} is before --since {first}")
    found = _asked(
        address, first, last, by=by, user_id=user, tenant=tenant, namespace=namespace, deployment=deployment
    )
    if output != TEXT:
        write(_content(found), output)
    else:
        click.echo(_text(found))


def _asked(address: str, first: date, last: date, *, by: str, **only: str | None) -> Report:
    try:
        from parley_cli import cost
    except ImportError:
        raise click.UsageError("pip install 'parley-voice[postgres]' first") from None
    try:
        period = cost.Period(first, last + timedelta(days=1))
        return cost.report(address, period, by=by, filters=cost.Filters(**only))
    except cost.NotAnAddressError as error:
        raise click.UsageError(str(error)) from None
    except cost.UnreachableError as error:
        fail(str(error), UNREACHABLE)
    except cost.CostError as error:
        fail(str(error), FAILED)


def _content(report: Report) -> dict[str, Any]:
    """Money and amounts are strings, so that nothing is rounded on the way."""
    return {
        "since": report.period.since.isoformat(),
        "until": report.period.until.isoformat(),
        "currency": "USD",
        "lines": [{**_group(line.group), **_amounts(line.amounts)} for line in report.lines],
        "total": _amounts(report.total),
    }


def _group(group: dict[str, Any]) -> dict[str, str | None]:
    names = {"user_id": "user"}
    return {names.get(name, name): None if value is None else str(value) for name, value in group.items()}


def _amounts(amounts: Amounts) -> dict[str, Any]:
    return {
        "sessions": amounts.sessions,
        "seconds": f"{amounts.seconds:f}",
        "cost": f"{amounts.cost:f}",
        "costs": {
            "stt": f"{amounts.cost_stt:f}",
            "llm": f"{amounts.cost_llm:f}",
            "tts": f"{amounts.cost_tts:f}",
        },
        "audioSeconds": f"{amounts.audio_seconds:f}",
        "characters": f"{amounts.characters:f}",
        "inputTokens": f"{amounts.input_tokens:f}",
        "outputTokens": f"{amounts.output_tokens:f}",
        "pricesUnknown": amounts.prices_unknown,
    }


def _text(report: Report) -> str:
    """A table; columns of numbers stand to the right."""
    last = report.period.until - timedelta(days=1)
    title = f"{report.period.since} to {last} (UTC), in US dollars"
    if not report.lines:
        return f"{title}\nno sessions have ended in these days, or none that this role may see"
    names = list(_group(report.lines[0].group))
    rows = [
        [*names, *_NUMBERS],
        *([*_shown(line.group), *_numbers(line.amounts)] for line in report.lines),
    ]
    if len(report.lines) > 1:
        rows.append(["all", *[""] * (len(names) - 1), *_numbers(report.total)])
    table = _table(rows, left=len(names))
    note = "\nsome usage has no known price and is not in these sums: set limits.cost.prices"
    return f"{title}\n{table}{note if report.total.prices_unknown else ''}"


def _shown(group: dict[str, Any]) -> list[str]:
    return [value or "-" for value in _group(group).values()]


def _numbers(amounts: Amounts) -> list[str]:
    dollars = (amounts.cost_stt, amounts.cost_llm, amounts.cost_tts, amounts.cost)
    return [str(amounts.sessions), f"{amounts.seconds / 60:.1f}", *(f"{value:.4f}" for value in dollars)]


def _table(rows: Sequence[Sequence[str]], *, left: int) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
    return "\n".join(lines)


def _today() -> date:
    return datetime.now(UTC).date()
