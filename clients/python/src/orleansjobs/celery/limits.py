"""Limits of a task: how long it may run, and how often it may start."""
from __future__ import annotations

import re
import signal
import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional, Tuple

from ..worker.session import Lease
from ..worker.slots import GATE_HOLD
from .app import Celery
from .exceptions import SoftTimeLimitExceeded
from .task import Task


def limits_of(task: Task, call: Any) -> Tuple[Optional[float], Optional[float]]:
    hard, soft = (call.get("limits") or (None, None)) if isinstance(call, dict) else (None, None)
    return hard if hard is not None else task.time_limit, soft if soft is not None else task.soft_time_limit


@contextmanager
def soft_limit(seconds: Optional[float]) -> Iterator[None]:
    """Raises `SoftTimeLimitExceeded` in the task; where it runs on a thread of many there is nobody to raise it."""
    if not seconds or threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(*_: Any) -> None:
        raise SoftTimeLimitExceeded()

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class RateLimits:
    """`rate_limit`, per worker as Celery has it: "10/m" starts one every six seconds."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._next: Dict[str, float] = {}

    def __call__(self, lease: Lease, now: float) -> float:
        per_second = rate(self._app.tasks[lease.type].rate_limit)
        if not per_second:
            return 0.0
        start = max(now, self._next.get(lease.type, now))
        if start - now <= GATE_HOLD:
            self._next[lease.type] = start + 1 / per_second
        return start - now


def rate(limit: Any) -> float:
    if not limit:
        return 0.0
    if isinstance(limit, (int, float)):
        return float(limit)
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:/\s*([smh]))?\s*", limit)
    if match is None:
        raise ValueError(f"a rate limit is a number, or one with /s, /m or /h; it is {limit!r}")
    return float(match[1]) / {"s": 1, "m": 60, "h": 3600}[match[2] or "s"]
