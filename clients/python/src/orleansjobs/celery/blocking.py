"""A task that waits for another's result takes a slot from it: Celery forbids it, and so do we."""
from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Iterator

_block = threading.local()


@contextmanager
def within_task() -> Iterator[None]:
    before = getattr(_block, "on", False)
    _block.on = True
    try:
        yield
    finally:
        _block.on = before


@contextmanager
def allow_join_result() -> Iterator[None]:
    before = getattr(_block, "on", False)
    _block.on = False
    try:
        yield
    finally:
        _block.on = before


def assert_will_not_block() -> None:
    if getattr(_block, "on", False):
        raise RuntimeError("Never call result.get() within a task!\nSee https://docs.celeryq.dev/en/latest/userguide/tasks.html#avoid-launching-synchronous-subtasks\n")
