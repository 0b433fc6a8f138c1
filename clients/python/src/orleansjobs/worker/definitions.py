"""What a worker can run."""
from __future__ import annotations

import asyncio
import inspect
import logging
import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping, Optional

from .job import AsyncJob, Job
from .lines import current_job
from .signals import GiveUp, Report, RetryLater, Waiting, report_of_error, report_of_result

log = logging.getLogger("orleansjobs.worker")
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
Handler = Callable[..., Any]


def check_name(name: str, what: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{what} is 1 to 64 of A-Z a-z 0-9 . _ -; it is {name!r}")
    return name


@dataclass(frozen=True)
class Definition:
    name: str
    handler: Handler
    queue: Optional[str] = None
    attempts: Optional[int] = None
    timeout: Optional[float] = None
    schema: Any = None
    result_schema: Any = None
    description: Optional[str] = None
    stalled_after: Optional[float] = None
    on_error: Optional[Callable[[BaseException, Any], Optional[Report]]] = None
    key: Optional[str] = None
    weight: Optional[int] = None

    @property
    def is_coroutine(self) -> bool:
        return inspect.iscoroutinefunction(self.handler)

    def announcement(self, release: Optional[str]) -> Dict[str, Any]:
        said: Mapping[str, Any] = {
            "name": self.name, "queue": self.queue, "attempts": self.attempts, "timeout": self.timeout, "stalledAfter": self.stalled_after, "schema": self.schema,
            "resultSchema": self.result_schema, "description": self.description, "key": self.key, "weight": self.weight, "release": release,
        }
        return {name: value for name, value in said.items() if value is not None}


def run(definition: Definition, job: Job) -> Report:
    """Runs a function, or a coroutine to its end, and says how it ended. Raises nothing."""
    running = current_job.set(job)
    try:
        return report_of_result(definition.handler(job, job._lease.args), job.stop_reason)
    except BaseException as error:  # SystemExit of a handler is its own failure, not the worker's
        return _ended(definition, job, error)
    finally:
        current_job.reset(running)


async def run_async(definition: Definition, job: AsyncJob) -> Report:
    current_job.set(job)  # of this task alone
    job._task = asyncio.current_task()
    try:
        return report_of_result(await definition.handler(job, job._lease.args), job.stop_reason)
    except asyncio.CancelledError as error:
        return report_of_error(error, job.stop_reason)
    except BaseException as error:
        return _ended(definition, job, error)


def _ended(definition: Definition, job: Any, error: BaseException) -> Report:
    if isinstance(error, Waiting):
        return report_of_error(error, job.stop_reason)
    if definition.on_error is not None and job.stop_reason is None:
        try:
            report = definition.on_error(error, job)
        except Exception:  # the grid was away, or the attempt is not ours any more: the failure itself is what there is to say
            log.exception("What was to be done about a failure of job %s failed as well.", job.id)
            report = None
        if report is not None:
            return report
    if job.stop_reason is None and not isinstance(error, (RetryLater, GiveUp)):
        log.error("Job %s (%s) failed in attempt %d.", job.id, job.type, job.attempt, exc_info=error)
    return report_of_error(error, job.stop_reason)
