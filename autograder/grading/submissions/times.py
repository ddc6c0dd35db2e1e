"""When something was handed in: the time that stands in a ``timestamp.txt`` or in a folder's name, with its zone.

nbgrader's own reader takes ``+0200`` and ``+03``, which its exchange writes in São Paulo, Istanbul or Singapore, for that
many seconds, and ``PST`` for UTC: work in time would be late, and late work in time. It is told every time in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, partial
from zoneinfo import ZoneInfo, available_timezones

from dateutil.parser import parse

__all__ = ["in_utc", "parse_time", "time_of"]

_LONGEST = 100  # characters
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?\s*(\S.*)?")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
_DAYS = datetime(2000, 1, 1), datetime(2001, 2, 2)
_AMERICAS = {"EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8}  # RFC 822


def parse_time(text: str) -> datetime | None:
    """The time that nbgrader wrote, in UTC; ``None`` for what is none. An offset is one of hours and minutes.

    >>> parse_time("2026-03-01 12:00:00 +0200").isoformat(), parse_time("2026-03-01 12:00:00.5 UTC").isoformat()
    ('2026-03-01T10:00:00+00:00', '2026-03-01T12:00:00.500000+00:00')
    >>> parse_time("2026-03-01 12:00:00 -03").hour, parse_time("2026-03-01 12:00:00 PST").hour
    (15, 20)
    >>> parse_time("yesterday") is None
    True
    """
    found = _TIME.fullmatch(text.strip()[:_LONGEST])
    if found is None:
        return None
    try:
        when = datetime.fromisoformat(f"{found[1]} {found[2]}{(found[3] or '.0').ljust(7, '0')}")
        return when.replace(tzinfo=_zone((found[4] or "UTC").strip(), when)).astimezone(UTC)
    except (ValueError, OverflowError, OSError, LookupError):  # no such day, hour or zone
        return None


def time_of(text: str) -> tuple[datetime | None, str]:
    """The time that ``text`` says in whatever form, in UTC, and the zone in it that nobody can tell, "" where there is none.

    Where no zone is said, or one that cannot be told, it is UTC, as nbgrader has it.

    >>> when, _ = time_of("Mon, 01 Mar 2027 19:30:00 +0200"); str(when)
    '2027-03-01 17:30:00+00:00'
    >>> when, zone = time_of("2027-03-01 07:30 PM IST"); str(when), zone  # India, Israel, Ireland
    ('2027-03-01 19:30:00+00:00', 'IST')
    >>> time_of("2027"), time_of("yesterday")
    ((None, ''), (None, ''))
    """
    if (known := parse_time(text)) is not None:
        return known, ""
    named: list[str] = []
    try:
        when, again = (parse(text[:_LONGEST], default=day, tzinfos=partial(_told, named)) for day in _DAYS)
        if when != again:  # no whole day is said, and each time it is asked it would be another
            return None, ""
        if not named:
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC), ""
        try:
            return when.replace(tzinfo=_zone(named[0], when.replace(tzinfo=None))).astimezone(UTC), ""
        except (LookupError, ValueError):
            return when.replace(tzinfo=UTC), named[0]
    except Exception:  # what is no time has many ways to say so
        return None, ""


def in_utc(when: datetime) -> str:
    """``when`` as nbgrader writes it.

    >>> in_utc(datetime(2027, 3, 1, 17, 30, tzinfo=UTC))
    '2027-03-01 17:30:00.000000 UTC'
    """
    there = when.astimezone(UTC).replace(tzinfo=None)  # strftime writes the year 1 with one digit
    return f"{there.isoformat(' ', 'microseconds')} UTC"


def _zone(word: str, when: datetime) -> tzinfo:
    """The zone called ``word``, of which ``when`` is a time. Raises ``LookupError`` or ``ValueError`` where nobody can tell."""
    if (offset := _OFFSET.fullmatch(word)) is not None:
        away = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(away if offset[1] == "+" else -away)
    if word.upper() in ("UTC", "Z", "GMT"):
        return UTC
    if word in _AMERICAS:
        return timezone(timedelta(hours=_AMERICAS[word]))
    try:
        return ZoneInfo(word)
    except (LookupError, ValueError, OSError):
        (away,) = {
            zone.utcoffset(when) or timedelta() for zone in _zones() if zone.tzname(when) == word
        }  # CEST: everywhere the same
        return timezone(away)


@cache
def _zones() -> tuple[ZoneInfo, ...]:
    return tuple(map(ZoneInfo, sorted(available_timezones())))


def _told(named: list[str], name: str | None, offset: int | None) -> tzinfo:
    """What dateutil asks for a zone's ``name``, or for its ``offset`` in seconds; the name is looked up when the day is known."""
    if offset is not None and name is None:
        return timezone(timedelta(seconds=offset))
    named.append(name or "UTC")
    return UTC
