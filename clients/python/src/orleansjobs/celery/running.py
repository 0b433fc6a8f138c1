"""What a worker does with a task: the call, the hooks, and how its end becomes that of a job."""
from __future__ import annotations

import logging
import os
import socket
import time
from datetime import datetime, timezone
from typing import Any, Dict, Optional

from ..worker.definitions import Definition
from ..worker.signals import Encoded, Failure, Report
from ..worker.traces import trace_of
from ..writing import encode, written
from . import signals, states
from .app import Celery
from .blocking import within_task
from .calling import words_of
from .canvas import following
from .context import Context, ExceptionInfo
from .current import here
from .encoding import STATE, exception_name, exception_text, plain
from .exceptions import Ignore, Reject, Retry
from .limits import limits_of, soft_limit
from .retrying import seconds_until
from .task import Task

log = logging.getLogger("orleansjobs.celery")
MOST_KEPT = 64 << 10
"""Bytes of arguments that were fetched and are kept with a task for its next retry."""
HOSTNAME = "ORLEANSJOBS_CELERY_HOSTNAME"
"""How a worker tells its processes of -n: each loads the application anew."""


def hostname() -> str:
    """As Celery makes a worker's name of `-n`: %h is the host with its domain, %n without, %d the domain."""
    given, host = os.environ.get(HOSTNAME) or "celery@%h", socket.gethostname()
    name, _, domain = host.partition(".")
    for what, value in (("%h", host), ("%n", name), ("%d", domain)):
        given = given.replace(what, value)
    return given if "@" in given else "celery@" + given


def definition(app: Celery, task: Task) -> Definition:
    words = words_of(app, task)
    return Definition(
        task.name, lambda job, args: serve(task, job, args), queue=words["queue"], attempts=words["attempts"], description=words["description"],
        on_error=lambda error, job: report_of(task, error, job))


def serve(task: Task, job: Any, call: Any) -> Any:
    """One attempt of a task's job."""
    kept = job.checkpoint if isinstance(job.checkpoint, dict) else {}
    if not isinstance(call, dict) or "args" not in call and "kwargs" not in call:
        call = {"args": [], "kwargs": call if isinstance(call, dict) else {}}  # submitted by something that is not Celery's face
    before = following.given(task.app, task, job, call, "retries" in kept) if following.follows(call) and "args" not in kept else []
    args, kwargs = kept.get("args", before + list(call.get("args", []))), kept.get("kwargs", call.get("kwargs", {}))
    request = Context(
        id=job.id, args=args, kwargs=kwargs, retries=kept.get("retries", 0), called_directly=False, is_eager=False, task=task.name, hostname=hostname(),
        headers=call.get("headers"), parent_id=call.get("parent"), root_id=call.get("root") or job.id, group=call.get("group"), job=job, timelimit=limits_of(task, call),
        ignore_result=bool(call.get("ignored", task.ignore_result)), delivery_info={"routing_key": job.queue, "exchange": "", "redelivered": job.attempt > 1},
    )
    request.args_kept, request.follows = "args" in kept, "from" in call or "errback" in call
    job.request = request
    if task.track_started and not request.ignore_result:
        tell(request, states.STARTED, {"pid": os.getpid(), "hostname": request.hostname})
    started = time.monotonic()
    job._begun()
    with soft_limit(request.timelimit[1]):
        value = trace(task, request)
    log.info("Task %s[%s] succeeded in %.6fs: %r", task.name, job.id, time.monotonic() - started, value)
    return None if request.ignore_result and not call.get("kept") else plain(value)


def trace(task: Task, request: Context) -> Any:
    """The call with its hooks and signals. Raises what the task raises."""
    task_id, args, kwargs = request.id, request.args, request.kwargs
    before = here.task, here.request
    here.task, here.request = task, request
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
                if not request.is_eager and not request.ignore_result:
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
            here.task, here.request = before


def report_of(task: Task, error: BaseException, job: Any) -> Optional[Report]:
    """How the job goes on. Only a retry runs it again: what else fails, fails for good, as Celery has it."""
    request: Optional[Context] = getattr(job, "request", None)
    if isinstance(error, Retry) and request is not None:
        return _retry(task, error, request)
    if isinstance(error, following.Later):
        return {"outcome": "later", "delay": error.seconds}
    if isinstance(error, following.Expired):
        return {"outcome": "success", "result": Encoded(written({STATE: {"state": states.REVOKED, "meta": "expired"}}))}
    if isinstance(error, (Ignore, Reject)):
        if isinstance(error, Reject) and error.requeue:
            return {"outcome": "returned"}
        return _unsaid(request)
    if isinstance(error, Exception):
        if isinstance(error, tuple(task.throws)):
            log.info("Task %s[%s] raised expected: %r", task.name, job.id, error)
        else:
            log.error("Task %s[%s] raised unexpected: %r", task.name, job.id, error, exc_info=error)
        return _failure(error, final=True).report()
    return _failure(error, final=True).report() if isinstance(error, SystemExit) else None


def _retry(task: Task, retry: Retry, request: Context) -> Report:
    """The count is kept with the job, since crashes count attempts too; so are arguments that the retry has changed."""
    job = request.job
    kept: Dict[str, Any] = {"retries": request.retries + 1}
    args, kwargs = (list(retry.sig.args), retry.sig.kwargs) if retry.sig is not None else (list(request.args), request.kwargs)
    changed = args != list(request.args) or kwargs != request.kwargs
    if changed or request.get("args_kept"):
        kept.update(args=plain(args), kwargs=plain(kwargs))
    elif request.get("follows"):
        # What it was given may be gone by the time that it runs again.
        given = {"args": plain(args), "kwargs": plain(kwargs)}
        kept.update(given if len(encode(given)) <= MOST_KEPT else {})
    job.save_checkpoint(kept)
    when = retry.when
    if isinstance(when, datetime) and not when.tzinfo:
        when = when.replace(tzinfo=task.app._zone())
    delay = seconds_until(when, datetime.now(timezone.utc))
    log.info("Task %s[%s] retry: %s", task.name, job.id, retry)
    if job.attempts and job.attempt >= job.attempts:
        return {"outcome": "later", "delay": delay}
    cause = retry.exc if isinstance(retry.exc, BaseException) else None
    said = _failure(cause, delay=delay) if cause else Failure(retry.excs or "", "NoneType", delay=delay)
    return said.report()


def _failure(error: BaseException, final: bool = False, delay: Optional[float] = None) -> Failure:
    return Failure(exception_text(error), exception_name(error), final=final, delay=delay, trace=trace_of(error))


def _unsaid(request: Optional[Context]) -> Report:
    """The task asked that nothing be said of its end: its state stays the one that it said last."""
    state, meta = (request.get("said") if request is not None else None) or (states.PENDING, None)
    if state == states.FAILURE and isinstance(meta, dict) and "exc_type" in meta:
        message = meta.get("exc_message")
        text = str(message[0]) if isinstance(message, (list, tuple)) and len(message) == 1 else str(message) if message is not None else ""
        module = meta.get("exc_module")
        name = str(meta["exc_type"])
        return Failure(text, name if module in (None, "builtins") else f"{module}.{name}", final=True).report()
    return {"outcome": "success", "result": Encoded(written({STATE: {"state": state, "meta": plain(meta)}}))}


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
