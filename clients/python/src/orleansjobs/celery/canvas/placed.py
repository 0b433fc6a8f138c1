"""Where a part of a canvas stands among its jobs: what it follows, and what may follow it."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple


@dataclass(frozen=True)
class Before:
    """What a job follows."""

    value: Any
    """Whose result it is given: a job's id, or a list of such."""
    jobs: Tuple[str, ...]
    """What has to succeed first."""
    result: Any
    """The parent of its result."""
    root: Optional[str]
    group: Optional[str] = None
    """The group that it joins, where it is the body of a chord."""
    unmet: Optional[str] = None
    """What becomes of it where that does not succeed: None fails it, `cancel` is for callbacks, which Celery would not have sent either."""
    failed: Optional[str] = None
    """The job that has to fail first, for an errback."""
    told: bool = False
    """Whether an errback is told of that by the worker, which knows what it takes; a canvas has its id among its arguments."""


@dataclass(frozen=True)
class Placed:
    """What was put into a plan."""

    result: Any
    value: Any
    jobs: Tuple[str, ...]
    root: Optional[str]

    def before(self, unmet: Optional[str] = None) -> Before:
        return Before(self.value, self.jobs, self.result, self.root, self.result.id if isinstance(self.value, list) else None, unmet)
