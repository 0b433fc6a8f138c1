"""`Celery`: an application, its tasks, and how they are called."""
from __future__ import annotations

import importlib
import os
import sys
import threading
from datetime import datetime, timezone, tzinfo
from functools import partial
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple, Type
from uuid import uuid4

from ..client import Client
from ..worker.definitions import Definition
from . import calling, current, registering, signals
from .canvas import Signature, builtins
from .conf import Settings, check_url
from .control import Control
from .encoding import plain
from .exceptions import ImproperlyConfigured, missing, not_here
from .importing import attribute_of, import_related, installed_apps, is_of_django, listed
from .options import refuse
from .result import AsyncResult, GroupResult, ResultSet
from .task import Task as BaseTask

SOFT_LIMIT = "ORLEANSJOBS_CELERY_SOFT_TIME_LIMIT"
"""How a worker tells its processes of --soft-time-limit: each loads the application anew."""

INCLUDE = "ORLEANSJOBS_CELERY_INCLUDE"
"""The same of --include."""


class Celery:
    """An application, whose broker and backend is a grid: `Celery("shop", broker="http://localhost:8080")`.

    Without an address it is `ORLEANSJOBS_URL`, which wins over any other, or http://localhost:8080. The API key is `ORLEANSJOBS_KEY`.
    """

    Task: Type[BaseTask] = BaseTask

    def __init__(
        self, main: Optional[str] = None, broker: Optional[str] = None, backend: Optional[str] = None, include: Any = None, config_source: Any = None,
        task_cls: Any = None, set_as_current: bool = True, namespace: Optional[str] = None, **more: Any,
    ) -> None:
        self.main = main
        self.conf = Settings()
        self.tasks = registering.TaskRegistry()
        self.control = Control(self)
        self.on_configure = signals.Signal("app.on_configure")
        self.on_after_configure = signals.Signal("app.on_after_configure")
        self.on_after_finalize = signals.Signal("app.on_after_finalize")
        self._client: Optional[Client] = None
        self._client_url: Optional[str] = None
        self._lock = threading.Lock()
        self._packages: List[Tuple[Callable[[], Iterable[str]], str]] = []
        self._definitions: Optional[Dict[str, Definition]] = None
        if task_cls is not None:
            self.Task = attribute_of(task_cls) if isinstance(task_cls, str) else task_cls
        self.conf.update({name: value for name, value in more.items() if name in self.conf})
        if broker is not None:
            self.conf.broker_url = broker
        if backend is not None:
            self.conf.result_backend = backend
        if include:
            self.conf.include = [include] if isinstance(include, str) else list(include)
        if config_source is not None:
            self.config_from_object(config_source, namespace=namespace)
        builtins.register(self)
        current.joined(self)
        if set_as_current:
            self.set_current()

    # Settings.

    def config_from_object(self, obj: Any, silent: bool = False, force: bool = False, namespace: Optional[str] = None) -> None:
        self.conf.take(attribute_of(obj) if isinstance(obj, str) else obj, namespace)

    def config_from_envvar(self, variable_name: str, silent: bool = False, force: bool = False) -> bool:
        module = os.environ.get(variable_name)
        if not module:
            if silent:
                return False
            raise ImproperlyConfigured(f"{variable_name} is not set")
        self.config_from_object(module)
        return True

    def add_defaults(self, source: Any) -> None:
        for name, value in (source() if callable(source) else source).items():
            self.conf.setdefault(name, value)

    def set_current(self) -> None:
        current.make_current(self)

    set_default = set_current

    def autodiscover_tasks(self, packages: Any = None, related_name: str = "tasks", force: bool = False) -> None:
        """Imports `tasks` of each package, when the worker starts or at once; without packages of all that Django has installed."""
        if packages is None and not is_of_django():
            raise not_here("autodiscover_tasks() without packages", "name them, or set DJANGO_SETTINGS_MODULE before")
        self._packages.append((installed_apps if packages is None else packages if callable(packages) else partial(list, packages), related_name))
        if force:
            self._import()

    # Tasks.

    def task(self, *args: Any, **options: Any) -> Any:
        """`@app.task` or `@app.task(bind=True, ...)`."""
        if args and callable(args[0]):
            return registering.made_of(self, args[0], options)
        if args:
            raise TypeError("@task() takes exactly 1 argument, a callable; everything else is named")
        return lambda function: registering.made_of(self, function, options)

    def register_task(self, task: Any, **options: Any) -> BaseTask:
        made = task() if isinstance(task, type) else task
        made.name = made.name or self.gen_task_name(type(made).__name__, type(made).__module__)
        for name, value in options.items():
            setattr(made, name, value)
        return registering.register(self, made, made.run, skip_first=False)

    def gen_task_name(self, name: str, module: str) -> str:
        prefix = self.main if module in ("__main__", "__mp_main__") and self.main else "__main__" if module == "__mp_main__" else module
        return ".".join(part for part in (prefix, name) if part)

    # Calling.

    def send_task(
        self, name: str, args: Any = None, kwargs: Optional[Mapping[str, Any]] = None, countdown: Optional[float] = None, eta: Any = None,
        task_id: Optional[str] = None, expires: Any = None, queue: Any = None, priority: Optional[int] = None, retry: Optional[bool] = None,
        ignore_result: Optional[bool] = None, headers: Any = None, time_limit: Optional[float] = None, soft_time_limit: Optional[float] = None,
        task: Optional[BaseTask] = None, canvas: Any = None, **options: Any,
    ) -> AsyncResult:
        """Hands a task in by its name, whether this program has it or not."""
        refuse(options)
        if options.get("link") or options.get("link_error"):
            said = {
                "countdown": countdown, "eta": eta, "task_id": task_id, "expires": expires, "queue": queue, "priority": priority, "ignore_result": ignore_result,
                "headers": headers, "time_limit": time_limit, "soft_time_limit": soft_time_limit, **options}
            return Signature(name, args, kwargs, {key: value for key, value in said.items() if value is not None}, app=self)._written((), {}, {})  # type: ignore[no-any-return]
        registering.annotate(self)
        task = task or self.tasks.get(name)
        # What is not said is for the worker to know.
        ignored = ignore_result if ignore_result is not None else True if task is not None and task.ignore_result else None
        call = calling.call_of(args, kwargs, headers, [time_limit, soft_time_limit], ignored)
        queue = getattr(queue, "name", queue) or (task.queue if task else None) or calling.queue_of(self, name) or self.conf.task_default_queue
        priority = priority if priority is not None else task.priority if task and task.priority is not None else self.conf.task_default_priority
        expires = expires if expires is not None else task.expires if task else None
        body: Dict[str, Any] = {
            "type": name, "args": plain(call), "id": task_id or str(uuid4()), "queue": queue, "priority": priority, "attempts": calling.ATTEMPTS,
            **calling.when_of(countdown, eta, self._zone), "expires": calling.expiry_of(expires, self._zone),
            "retention": calling.retention_of(self.conf.result_expires),
        }
        result = AsyncResult(body["id"], app=self, task_name=name)
        result.ignored = bool(ignored)
        if canvas is not None:
            canvas.write({key: value for key, value in body.items() if value is not None})
            return result
        said = {"sender": name, "body": (call["args"], call["kwargs"], {}), "headers": headers or {}, "routing_key": queue}
        signals.before_task_publish.send(**said)
        calling.submit(self, {key: value for key, value in body.items() if value is not None}, patient=retry is not False)
        signals.after_task_publish.send(**said)
        return result

    def signature(self, *args: Any, **kwargs: Any) -> Any:
        from .canvas import signature
        return signature(*args, app=self, **kwargs)

    def AsyncResult(self, id: str, task_name: Optional[str] = None, **_: Any) -> AsyncResult:
        return AsyncResult(id, app=self, task_name=task_name)

    def ResultSet(self, results: Any, **_: Any) -> ResultSet:
        return ResultSet(results, app=self)

    def GroupResult(self, id: Optional[str] = None, results: Any = (), **_: Any) -> GroupResult:
        return GroupResult(id, results, app=self)

    def add_periodic_task(self, *args: Any, **kwargs: Any) -> Any:
        from .beat.adding import add
        return add(self, *args, **kwargs)

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    # The grid.

    @property
    def client(self) -> Client:
        """The grid, for whatever Celery has no word for."""
        url = self.url()
        with self._lock:
            if self._client is None or self._client_url != url:
                self._client, self._client_url = Client(url, self._key()), url
            return self._client

    def url(self) -> Optional[str]:
        for name in ("broker_url", "result_backend"):
            if self.conf[name]:
                check_url(name, self.conf[name])
        found: Optional[str] = os.environ.get("ORLEANSJOBS_URL") or self.conf.broker_url or self.conf.result_backend
        return found

    def _key(self) -> Optional[str]:
        return self.conf.orleansjobs_key  # type: ignore[no-any-return]

    def _zone(self) -> tzinfo:
        """What naive times are in."""
        name = self.conf.timezone
        if not name or str(name).upper() == "UTC":  # which needs no data of zones
            return timezone.utc
        if isinstance(name, tzinfo):
            return name
        from zoneinfo import ZoneInfo
        return ZoneInfo(str(name))

    # The worker.

    def definitions(self) -> Mapping[str, Definition]:
        """What a worker of this application runs; imports what is to be imported."""
        if self._definitions is None:
            self._import()
            if os.environ.get(SOFT_LIMIT):
                self.conf.task_soft_time_limit = float(os.environ[SOFT_LIMIT])
            self.on_after_configure.send(sender=self)
            self.on_after_finalize.send(sender=self)
            registering.annotate(self)
            from .running import definition
            self._definitions = {name: definition(self, task) for name, task in self.tasks.items()}
        return self._definitions

    def child_started(self) -> None:
        """In each process of a worker, once it has imported the application."""
        signals.worker_process_init.send(sender=None)

    def worker_main(self, argv: Optional[List[str]] = None) -> None:
        from .__main__ import serve
        serve(self, argv if argv is not None else sys.argv[1:])

    start = worker_main

    def finalize(self, auto: bool = False) -> None: ...

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _import(self) -> None:
        for module in (*listed(self.conf.imports), *listed(self.conf.include), *os.environ.get(INCLUDE, "").split(",")):
            if module:
                importlib.import_module(module)
        for packages, related in self._packages:
            for package in packages():
                import_related(package, related)

    def __enter__(self) -> "Celery":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Celery {self.main or '__main__'}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("definitions",):
            raise AttributeError(name)
        raise missing(f"Celery.{name}")
