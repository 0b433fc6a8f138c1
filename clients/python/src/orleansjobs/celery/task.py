"""Tasks: what `@app.task` makes of a function."""
from __future__ import annotations

import threading
from datetime import datetime
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type
from uuid import uuid4

from . import states
from .canvas import Signature, chunks, xmap, xstarmap
from .context import Context, ExceptionInfo
from .current import here, task_by_name
from .exceptions import Ignore, MaxRetriesExceededError, Reject, Retry, not_here
from .options import refuse, refuse_all
from .result import EagerResult
from .retrying import backoff

class Task:
    """Its options are attributes, as Celery's are; override `on_success` and its like in a class given as `base`."""

    name: str = ""
    app: Any = None
    bind = False
    abstract = False
    max_retries: Optional[int] = 3
    default_retry_delay: float = 180
    rate_limit: Any = None
    time_limit: Optional[float] = None
    soft_time_limit: Optional[float] = None
    ignore_result = False
    track_started = False
    acks_late = False
    reject_on_worker_lost: Optional[bool] = None
    queue: Optional[str] = None
    priority: Optional[int] = None
    expires: Any = None
    autoretry_for: Tuple[Type[BaseException], ...] = ()
    dont_autoretry_for: Tuple[Type[BaseException], ...] = ()
    retry_kwargs: Optional[Dict[str, Any]] = None
    retry_backoff: Any = False
    retry_backoff_max = 600
    retry_jitter = True
    throws: Tuple[Type[BaseException], ...] = ()
    typing = True
    serializer = "json"
    MaxRetriesExceededError = MaxRetriesExceededError
    request_stack: Any = None

    def __init__(self) -> None:
        self._local = threading.local()
        self._check: Optional[Callable[..., Any]] = None

    def run(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("Tasks must define the run method.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.entering:  # the worker's own call, by way of a __call__ that goes on to this one
            self.request.entering = False
            return self.run(*args, **kwargs)
        before, here.task = here.task, self
        self.push_request(Context(args=args, kwargs=kwargs))
        try:
            return self.run(*args, **kwargs)
        finally:
            self.pop_request()
            here.task = before

    # Hooks.

    def before_start(self, task_id: Any, args: Any, kwargs: Any) -> None: ...

    def on_success(self, retval: Any, task_id: Any, args: Any, kwargs: Any) -> None: ...

    def on_failure(self, exc: Any, task_id: Any, args: Any, kwargs: Any, einfo: Any) -> None: ...

    def on_retry(self, exc: Any, task_id: Any, args: Any, kwargs: Any, einfo: Any) -> None: ...

    def after_return(self, status: Any, retval: Any, task_id: Any, args: Any, kwargs: Any, einfo: Any) -> None: ...

    # Calling.

    def delay(self, *args: Any, **kwargs: Any) -> Any:
        return self.apply_async(args, kwargs)

    def apply_async(
        self, args: Any = None, kwargs: Optional[Mapping[str, Any]] = None, task_id: Optional[str] = None, producer: Any = None, link: Any = None,
        link_error: Any = None, shadow: Any = None, **options: Any,
    ) -> Any:
        if self.typing and self._check is not None:
            self._check(*(args or ()), **(kwargs or {}))
        refuse(dict(options, shadow=shadow))
        if self.app.conf.task_always_eager:
            return self.apply(args, kwargs, link, link_error, task_id or str(uuid4()), **options)
        if link or link_error:
            return Signature(self, args, kwargs, {**options, "link": link, "link_error": link_error, "task_id": task_id}, app=self.app)._written((), {}, {})
        return self.app.send_task(self.name, args, kwargs, task_id=task_id, task=self, **options)

    def apply(
        self, args: Any = None, kwargs: Optional[Mapping[str, Any]] = None, link: Any = None, link_error: Any = None, task_id: Optional[str] = None,
        retries: int = 0, throw: Optional[bool] = None, **options: Any,
    ) -> EagerResult:
        """Runs it here and now."""
        throw = self.app.conf.task_eager_propagates if throw is None else throw
        task_id = task_id or str(uuid4())
        args, kwargs = tuple(args or ()), dict(kwargs or {})
        request = Context(
            id=task_id, args=args, kwargs=kwargs, is_eager=True, called_directly=False, retries=retries, task=self.name, root_id=task_id,
            delivery_info={"is_eager": True})
        from .canvas import linked
        from .running import trace
        try:
            value = trace(self, request)
        except Retry as retry:
            return retry.sig.apply(retries=retries + 1)  # type: ignore[no-any-return]
        except (Ignore, Reject) as ended:
            return EagerResult(task_id, ended, states.IGNORED if isinstance(ended, Ignore) else states.REJECTED, name=self.name)
        except Exception as error:
            linked.failed(self, link_error, request, error)
            if throw:
                raise
            return EagerResult(task_id, error, states.FAILURE, ExceptionInfo(error).traceback, self.name)
        linked.succeeded(self, link, value)
        return EagerResult(task_id, value, states.SUCCESS, name=self.name)

    def s(self, *args: Any, **kwargs: Any) -> Signature:
        return Signature(self, args, kwargs, app=self.app)

    def si(self, *args: Any, **kwargs: Any) -> Signature:
        return Signature(self, args, kwargs, app=self.app, immutable=True)

    def signature(self, args: Any = None, kwargs: Optional[Mapping[str, Any]] = None, **named: Any) -> Signature:
        return Signature(self, args, kwargs, named.pop("options", None), app=self.app, **named)

    subtask = signature

    def map(self, it: Any) -> Any:
        return xmap(self, it, app=self.app)

    def starmap(self, it: Any) -> Any:
        return xstarmap(self, it, app=self.app)

    def chunks(self, it: Any, n: int) -> Any:
        return chunks(self, it, n, app=self.app)

    def replace(self, sig: Any) -> Any:
        raise not_here("Task.replace", "return what it takes, and let a task that follows do the rest")

    def add_to_chord(self, sig: Any, lazy: bool = False) -> Any:
        raise not_here("Task.add_to_chord", "a chord's header is what it was when it was called")

    def AsyncResult(self, task_id: str, **more: Any) -> Any:
        return self.app.AsyncResult(task_id, task_name=self.name)

    # Within a call.

    @property
    def request(self) -> Context:
        stack = self._stack()
        return stack[-1] if stack else Context()

    def push_request(self, request: Context) -> None:
        self._stack().append(request)

    def pop_request(self) -> None:
        self._stack().pop()

    def _stack(self) -> List[Context]:
        if not hasattr(self._local, "stack"):
            self._local.stack = []
        return self._local.stack  # type: ignore[no-any-return]

    def update_state(self, task_id: Optional[str] = None, state: Optional[str] = None, meta: Any = None, request: Any = None, **_: Any) -> None:
        """Says where the task stands, with any JSON of up to 4 KiB. `current`, `total` and `status` in it also move the bar of the grid's own pages."""
        request = request or self.request
        if task_id is not None and task_id != request.id:
            raise not_here("update_state of another task", "a task speaks for itself")
        if request.job is not None:
            from .running import tell
            tell(request, state, meta)

    def retry(
        self, args: Any = None, kwargs: Optional[Mapping[str, Any]] = None, exc: Any = None, throw: bool = True, eta: Optional[datetime] = None,
        countdown: Optional[float] = None, max_retries: Optional[int] = None, **options: Any,
    ) -> Retry:
        """Has the task run again, by raising `Retry`; beyond `max_retries` the error, or `MaxRetriesExceededError`."""
        request = self.request
        refuse_all(options)
        limit = self.max_retries if max_retries is None else max_retries
        if request.called_directly:
            _raise(exc or Retry("Task can be retried", None))
        if not eta and countdown is None:
            countdown = self.default_retry_delay
        again = Signature(
            self, request.args if args is None else args, request.kwargs if kwargs is None else kwargs, {"countdown": countdown, "eta": eta, "task_id": request.id},
            app=self.app)
        if limit is not None and request.retries + 1 > limit:
            if exc:
                _raise(exc)
            raise self.MaxRetriesExceededError(
                f"Can't retry {self.name}[{request.id}] args:{again.args} kwargs:{again.kwargs}", task_args=again.args, task_kwargs=again.kwargs)
        retry = Retry(exc=exc, when=eta or countdown, is_eager=request.is_eager, sig=again)
        if throw:
            raise retry
        request.retry_asked = retry
        return retry

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the worker calls: `run`, run again for the exceptions that `autoretry_for` names."""
        custom = type(self).__call__ is not Task.__call__
        self.request.entering = custom
        run: Callable[..., Any] = self.__call__ if custom else self.run
        if not self.autoretry_for:
            return run(*args, **kwargs)
        try:
            return run(*args, **kwargs)
        except (Ignore, Retry):
            raise
        except tuple(self.dont_autoretry_for):
            raise
        except tuple(self.autoretry_for) as error:
            how = dict(self.retry_kwargs or {})
            if self.retry_backoff:
                how["countdown"] = backoff(int(self.retry_backoff), self.request.retries, int(self.retry_backoff_max), self.retry_jitter)
            raise self.retry(exc=error, **how)

    def send_event(self, *args: Any, **kwargs: Any) -> None:
        raise not_here("Task.send_event", "use update_state, which everybody can watch")

    def __repr__(self) -> str:
        return f"<@task: {self.name} of {self.app.main or 'app'}>"

    def __reduce__(self) -> Any:
        return task_by_name, (self.name,)


def _raise(error: Any) -> None:
    raise error if isinstance(error, BaseException) or isinstance(error, type) else Exception(error)
