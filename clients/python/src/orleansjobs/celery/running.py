"""What a worker does with a task: the call, the hooks, and how its end becomes that of a job."""
from __future__ import annotations

import logging
import os
import re
import signal
import socket
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, Optional, Tuple

from ..worker.definitions import Definition
from ..worker.session import Lease
from ..worker.signals import Encoded, Failure, Report
from . import signals, states
from .app import Celery, _local, definition_words
from .encoding import STATE, exception_name, exception_text, plain
from .exceptions import EncodeError, Ignore, Reject, Retry, SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError
from .result import within_task
from .task import Context, ExceptionInfo, Task, seconds_until

log = logging.getLogger("orleansjobs.celery")
HOSTNAME = "celery@" + socket.gethostname()


def definition(app: Celery, task: Task) -> Definition:
    words = definition_words(app, task)
    return Definition(
        task.name, lambda job, args: serve(task, job, args), queue=words["queue"], attempts=words["attempts"], description=words["description"],
        on_error=lambda error, job: report_of(task, error, job))


def serve(task: Task, job: Any, call: Any) -> Any:
    """One attempt of a task's job."""
    kept = job.checkpoint if isinstance(job.checkpoint, dict) else {}
    if not isinstance(call, dict) or "args" not in call and "kwargs" not in call:
        call = {"args": [], "kwargs": call if isinstance(call, dict) else {}}  # submitted by something that is not Celery's face
    args, kwargs = kept.get("args", call.get("args", [])), kept.get("kwargs", call.get("kwargs", {}))
    request = Context(
        id=job.id, args=args, kwargs=kwargs, retries=kept.get("retries", 0), called_directly=False, is_eager=False, task=task.name, hostname=HOSTNAME,
        headers=call.get("headers"), parent_id=call.get("parent"), root_id=call.get("root") or job.id, job=job, timelimit=limits_of(task, call),
        ignore_result=bool(call.get("ignored")), delivery_info={"routing_key": job.queue, "exchange": "", "redelivered": job.attempt > 1},
    )
    job.request = request
    if task.track_started and not request.ignore_result:
        tell(request, states.STARTED, {"pid": os.getpid(), "hostname": HOSTNAME})
    started = time.monotonic()
    with soft_limit(request.timelimit[1]):
        value = trace(task, request)
    log.info("Task %s[%s] succeeded in %.6fs: %r", task.name, job.id, time.monotonic() - started, value)
    return None if request.ignore_result else plain(value)


def trace(task: Task, request: Context) -> Any:
    """The call with its hooks and signals. Raises what the task raises."""
    task_id, args, kwargs = request.id, request.args, request.kwargs
    before = getattr(_local, "task", None), getattr(_local, "request", None)
    _local.task, _local.request = task, request
    task.push_request(request)
    state, retval, info = states.SUCCESS, None, None
    try:
        signals.task_prerun.send(sender=task, task_id=task_id, task=task, args=args, kwargs=kwargs)
        with within_task():
            try:
                task.before_start(task_id, args, kwargs)
                retval = task.call(*args, **kwargs)
                asked = request.get("retry_asked")
                if asked is not None:
                    raise asked
                if not request.is_eager:
                    plain(retval)
            except (Ignore, Reject) as error:
                state, retval = states.IGNORED, error
                raise
            except Retry as error:
                state, retval, info = states.RETRY, error, ExceptionInfo(error)
                task.on_retry(error.exc, task_id, args, kwargs, info)
                signals.task_retry.send(sender=task, request=request, reason=error, einfo=info)
                raise
            except Exception as error:
                state, retval, info = states.FAILURE, error, ExceptionInfo(error)
                task.on_failure(error, task_id, args, kwargs, info)
                signals.task_failure.send(
                    sender=task, task_id=task_id, exception=error, args=args, kwargs=kwargs, traceback=error.__traceback__, einfo=info)
                raise
            else:
                task.on_success(retval, task_id, args, kwargs)
                signals.task_success.send(sender=task, result=retval)
                return retval
    finally:
        try:
            if state not in (states.IGNORED, states.RETRY):
                task.after_return(state, retval, task_id, args, kwargs, info)
            signals.task_postrun.send(sender=task, task_id=task_id, task=task, args=args, kwargs=kwargs, retval=retval, state=state)
        finally:
            task.pop_request()
            _local.task, _local.request = before


def report_of(task: Task, error: BaseException, job: Any) -> Optional[Report]:
    """How the job goes on. Only a retry runs it again: what else fails, fails for good, as Celery has it."""
    request: Optional[Context] = getattr(job, "request", None)
    if isinstance(error, Retry) and request is not None:
        return _retry(task, error, request)
    if isinstance(error, (Ignore, Reject)):
        if isinstance(error, Reject) and error.requeue:
            return {"outcome": "returned"}
        return _unsaid(request)
    if isinstance(error, Exception):
        if isinstance(error, tuple(task.throws)):
            log.info("Task %s[%s] raised expected: %r", task.name, job.id, error)
        else:
            log.error("Task %s[%s] raised unexpected: %r", task.name, job.id, error, exc_info=error)
        return Failure(exception_text(error), exception_name(error), final=True).report()
    return Failure(exception_text(error), exception_name(error), final=True).report() if isinstance(error, SystemExit) else None


