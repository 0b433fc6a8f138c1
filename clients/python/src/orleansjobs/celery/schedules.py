"""Periodic tasks need schedules in the grid, which are not there yet; the names are, so that what they say is clear."""
from __future__ import annotations

from typing import Any

from .exceptions import needs_schedules


class _NeedsSchedules:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise needs_schedules(type(self).__name__)


class schedule(_NeedsSchedules):
    """Needs schedules."""


class crontab(_NeedsSchedules):
    """Needs schedules."""


class solar(_NeedsSchedules):
    """Needs schedules."""
