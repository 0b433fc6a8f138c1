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
    on_unmet: Optional[str] = None, deadline: Optional[When] = None, notify: Sequence[Union[str, Mapping[str, Any]]] = (),
    key: Optional[str] = None, weight: Optional[int] = None, unique: Union[bool, Mapping[str, Any], None] = None,
) -> Dict[str, Any]:
    """The body of a submit. Without an id it is given one, which makes a repeat safe, unless it has a key or is unique: ids of those are the grid's to make.

    `expires`: not started so long after it was handed in, or by then, it fails; `deadline`: not ended, however often it has run.
    `after`: ids of jobs that must succeed first, or `{"job": id, "on": "end"}` or `"failure"`; `on_unmet`: `fail` (default) or `cancel` where they cannot any more.
    `notify`: URLs to call when it ends, or `{"url": url, "on": ["failure"]}`.
    `key`: whose limits, order and turns it goes by, such as `tenant/7`; `unique`: `True`, or an object with `value`, `on`, `until` and `seconds`.
    """
    body: Dict[str, Any] = {
        "type": type, "args": args, "id": id or (None if key or unique else str(uuid.uuid4())), "queue": queue, "priority": priority,
        "countdown": None if countdown is None else instants.seconds(countdown), "eta": None if eta is None else instants.instant(eta),
        "expires": None if expires is None else _when(expires), "deadline": None if deadline is None else _when(deadline), "attempts": attempts,
        "timeout": None if timeout is None else instants.seconds(timeout), "retention": None if retention is None else instants.seconds(retention),
        "tags": dict(tags) if tags else None, "after": list(after) or None, "onUnmet": on_unmet,
        "notify": list(notify) or None, "key": key, "weight": weight, "unique": unique or None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _when(value: When) -> Union[float, str]:
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
