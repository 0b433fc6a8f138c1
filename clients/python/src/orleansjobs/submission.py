"""What a submit says."""
from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, Dict, Mapping, Optional, Union

from . import instants
from .instants import Span

When = Union[int, float, timedelta, datetime, str]


def submission(
    type: str, args: Any = None, *, id: Optional[str] = None, queue: Optional[str] = None, priority: Optional[int] = None, countdown: Optional[Span] = None,
    eta: Union[datetime, str, None] = None, expires: Optional[When] = None, attempts: Optional[int] = None, timeout: Optional[Span] = None,
    retention: Optional[Span] = None, tags: Optional[Mapping[str, str]] = None,
) -> Dict[str, Any]:
    """The body of a submit. Without an id it is given one: it is what makes a repeat safe."""
    body: Dict[str, Any] = {
        "type": type, "args": args, "id": id or str(uuid.uuid4()), "queue": queue, "priority": priority,
        "countdown": None if countdown is None else instants.seconds(countdown), "eta": None if eta is None else instants.instant(eta),
        "expires": None if expires is None else _expiry(expires), "attempts": attempts,
        "timeout": None if timeout is None else instants.seconds(timeout), "retention": None if retention is None else instants.seconds(retention),
        "tags": dict(tags) if tags else None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _expiry(value: When) -> Union[float, str]:
    return instants.instant(value) if isinstance(value, (datetime, str)) else instants.seconds(value)
