"""What the parent of the processes says of the tasks whose process it killed, or that died."""
from __future__ import annotations

import logging
import signal
from typing import Any, Optional

from ..worker.session import Lease
from ..worker.signals import Failure, Report
from . import signals
from .app import Celery
from .context import ExceptionInfo
from .encoding import exception_name
from .exceptions import TimeLimitExceeded, WorkerLostError
from .limits import limits_of

log = logging.getLogger("orleansjobs.celery")


def hard_limit(app: Celery) -> Any:
    return lambda lease: limits_of(app.tasks[lease.type], lease.args)[0]


def over_limit(app: Celery) -> Any:
    def report(lease: Lease, limit: float) -> Report:
        log.error("Hard time limit (%ss) exceeded for %s[%s]", limit, lease.type, lease.id)
        return _told(app, lease, TimeLimitExceeded(int(limit) if limit == int(limit) else limit))
    return report


def process_died(app: Celery) -> Any:
    def report(lease: Lease, exit_code: Optional[int]) -> Report:
        task = app.tasks[lease.type]
        if task.acks_late and task.reject_on_worker_lost:
            return Failure("The process that ran the task died.", "WorkerLostError", delay=1).report()
        number = -exit_code if exit_code is not None and exit_code < 0 else None
        how = f"signal {number} ({_name(number)})" if number else f"exitcode {exit_code}"
        return _told(app, lease, WorkerLostError(f"Worker exited prematurely: {how} Job: {lease.id}."))
    return report


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most of those of real time have none
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"


def _told(app: Celery, lease: Lease, error: Exception) -> Report:
    """A task whose process is gone has nobody else to say that it failed."""
    task = app.tasks[lease.type]
    call = lease.args if isinstance(lease.args, dict) else {}
    args, kwargs, info = call.get("args", []), call.get("kwargs", {}), ExceptionInfo(error)
    try:
        task.on_failure(error, lease.id, args, kwargs, info)
    except Exception:
        log.exception("on_failure of %s failed", task.name)
    signals.task_failure.send(sender=task, task_id=lease.id, exception=error, args=args, kwargs=kwargs, traceback=None, einfo=info)
    return Failure(str(error), exception_name(error), final=True).report()
