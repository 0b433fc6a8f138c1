"""OrleansJobs for Python: submit jobs to a grid, follow them, and run them here.

    from orleansjobs import Client

    with Client("http://localhost:8080") as client:
        job = client.submit("longtask", {"steps": 20})
        for job in client.watch(job.id):
            print(job.percent, job.status)
"""
from .address import VERSION as __version__
from .aio import AsyncClient
from .client import Client
from .errors import (
    BindingNotFound, Conflict, GridError, InvalidRequest, JobCancelled, JobFailed, JobNotFound, Mistake, NotAllowed, NotEnded, Problem, ScheduleNotFound, Unavailable,
    Unreachable)
from .flows import Flow, FlowJob, flow_job, literal, ref
from .job import Attempt, Job, JobError
from .schedules import Schedule, ScheduleRun, schedule_body
from .submission import submission
from .topics import Binding, Published
from .worker import AsyncJob, Cancelled, ChildFailed, GiveUp, RetryLater, StaleAttempt, Worker
from .worker import Job as RunningJob

__all__ = [
    "AsyncClient", "AsyncJob", "Attempt", "Binding", "BindingNotFound", "Cancelled", "ChildFailed", "Client", "Conflict", "Flow", "FlowJob", "GiveUp", "GridError", "InvalidRequest", "Job", "JobCancelled", "JobError", "JobFailed", "JobNotFound", "Mistake",
    "NotAllowed", "NotEnded", "Problem", "Published", "RetryLater", "RunningJob", "Schedule", "ScheduleNotFound", "ScheduleRun", "StaleAttempt", "Unavailable",
    "Unreachable", "Worker", "__version__", "flow_job", "literal", "ref", "schedule_body", "submission",
]
