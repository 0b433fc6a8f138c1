"""When a task runs again."""
from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any


def backoff(factor: int, retries: int, most: int, jitter: bool) -> int:
    """Seconds before the next retry, as Celery counts them."""
    seconds: int = min(most, factor * 2**retries)
    return max(0, random.randrange(seconds + 1) if jitter else seconds)


def seconds_until(when: Any, now: datetime) -> float:
    """A retry's `countdown` or `eta`, as seconds from now."""
    if isinstance(when, datetime):
        return max(0.0, (when - now).total_seconds())
    return max(0.0, when.total_seconds() if isinstance(when, timedelta) else float(when or 0))
