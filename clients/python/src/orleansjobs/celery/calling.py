"""A call of a task as the submit of a job, and what is said of a task before any worker has run."""
from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional

from .. import instants
from ..client import Client
from ..errors import InvalidRequest, NotAllowed, Problem
from ..exchange import Request
from ..writing import encode
from .conf import by_name
from .current import here
from .exceptions import ImproperlyConfigured
from .task import Task

if TYPE_CHECKING:
    from .app import Celery

ATTEMPTS = 100
"""Of a task's job: the task itself counts its retries."""

MAX_RETENTION = 366 * 86400.0
"""The grid keeps nothing longer."""

_JSON = {"content-type": "application/json"}


def call_of(args: Any, kwargs: Optional[Mapping[str, Any]], headers: Any, limits: Any, ignored: Optional[bool]) -> Dict[str, Any]:
    """A task's call, as the arguments of its job."""
    if isinstance(args, str) or args is not None and not hasattr(args, "__iter__"):
        raise TypeError("task args must be a list or tuple")
    call: Dict[str, Any] = {"args": list(args or ()), "kwargs": dict(kwargs or {})}
    more = {"headers": headers, "limits": limits if any(limits) else None, "ignored": ignored}
    call.update({key: value for key, value in more.items() if value or value is False})
    call.update(lineage())
    return call


def submit(app: Celery, body: Mapping[str, Any], patient: bool) -> None:
    client = app.client if patient else Client(app.client.url, app._key(), patience=0)
    request = Request("POST", "/jobs", encode(body), _JSON)
    try:
        client.ask(request)
    except InvalidRequest as problem:
        if problem.code != "unknown-type":
            raise
        # No worker that knows it has run yet: say that there is such a task, so that it can wait for one.
        announce(app, body["type"])
        client.ask(request)


def announce(app: Celery, name: str) -> None:
    task = app.tasks.get(name)
    said = {key: value for key, value in words_of(app, task).items() if value is not None} if task else {"attempts": ATTEMPTS}
    try:
        app.client.ask(Request("PUT", f"/job-types/{name}", encode(said), _JSON))
    except (NotAllowed, Problem) as problem:
        raise ImproperlyConfigured(
            f"the grid knows no task {name!r} yet, and this program may not announce it ({problem}): start its worker first, or use a key with the "
            "scope work") from problem


def words_of(app: Celery, task: Task) -> Dict[str, Any]:
    """What is said of a task's job type, by whoever says it first; the same by worker and caller."""
    text = (task.__doc__ or "").strip() if task.__doc__ is not Task.__doc__ else ""
    return {
        "queue": task.queue or queue_of(app, task.name) or app.conf.task_default_queue, "attempts": ATTEMPTS,
        "description": " ".join(text.split("\n\n")[0].split())[:1024] or None,
    }


def queue_of(app: Celery, name: str) -> Optional[str]:
    """Where `task_routes` sends a task; None where it says nothing of it."""
    for pattern, where in by_name(app.conf.task_routes, "a router function in task_routes", "name queues by patterns"):
        if pattern == name or fnmatchcase(name, pattern):
            return where if isinstance(where, str) else where.get("queue")
    return None


def lineage() -> Dict[str, Any]:
    """Of a call from within a task: whose child it is."""
    request = here.request
    return {} if request is None else {"parent": request.id, "root": request.root_id or request.id}


def moment_of(text: str) -> datetime:
    """What `datetime.fromisoformat` takes, and "Z" with any Python."""
    try:
        found = instants.parse(text)
    except ValueError:
        found = None
    return found if found is not None else datetime.fromisoformat(text)


def when_of(countdown: Any, eta: Any, zone: Callable[[], tzinfo]) -> Dict[str, Any]:
    """`zone` is what a time without one is in; only then it is asked for."""
    if eta is not None:
        moment = moment_of(eta) if isinstance(eta, str) else eta
        return {"eta": (moment if moment.tzinfo else moment.replace(tzinfo=zone())).isoformat()}
    if countdown is None:
        return {}
    seconds = countdown.total_seconds() if isinstance(countdown, timedelta) else countdown
    return {"countdown": max(0, seconds)}


def expiry_of(expires: Any, zone: Callable[[], tzinfo]) -> Any:
    if expires is None:
        return None
    if isinstance(expires, str):
        expires = moment_of(expires)
    if isinstance(expires, datetime):
        return (expires if expires.tzinfo else expires.replace(tzinfo=zone())).isoformat()
    seconds = float(expires.total_seconds() if isinstance(expires, timedelta) else expires)
    # What has expired already is submitted all the same, and says so as any other does.
    return seconds if seconds > 0 else (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat()


def retention_of(expires: Any) -> Optional[float]:
    """`result_expires`: how long a task that has ended is kept. None and 0, which are for ever with Celery, leave it to the grid."""
    if not expires:
        return None
    return min(MAX_RETENTION, float(expires.total_seconds() if isinstance(expires, timedelta) else expires))
