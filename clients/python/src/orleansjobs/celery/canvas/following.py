"""What a worker does first with a task that follows others: it fetches what they came to."""
from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, TypeVar
from urllib.parse import quote

from ...errors import JobNotFound, Unavailable, Unreachable
from ...exchange import Request
from ...job import SUCCESS, Job
from .. import states
from ..context import Context
from ..encoding import STATE
from ..exceptions import ChordError, Ignore
from .plan import ids_of
from .unmet import read_through

if TYPE_CHECKING:
    from ..app import Celery
    from ..task import Task

T = TypeVar("T")
AT_A_TIME = 8
AGAIN = 5.0
"""Seconds, where the grid could not be asked."""


class Later(Exception):
    """It is to start later."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(seconds)


class Expired(Exception):
    """It has expired before it could start."""


def follows(call: Mapping[str, Any]) -> bool:
    return any(name in call for name in ("from", "errback", "countdown", "expires"))


def given(app: Celery, task: Task, job: Any, call: Mapping[str, Any], retried: bool) -> List[Any]:
    """The arguments that come before the task's own."""
    try:
        return _given(app, task, job, call, retried)
    except (Unreachable, Unavailable) as error:
        raise Later(AGAIN) from error


def _given(app: Celery, task: Task, job: Any, call: Mapping[str, Any], retried: bool) -> List[Any]:
    value = _listed(app, call.get("from"))
    ids = ids_of(value) or ids_of(call.get("errback"))
    jobs = _jobs(app, ids) if ids else _ends(app, call)
    if not retried:
        _in_time(call, jobs, job)
    if "errback" in call:
        return errback_arguments(app, task, jobs[call["errback"]])
    if "from" not in call:
        return []
    return [_value(app, value, jobs, isinstance(value, list))]


def _waits(call: Mapping[str, Any]) -> bool:
    return "countdown" in call or "expires" in call


def _ends(app: Celery, call: Mapping[str, Any]) -> Dict[str, Job]:
    """Of a task that is given nothing by what it follows, and only counts from its end."""
    if not _waits(call) or "parent" not in call:
        return {}
    try:
        return _jobs(app, [call["parent"]])
    except JobNotFound:
        return {}  # it is long since it ended


def _listed(app: Celery, value: Any) -> Any:
    """Whose results it is given, where these are too many for its own arguments."""
    if isinstance(value, Mapping):
        lists: List[List[Any]] = _each(lambda id: list(app.client.ask(_arguments_of(id)).json()["list"]), value["lists"])
        value = [part for one in lists for part in one]
    return [_listed(app, part) for part in value] if isinstance(value, list) else value


def _jobs(app: Celery, ids: List[str]) -> Dict[str, Job]:
    wanted = list(dict.fromkeys(ids))
    return dict(zip(wanted, _each(app.client.status, wanted)))  # no list of the grid's has results


def _each(ask: Callable[[str], T], ids: List[str]) -> List[T]:
    if len(ids) < 2:
        return [ask(id) for id in ids]
    with ThreadPoolExecutor(min(AT_A_TIME, len(ids))) as threads:
        return list(threads.map(ask, ids))


def _in_time(call: Mapping[str, Any], jobs: Mapping[str, Job], job: Any) -> None:
    """A countdown, and what it may take to start, are of the time from the end of what it follows, or else from its submit."""
    ends = [found.finished_at for found in jobs.values() if found.finished_at is not None]
    sent: Optional[datetime] = max(ends) if ends else job.submitted
    if sent is None or not _waits(call):
        return
    gone = (datetime.now(timezone.utc) - sent) / timedelta(seconds=1)
    left = float(call.get("countdown") or 0) - gone
    if "expires" in call and max(gone, gone + left) > float(call["expires"]):
        raise Expired()
    if left > 0:
        raise Later(left)


def _value(app: Celery, value: Any, jobs: Mapping[str, Job], chord: bool) -> Any:
    if isinstance(value, list):
        return [_value(app, part, jobs, chord) for part in value]
    job = jobs[value]
    ended = isinstance(job.result, dict) and set(job.result) == {STATE}
    if job.state == SUCCESS and not ended:
        return job.result
    state, said = read_through(app, job)
    if state == states.SUCCESS:
        return said
    if chord:
        raise ChordError(f"Dependency {job.id} raised {said if isinstance(said, BaseException) else Ignore(state)!r}")
    raise said if isinstance(said, Exception) and state in states.PROPAGATE_STATES else Ignore()  # nothing was handed on, so Celery would not have sent it


def errback_arguments(app: Celery, task: Task, failed: Job) -> List[Any]:
    """Those that Celery gives: the failed task's id, or, where it takes more than one, its request, exception and traceback."""
    state, error = read_through(app, failed)
    if state != states.FAILURE:
        raise Ignore()  # revoked, or expired: no failure for Celery
    if task.bind or not takes_more_than_one(task.run):
        return [failed.id]
    said = app.client.ask(_arguments_of(failed.id)).json()
    call: Dict[str, Any] = said if isinstance(said, dict) else {}
    request = Context(
        id=failed.id, task=failed.type, args=call.get("args", []), kwargs=call.get("kwargs", {}), called_directly=False, parent_id=call.get("parent"),
        root_id=call.get("root") or failed.id, group=call.get("group"), delivery_info={"routing_key": failed.queue})
    return [request, error, None]


def _arguments_of(id: str) -> Request:
    return Request("GET", f"/jobs/{quote(id, safe='')}/args")


def takes_more_than_one(function: Callable[..., Any]) -> bool:
    parameters = inspect.signature(function).parameters.values()
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return len(positional) > 1 or any(one.kind == one.VAR_POSITIONAL for one in parameters)