def _retry(task: Task, retry: Retry, request: Context) -> Report:
    """The count is kept with the job, since crashes count attempts too; so are arguments that the retry has changed."""
    job = request.job
    kept: Dict[str, Any] = {"retries": request.retries + 1}
    if retry.sig is not None and (list(retry.sig.args) != list(request.args) or retry.sig.kwargs != request.kwargs):
        kept.update(args=plain(list(retry.sig.args)), kwargs=plain(retry.sig.kwargs))
    job.save_checkpoint(kept)
    delay = seconds_until(retry.when, _now_for(retry.when))
    log.info("Task %s[%s] retry: %s", task.name, job.id, retry)
    if job.attempts and job.attempt >= job.attempts:
        return {"outcome": "later", "delay": delay}
    cause = retry.exc if isinstance(retry.exc, BaseException) else None
    said = Failure(exception_text(cause), exception_name(cause), delay=delay) if cause else Failure(retry.excs or "", "NoneType", delay=delay)
    return said.report()


def _now_for(when: Any) -> datetime:
    return datetime.now(timezone.utc) if isinstance(when, datetime) and when.tzinfo else datetime.now(timezone.utc).replace(tzinfo=None)


def _unsaid(request: Optional[Context]) -> Report:
    """The task asked that nothing be said of its end: its state stays the one that it said last."""
    state, meta = (request.get("said") if request is not None else None) or (states.PENDING, None)
    if state == states.FAILURE and isinstance(meta, dict) and "exc_type" in meta:
        message = meta.get("exc_message")
        text = str(message[0]) if isinstance(message, (list, tuple)) and len(message) == 1 else str(message) if message is not None else ""
        module = meta.get("exc_module")
        name = str(meta["exc_type"])
        return Failure(text, name if module in (None, "builtins") else f"{module}.{name}", final=True).report()
    import json
    return {"outcome": "success", "result": Encoded(json.dumps({STATE: {"state": state, "meta": plain(meta)}}))}


def tell(request: Context, state: Optional[str], meta: Any) -> None:
    """`update_state`: to the grid it is progress, with what Celery calls meta as its data."""
    said = plain(meta)
    numbers = said if isinstance(said, dict) else {}
    current, total = request.get("bar") or (0, 1)
    if _is_count(numbers.get("current")):
        current = int(numbers["current"])
        total = int(numbers["total"]) if _is_count(numbers.get("total")) else max(total, current)
    request.bar = (current, total)
    request.said = (state, said)
    words = next((numbers[name] for name in ("status", "message") if isinstance(numbers.get(name), str)), state)
    request.job.report(current, total, words, {"state": state, "meta": said, "attempt": request.job.attempt})


def _is_count(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**53


def limits_of(task: Task, call: Any) -> Tuple[Optional[float], Optional[float]]:
    hard, soft = (call.get("limits") or (None, None)) if isinstance(call, dict) else (None, None)
    return hard if hard is not None else task.time_limit, soft if soft is not None else task.soft_time_limit


@contextmanager
def soft_limit(seconds: Optional[float]) -> Iterator[None]:
    """Raises `SoftTimeLimitExceeded` in the task; where it runs on a thread of many there is nobody to raise it."""
    if not seconds or threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(*_: Any) -> None:
        raise SoftTimeLimitExceeded()

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# What the parent of the processes says of those that it killed, or that died.

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
        how = f"signal {number} ({signal.Signals(number).name})" if number else f"exitcode {exit_code}"
        return _told(app, lease, WorkerLostError(f"Worker exited prematurely: {how} Job: {lease.id}."))
    return report


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


class RateLimits:
    """`rate_limit`, per worker as Celery has it: "10/m" starts one every six seconds."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._next: Dict[str, float] = {}
        self._let: Dict[Tuple[str, str], float] = {}

    def __call__(self, lease: Lease, now: float) -> float:
        per_second = rate(self._app.tasks[lease.type].rate_limit)
        if not per_second:
            return 0.0
        start = max(now, self._next.get(lease.type, now))
        self._next[lease.type] = start + 1 / per_second
        return start - now


def rate(limit: Any) -> float:
    if not limit:
        return 0.0
    if isinstance(limit, (int, float)):
        return float(limit)
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:/\s*([smh]))?\s*", limit)
    if match is None:
        raise ValueError(f"a rate limit is a number, or one with /s, /m or /h; it is {limit!r}")
    return float(match[1]) / {"s": 1, "m": 60, "h": 3600}[match[2] or "s"]


__all__ = ["EncodeError", "RateLimits", "definition", "hard_limit", "limits_of", "over_limit", "process_died", "rate", "serve", "tell", "trace"]
