"""Runs jobs of a grid in this program: docs/WORKERS.md, carried out."""
from .definitions import Definition
from .job import AsyncJob, Child, Job
from .lines import JobLogHandler
from .signals import Cancelled, ChildFailed, GiveUp, RetryLater, StaleAttempt
from .worker import Worker

__all__ = ["AsyncJob", "Cancelled", "Child", "ChildFailed", "Definition", "GiveUp", "Job", "JobLogHandler", "RetryLater", "StaleAttempt", "Worker"]
