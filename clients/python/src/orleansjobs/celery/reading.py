"""Where a task stands, read from the job that it is."""
from __future__ import annotations

from typing import Any, Optional, Tuple

from ..job import FAILURE as JOB_FAILURE
from ..job import PENDING as JOB_PENDING
from ..job import PROGRESS as JOB_PROGRESS
from ..job import REVOKED as JOB_REVOKED
from ..job import Job
from . import states
from .encoding import STATE, exception_from
from .exceptions import TaskRevokedError


def read(job: Optional[Job]) -> Tuple[str, Any]:
    """A task's state and info, as Celery would say them."""
    if job is None:
        return states.PENDING, None
    if job.state == JOB_PENDING:
        return _waiting(job)
    if job.state == JOB_PROGRESS:
        said = job.data
        if isinstance(said, dict) and said.get("attempt") == job.attempt and "state" in said:
            return said["state"], said.get("meta")
        return _waiting(job)
    if job.state == JOB_REVOKED:
        ran = bool(job.attempts) and job.attempts[-1].outcome == "cancelled"
        return states.REVOKED, TaskRevokedError("terminated" if ran else "revoked")
    if job.state == JOB_FAILURE:
        error = job.error
        if error is not None and error.code == "expired":
            return states.REVOKED, TaskRevokedError("expired")
        return states.FAILURE, exception_from(error.type if error else None, error.message if error else "")
    if isinstance(job.result, dict) and set(job.result) == {STATE}:
        said = job.result[STATE]
        if said["state"] == states.REVOKED:
            return states.REVOKED, TaskRevokedError(said["meta"])
        return said["state"], said["meta"]
    return states.SUCCESS, job.result


def _waiting(job: Job) -> Tuple[str, Any]:
    """Once a task has asked to be run again, it is in RETRY until it says something else."""
    for attempt in reversed(job.attempts):
        if attempt.outcome == "failed" and attempt.error is not None:
            return states.RETRY, exception_from(attempt.error.type, attempt.error.message)
        if attempt.outcome == "postponed" and job.attempt >= job.max_attempts:  # before that, its countdown is not over
            return states.RETRY, None
    return states.PENDING, None
