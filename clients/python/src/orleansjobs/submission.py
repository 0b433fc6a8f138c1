"""What a submit says."""
from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import instants
from .instants import Span

When = Union[int, float, timedelta, datetime, str]


def submission(
    type: str, args: Any = None, *, id: Optional[str] = None, queue: Optional[str] = None, priority: Optional[int] = None, countdown: Optional[Span] = None,
    eta: Union[datetime, str, None] = None, expires: Optional[When] = None, attempts: Optional[int] = None, timeout: Optional[Span] = None,
    retention: Optional[Span] = None, tags: Optional[Mapping[str, str]] = None, after: Sequence[Union[str, Mapping[str, str]]] = (),
    on_unmet: Optional[str] = None,
) -> Dict[str, Any]:
    """The body of a submit. Without an id it is given one: it is what makes a repeat safe.

    `after`: ids of jobs that must succeed first, or `{"job": id, "on": "end"}` or `"failure"`; `on_unmet`: `fail` (default) or `cancel` where they cannot any more.
    """
    body: Dict[str, Any] = {
        "type": type, "args": args, "id": id or str(uuid.uuid4()), "queue": queue, "priority": priority,
        "countdown": None if countdown is None else instants.seconds(countdown), "eta": None if eta is None else instants.instant(eta),
        "expires": None if expires is None else _expiry(expires), "attempts": attempts,
        "timeout": None if timeout is None else instants.seconds(timeout), "retention": None if retention is None else instants.seconds(retention),
        "tags": dict(tags) if tags else None, "after": list(after) or None, "onUnmet": on_unmet,
    }
    return {name: value for name, value in body.items() if value is not None}


def _expiry(value: When) -> Union[float, str]:
    return instants.instant(value) if isinstance(value, (datetime, str)) else instants.seconds(value)


def with_id(item: Mapping[str, Any]) -> Dict[str, Any]:
    """A submit that may have come without an id, with one."""
    return dict(item) if "id" in item else {**item, "id": str(uuid.uuid4())}


def list_filters(
    state: Optional[str], type: Optional[str], queue: Optional[str], tags: Optional[Mapping[str, str]], submitted_after: Union[datetime, str, None],
    page_size: Optional[int],
) -> List[Tuple[str, str]]:
    """Which jobs a list is to have, as the gateway is asked for it."""
    named = [
        ("state", state), ("type", type), ("queue", queue), ("submittedAfter", None if submitted_after is None else instants.instant(submitted_after)),
        ("limit", None if page_size is None else str(page_size)),
    ]
    return [(name, value) for name, value in named if value is not None] + [(f"tag.{name}", value) for name, value in (tags or {}).items()]
