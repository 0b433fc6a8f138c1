"""Callbacks and errbacks of a task that ran where it was called."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

from .signature import Signature, maybe_signature

if TYPE_CHECKING:
    from ..context import Context
    from ..task import Task


def succeeded(task: Task, links: Any, value: Any) -> None:
    for link in _all(task, links):
        link.apply_async((value,))


def failed(task: Task, errbacks: Any, request: Context, error: BaseException) -> None:
    from .following import takes_more_than_one
    for errback in _all(task, errbacks):
        called = errback.app.tasks.get(errback["task"]) if errback["subtask_type"] is None else None
        if called is not None and not called.bind and takes_more_than_one(called.run):
            errback(request, error, None)
        else:
            errback.apply_async((request.id,))


def _all(task: Task, given: Any) -> List[Signature]:
    return [maybe_signature(one, task.app) for one in ([] if given is None else given if isinstance(given, (list, tuple)) else [given])]
