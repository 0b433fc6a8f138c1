"""An entry of `beat_schedule` as a schedule of the grid's."""
from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Tuple

from ..canvas.signature import Signature
from ..encoding import plain
from ..exceptions import ImproperlyConfigured, not_here
from .every import maybe_schedule

if TYPE_CHECKING:
    from ..app import Celery

OWNER = "celery.beat"
"""The tag of an application's schedules, and of their tasks: the application's name."""
KNOWN = {"task", "schedule", "args", "kwargs", "options", "relative"}


class _Caught:
    """Takes a task's job instead of submitting it."""

    def __init__(self) -> None:
        self.body: Dict[str, Any] = {}

    def write(self, body: Dict[str, Any]) -> None:
        self.body = body


def owner_of(app: Celery) -> str:
    return _slug(app.main or "celery", 40)


def schedules_of(app: Celery) -> List[Tuple[str, Dict[str, Any]]]:
    """Ids and bodies, in the order of their names. Two entries never have one id."""
    return [(f"celery.{owner_of(app)}.{_slug(name, 48)}", _body(app, str(name), entry)) for name, entry in sorted((app.conf.beat_schedule or {}).items())]


def _body(app: Celery, name: str, entry: Mapping[str, Any]) -> Dict[str, Any]:
    if not isinstance(entry, Mapping) or "task" not in entry or "schedule" not in entry:
        raise ImproperlyConfigured(f"the periodic task {name!r} needs a task and a schedule")
    if set(entry) - KNOWN:
        raise not_here(f"{sorted(set(entry) - KNOWN)[0]!r} of the periodic task {name!r}", f"there are {', '.join(sorted(KNOWN))}")
    task = entry["task"]
    options = dict(entry.get("options") or {})
    _refuse(name, task, options)
    caught = _Caught()
    app.send_task(str(task if isinstance(task, str) else task["task"] if isinstance(task, Mapping) else task.name), entry.get("args"), entry.get("kwargs"), canvas=caught, **options)
    body = caught.body
    call = {key: value for key, value in plain(body["args"]).items() if key not in ("parent", "root")}
    made: Dict[str, Any] = {key: body[key] for key in ("type", "queue", "priority", "attempts", "retention") if key in body}
    if "countdown" in body:
        call["countdown"] = body["countdown"]
    if isinstance(body.get("expires"), str):
        made["end"] = body["expires"]
    elif "expires" in body:
        call["expires"] = body["expires"]
    return {
        **made, **maybe_schedule(entry["schedule"], bool(entry.get("relative"))).said(zone_of(app)), "args": call, "overlap": "all", "missed": "one",
        "tags": {OWNER: owner_of(app)},
    }


def _refuse(name: str, task: Any, options: Mapping[str, Any]) -> None:
    if isinstance(task, Signature) and task["subtask_type"] is not None or isinstance(task, str) and re.fullmatch(r"celery\.(chain|group|chord|chunks|map|starmap)", task):
        raise not_here(f"a canvas as the periodic task {name!r}", "schedule a task that calls it")
    for option, instead in (
            ("link", "schedule a task that calls it"), ("link_error", "schedule a task that calls it"), ("eta", "its schedule says when"),
            ("task_id", "each of its runs has an id of its own")):
        if options.get(option):
            raise not_here(f"the option {option} of the periodic task {name!r}", instead)


def zone_of(app: Celery) -> str:
    """The name of the time zone whose clocks a crontab goes by."""
    zone = app.conf.timezone
    if zone:
        return str(getattr(zone, "key", None) or getattr(zone, "zone", None) or zone)
    if app.conf.enable_utc:
        return "UTC"
    found = os.environ.get("TZ") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    if not found or found.startswith(":"):
        raise ImproperlyConfigured("enable_utc is off, and this machine does not say the name of its time zone: set timezone")
    return found


def _slug(name: Any, most: int) -> str:
    text = str(name)
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", text)[:most].strip("-")
    return slug if slug == text else f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:8]}".strip("-")
