"""`crontab`, read as Celery reads it, and written as the grid's schedules have it."""
from __future__ import annotations

import re
from typing import Any, FrozenSet, Iterable, List

from ..exceptions import ImproperlyConfigured, not_here
from .every import BaseSchedule

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RANGE = re.compile(r"(\w+)-(\w+)(?:/(\w+))?")
_STAR = re.compile(r"\*(?:/(\w+))?")


class ParseException(Exception):
    """What was given is no crontab."""


class crontab(BaseSchedule):
    """`crontab(minute="*/15", hour=[8, 12], day_of_week="mon-fri")`: instants at which all five fields fit, by the clocks of the application's time zone."""

    def __init__(
        self, minute: Any = "*", hour: Any = "*", day_of_week: Any = "*", day_of_month: Any = "*", month_of_year: Any = "*", nowfun: Any = None, app: Any = None,
    ) -> None:
        if nowfun is not None:
            raise not_here("crontab(nowfun=...)", "the time is the grid's")
        self._given = (minute, hour, day_of_week, day_of_month, month_of_year)
        self.minute = expanded(minute, 0, 59)
        self.hour = expanded(hour, 0, 23)
        self.day_of_week = expanded(day_of_week, 0, 6)
        self.day_of_month = expanded(day_of_month, 1, 31)
        self.month_of_year = expanded(month_of_year, 1, 12)

    def said(self, zone: str) -> Any:
        fields = ((self.minute, 0, 59), (self.hour, 0, 23), (self.day_of_month, 1, 31), (self.month_of_year, 1, 12), (self.day_of_week, 0, 6))
        return {"cron": " ".join(_field(*field) for field in fields), "zone": zone}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, crontab) and other.__dict__.items() >= {name: set_ for name, set_ in self.__dict__.items() if name != "_given"}.items()

    def __hash__(self) -> int:
        return hash((self.minute, self.hour, self.day_of_week, self.day_of_month, self.month_of_year))

    def __reduce__(self) -> Any:
        return crontab, self._given

    def __repr__(self) -> str:
        minute, hour, day_of_week, day_of_month, month_of_year = (_words(one) for one in self._given)
        return f"<crontab: {minute} {hour} {day_of_month} {month_of_year} {day_of_week} (m/h/dM/MY/d)>"


def expanded(given: Any, low: int, high: int) -> FrozenSet[int]:
    """The numbers that a field stands for."""
    if isinstance(given, str):
        found = {number for part in given.split(",") for number in _part(part.strip(), low, high)}
    elif isinstance(given, int) and not isinstance(given, bool):
        found = {given}
    elif isinstance(given, Iterable):
        found = {number for one in given for number in expanded(one, low, high)}
    else:
        raise TypeError(f"a field of a crontab is a number, a string or several; it is {type(given).__name__}")
    for number in found:
        if not low <= number <= high:
            raise ValueError(f"Invalid crontab pattern. Valid range is {low}-{high}. '{number}' was found.")
    if not found:
        raise ImproperlyConfigured("a field of a crontab that nothing fits would never be due")
    return frozenset(found)


def _part(part: str, low: int, high: int) -> List[int]:
    star = _STAR.fullmatch(part)
    if star is not None:
        return list(range(low, high + 1))[::_step(star[1])]
    match = _RANGE.fullmatch(part)
    if match is None:
        if not part:
            raise ParseException("empty part")
        return [_number(part, low, high)]
    first, last = _number(match[1], low, high), _number(match[2], low, high)
    # Beyond the end it goes on from the beginning: fri-mon, 22-2.
    numbers = list(range(first, last + 1)) if last >= first else [*range(first, high + 1), *range(low, last + 1)]
    return numbers[::_step(match[3])]


def _step(text: Any) -> int:
    if text is None:
        return 1
    if not str(text).isdigit() or int(text) < 1:
        raise ParseException(f"empty filter: a step of {text!r}")
    return int(text)


def _number(text: str, low: int, high: int) -> int:
    if text.isdigit():
        number = int(text)
    else:
        names = WEEKDAYS if (low, high) == (0, 6) else MONTHS if (low, high) == (1, 12) else ()
        if text[:3].lower() not in names:
            raise ValueError(f"Invalid weekday literal {text!r}." if names is WEEKDAYS else f"Invalid crontab pattern {text!r}.")
        number = names.index(text[:3].lower()) + (low if names is MONTHS else 0)
    if not low <= number <= high:
        raise ValueError(f"Invalid {'end' if number > high else 'beginning'} range: {number} {'>' if number > high else '<'} {high if number > high else low}.")
    return number


def _field(numbers: FrozenSet[int], low: int, high: int) -> str:
    ordered = sorted(numbers)
    if len(ordered) == high - low + 1:
        return "*"
    # As steps where it is some: what comes each so many hours goes on so where clocks are set back.
    for step in range(2, high - low + 1):
        if ordered == list(range(low, high + 1, step)) and len(ordered) > 2:
            return f"*/{step}"
    return ",".join(map(str, ordered))


def _words(given: Any) -> str:
    return re.sub(r"[{}\[\]()\s]", "", str(given)) if not isinstance(given, str) else given
