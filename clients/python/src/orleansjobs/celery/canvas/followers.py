"""The results of what follows a task: one list of the grid's."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional
from urllib.parse import urlencode

from ...exchange import Request
from ...job import REVOKED, Job
from ..asyncresult import AsyncResult
from .builtins import is_join

if TYPE_CHECKING:
    from ..app import Celery


def followers(app: Celery, id: str) -> List[AsyncResult]:
    found: List[Job] = []
    cursor: Optional[str] = None
    while True:
        query: Dict[str, str] = {"after": id, "limit": "200", **({"cursor": cursor} if cursor else {})}
        page = app.client.ask(Request("GET", "/jobs?" + urlencode(query))).json()
        found.extend(map(Job.of, page["jobs"]))
        cursor = page.get("cursor")
        if not cursor:
            return [AsyncResult(job.id, app=app, task_name=job.type) for job in reversed(found) if _is_child(job, id)]


def _is_child(job: Job, id: str) -> bool:
    """Errbacks whose time did not come are none, nor are callbacks."""
    after: List[Any] = job.raw.get("after") or []
    return not is_join(job.type) and job.state != REVOKED and all(one.get("on", "success") == "success" or one["job"] == id for one in after)
