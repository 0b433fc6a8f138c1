"""Instants and spans as the gateway writes and reads them."""
from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Optional, Union

Span = Union[int, float, timedelta]

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$")


def seconds(span: Span) -> float:
    """A number of seconds, however it was said."""
    return span.total_seconds() if isinstance(span, timedelta) else span


def instant(value: Union[datetime, str]) -> str:
    """RFC 3339. A time without a zone is refused: nobody could say when that is."""
    if isinstance(value, str):
        return value
    if value.utcoffset() is None:
        raise ValueError("a datetime needs a time zone, such as datetime.now(timezone.utc)")
    return value.isoformat()


def parse(text: Optional[str]) -> Optional[datetime]:
    """What `datetime.fromisoformat` takes only since Python 3.11: "Z", and more digits than microseconds have."""
    if not text:
        return None
    match = _INSTANT.match(text)
    if match is None:
        raise ValueError(f"not an instant: {text!r}")
    base, fraction, zone = match.groups()
    parsed = datetime.fromisoformat(base + ("+00:00" if zone == "Z" else zone)).astimezone(timezone.utc)
    return parsed.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0")))
