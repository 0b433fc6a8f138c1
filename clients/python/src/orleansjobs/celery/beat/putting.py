"""Makes the grid's schedules of an application what its code says."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List

from ...errors import InvalidRequest, NotAllowed, ScheduleNotFound
from ...exchange import Request
from ...writing import encode
from ...schedules import path_of
from .. import calling
from ..exceptions import ImproperlyConfigured
from .entries import OWNER, owner_of, schedules_of

if TYPE_CHECKING:
    from ..app import Celery


def put_all(app: Celery) -> List[str]:
    """Puts those that there are, takes away those that the code has dropped, and gives the ids of those that there are. The same again changes nothing."""
    wanted = schedules_of(app)
    try:
        for id, body in wanted:
            _put(app, id, body)
        ids = [id for id, _ in wanted]
        for found in list(app.client.schedules()):
            if (found.raw.get("tags") or {}).get(OWNER) == owner_of(app) and found.id not in ids:
                _take_away(app, found.id)
    except NotAllowed as problem:
        raise ImproperlyConfigured(f"periodic tasks are schedules of the grid, and this key may not put them: it needs the scopes operate and read ({problem})") from problem
    return ids


def _put(app: Celery, id: str, body: Dict[str, Any]) -> None:
    request = Request("PUT", path_of(id), encode(body), {"content-type": "application/json"})
    try:
        app.client.ask(request)
    except InvalidRequest as problem:
        if problem.code != "unknown-type":
            raise
        calling.announce(app, body["type"])
        app.client.ask(request)


def _take_away(app: Celery, id: str) -> None:
    try:
        app.client.delete_schedule(id)
    except ScheduleNotFound:
        pass  # another worker was quicker
