"""`schedule`: every so many seconds."""
from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..exceptions import ImproperlyConfigured, not_here


class BaseSchedule:
    """What a periodic task may be due by."""

    def said(self, zone: str) -> Any:
        """Its instants, as members of a schedule of the grid's."""
        raise not_here(f"the schedule {type(self).__name__}", "there are crontab, schedule, timedelta and seconds")

    def __getattr__(self, name: str) -> Any:
        if name in ("is_due", "remaining_estimate", "remaining_delta", "now"):
            raise not_here(f"{type(self).__name__}.{name}", "GET /schedules/next says when")
        raise AttributeError(name)


class schedule(BaseSchedule):
    """Every `run_every` (seconds or a `timedelta`) from when it was put; with `relative` at whole multiples of it."""

    def __init__(self, run_every: Any = None, relative: bool = False, nowfun: Any = None, app: Any = None) -> None:
        if nowfun is not None:
            raise not_here("schedule(nowfun=...)", "the time is the grid's")
        if run_every is None:
            raise ImproperlyConfigured("schedule needs to know how often: schedule(run_every=10)")
        self.run_every = run_every if isinstance(run_every, timedelta) else timedelta(seconds=run_every)
        self.relative = relative

    @property
    def seconds(self) -> float:
        return max(self.run_every.total_seconds(), 0)

    def said(self, zone: str) -> Any:
        if self.seconds < 1:
            raise ImproperlyConfigured(f"a periodic task runs every second at the most, not every {self.seconds:g} s")
        return {"every": self.seconds, **({"anchor": "1970-01-01T00:00:00Z"} if self.relative else {})}

    def __eq__(self, other: object) -> bool:
        return self.run_every == (other.run_every if isinstance(other, schedule) else other)

    def __hash__(self) -> int:
        return hash(self.run_every)

    def __repr__(self) -> str:
        return f"<freq: {self.seconds:g} seconds>"


class solar(BaseSchedule):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise not_here("solar", "the grid does not know where the sun stands: have a crontab call a task that waits for it")


def maybe_schedule(given: Any, relative: bool = False) -> BaseSchedule:
    if isinstance(given, BaseSchedule):
        return given
    if isinstance(given, (int, float, timedelta)) and not isinstance(given, bool):
        return schedule(given, relative)
    raise ImproperlyConfigured(f"a periodic task is due by a crontab, a schedule, a timedelta or seconds, not by {given!r}")
