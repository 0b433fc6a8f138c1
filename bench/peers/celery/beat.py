"""celery -A beat beat --scheduler beat:Planned: so many tasks each second, which are told when they were meant to run."""
import os
from copy import copy
from datetime import timedelta

from celery.beat import Scheduler

from tasks import app

period = timedelta(milliseconds=int(os.environ["BENCH_EVERY_MS"]))
app.conf.beat_schedule = {f"s-{n}": {"task": "tick", "schedule": period} for n in range(int(os.environ["BENCH_SCHEDULES"]))}


class Planned(Scheduler):
    """Beat plans from one run to the next: a period after the last one is when a task is due."""

    def apply_async(self, entry, *args, **options):
        # A copy: beat plans all anew where one of its entries has changed.
        told = copy(entry)
        told.kwargs = {"due": (entry.last_run_at + period).timestamp() * 1000}
        return super().apply_async(told, *args, **options)
