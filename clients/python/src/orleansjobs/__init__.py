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
    Conflict, GridError, InvalidRequest, JobCancelled, JobFailed, JobNotFound, Mistake, NotAllowed, NotEnded, Problem, Unavailable, Unreachable)
from .flows import Flow, FlowJob, flow_job, literal, ref
from .job import Attempt, Job, JobError
from .submission import submission
from .worker import AsyncJob, Cancelled, GiveUp, RetryLater, StaleAttempt, Worker
from .worker import Job as RunningJob

__all__ = [
    "AsyncClient", "AsyncJob", "Attempt", "Cancelled", "Client", "Conflict", "Flow", "FlowJob", "GiveUp", "GridError", "InvalidRequest", "Job", "JobCancelled", "JobError", "JobFailed", "JobNotFound", "Mistake",
    "NotAllowed", "NotEnded", "Problem", "RetryLater", "RunningJob", "StaleAttempt", "Unavailable",
    "Unreachable", "Worker", "__version__", "flow_job", "literal", "ref", "submission",
]
