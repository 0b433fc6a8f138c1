"""What a task came to that was not run, since one that it follows did not succeed: Celery has the error of that one for it, or a `ChordError`."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Tuple

from ...errors import JobNotFound
from ...job import FAILURE, REVOKED, Job
from .. import states
from ..exceptions import ChordError
from ..reading import read
from .builtins import is_join
from .plan import BODY, GROUP

if TYPE_CHECKING:
    from ..app import Celery

UNMET = "dependency_failed"


def read_through(app: Celery, job: Optional[Job]) -> Tuple[str, Any]:
    """A task's state and info. Where it was not run for what became of another, these are of that one, however far back."""
    while job is not None and job.state == FAILURE and job.error is not None and job.error.code == UNMET:
        body = job.tags.get(BODY)
        culprit = _culprit(app, job, body)
        if culprit is None:
            break  # no longer kept
        if body is not None and culprit.id != job.id:
            state, error = read_through(app, culprit)
            return states.FAILURE, ChordError(f"Dependency {culprit.id} raised {error!r}")
        job = culprit
    return read(job)


def _culprit(app: Celery, job: Job, group: Optional[str]) -> Optional[Job]:
    followed = _followed(job)
    if group is not None:
        bad = [found for state in (FAILURE, REVOKED) for found in app.client.list(tags={GROUP: group}, state=state)]
        if bad:
            place = {id: number for number, id in enumerate(followed)}
            return min(bad, key=lambda one: (place.get(one.id, len(place)), one.submitted_at is not None and one.submitted_at.timestamp()))
    for id in followed:
        try:
            one = app.client.status(id)
        except JobNotFound:
            continue
        if one.state in (FAILURE, REVOKED):
            return _culprit(app, one, None) if is_join(one.type) else one
    return None


def _followed(job: Job) -> List[str]:
    return [one["job"] for one in job.raw.get("after") or () if one.get("on", "success") == "success"]
