"""Runs jobs of a grid in this program: docs/WORKERS.md, carried out."""
from .definitions import Definition
from .job import AsyncJob, Job
from .signals import Cancelled, GiveUp, RetryLater, StaleAttempt
from .worker import Worker

__all__ = ["AsyncJob", "Cancelled", "Definition", "GiveUp", "Job", "RetryLater", "StaleAttempt", "Worker"]
