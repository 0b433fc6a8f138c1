"""`Celery`: an application, its tasks, and how they are called."""
from __future__ import annotations

import importlib
import os
import sys
import threading
from datetime import datetime, timedelta, timezone, tzinfo
from fnmatch import fnmatchcase
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type
from uuid import uuid4

from ..client import Client
from ..errors import InvalidRequest, NotAllowed, Problem
from ..exchange import Request
from ..operations import encode
from ..worker.definitions import NAME, Definition
from . import signals
from .conf import Settings, check_url
from .control import Control
from .encoding import plain
from .exceptions import ImproperlyConfigured, NotRegistered, needs_schedules, not_here
from .result import AsyncResult, GroupResult, ResultSet
from .task import Task as BaseTask
from .task import checker, refuse

ATTEMPTS = 100
"""Of a task's job: the task itself counts its retries."""

SOFT_LIMIT = "ORLEANSJOBS_CELERY_SOFT_TIME_LIMIT"
"""How a worker tells its processes of --soft-time-limit: each loads the application anew."""

_apps: List["Celery"] = []
_shared: List[Tuple[Callable[..., Any], Dict[str, Any]]] = []
_local = threading.local()


class TaskRegistry(Dict[str, BaseTask]):
    def __missing__(self, name: str) -> BaseTask:
        raise NotRegistered(name)


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
        self.tasks = TaskRegistry()
        self.control = Control(self)
        self.on_configure = signals.Signal("app.on_configure")
        self.on_after_configure = signals.Signal("app.on_after_configure")
        self.on_after_finalize = signals.Signal("app.on_after_finalize")
        self._client: Optional[Client] = None
        self._client_url: Optional[str] = None
        self._lock = threading.Lock()
        self._packages: List[Tuple[List[str], str]] = []
        self._definitions: Optional[Dict[str, Definition]] = None
        if task_cls is not None:
            self.Task = importlib_attribute(task_cls) if isinstance(task_cls, str) else task_cls
        self.conf.update({name: value for name, value in more.items() if name in self.conf})
        if broker is not None:
            self.conf.broker_url = broker
        if backend is not None:
            self.conf.result_backend = backend
        if include:
            self.conf.include = [include] if isinstance(include, str) else list(include)
        if config_source is not None:
            self.config_from_object(config_source, namespace=namespace)
        _apps.append(self)
        for function, options in _shared:
            self._register(function, options)
        if set_as_current:
            self.set_current()

    # Settings.

    def config_from_object(self, obj: Any, silent: bool = False, force: bool = False, namespace: Optional[str] = None) -> None:
        self.conf.take(importlib_attribute(obj) if isinstance(obj, str) else obj, namespace)

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
        _local.app = self
        global _default
        _default = self

    set_default = set_current

    def autodiscover_tasks(self, packages: Any = None, related_name: str = "tasks", force: bool = False) -> None:
        """Imports `tasks` of each package, when the worker starts or at once."""
        if packages is None:
            raise not_here("autodiscover_tasks() without packages", "name them")
        found = list(packages() if callable(packages) else packages)
        self._packages.append((found, related_name))
        if force:
            self._import()

    # Tasks.

    def task(self, *args: Any, **options: Any) -> Any:
        """`@app.task` or `@app.task(bind=True, ...)`."""
        if args and callable(args[0]):
            return self._register(args[0], options)
        if args:
            raise TypeError("@task() takes exactly 1 argument, a callable; everything else is named")
        return lambda function: self._register(function, options)

    def register_task(self, task: Any, **options: Any) -> BaseTask:
        made = task() if isinstance(task, type) else task
        made.name = made.name or self.gen_task_name(type(made).__name__, type(made).__module__)
        for name, value in options.items():
            setattr(made, name, value)
        return self._take(made, made.run, skip_first=False)

    def gen_task_name(self, name: str, module: str) -> str:
        prefix = self.main if module in ("__main__", "__mp_main__") and self.main else "__main__" if module == "__mp_main__" else module
        return ".".join(part for part in (prefix, name) if part)

    def _register(self, function: Callable[..., Any], given: Mapping[str, Any]) -> BaseTask:
        options = dict(given)
        if isinstance(function, BaseTask):
            return function
        name = options.pop("name", None) or self.gen_task_name(function.__name__, function.__module__)
        if name in self.tasks:
            return self.tasks[name]
        base = options.pop("base", None) or self.Task
        bind = options.pop("bind", False)
        options.pop("shared", None), options.pop("lazy", None)
        serializer = options.get("serializer", "json")
        if serializer != "json":
            raise ImproperlyConfigured(f"a task's serializer is json here; {name} asks for {serializer!r}")
        run = function if bind else staticmethod(function)
        members = {
            "run": run, "bind": bind, "__doc__": function.__doc__, "__module__": function.__module__, "__wrapped__": staticmethod(function), **options}
        made = type(function.__name__, (base,), members)()
        made.name = name
        return self._take(made, function, skip_first=bind)

    def _take(self, task: BaseTask, function: Callable[..., Any], skip_first: bool) -> BaseTask:
        if not NAME.fullmatch(task.name):
            raise ValueError(f"a task's name is 1 to 64 of A-Z a-z 0-9 . _ - here; {task.name!r} is not: give it another with name=")
        if "_local" not in task.__dict__:  # a base whose __init__ does not call ours
            BaseTask.__init__(task)
        task.app = self
        task._check = checker(function, skip_first) if task.typing else None
        task.__dict__.setdefault("__name__", getattr(function, "__name__", task.name))
        for option, setting in (
                ("time_limit", "task_time_limit"), ("soft_time_limit", "task_soft_time_limit"), ("rate_limit", "task_default_rate_limit"),
                ("track_started", "task_track_started"), ("ignore_result", "task_ignore_result"), ("acks_late", "task_acks_late")):
            if getattr(type(task), option) is getattr(BaseTask, option):
                _follow(task, option, setting)
        self.tasks[task.name] = task
        return task

    # Calling.

    def send_task(
        self, name: str, args: Any = None, kwargs: Optional[Mapping[str, Any]] = None, countdown: Optional[float] = None, eta: Any = None,
        task_id: Optional[str] = None, expires: Any = None, queue: Any = None, priority: Optional[int] = None, retry: Optional[bool] = None,
        ignore_result: Optional[bool] = None, headers: Any = None, time_limit: Optional[float] = None, soft_time_limit: Optional[float] = None,
        task: Optional[BaseTask] = None, **options: Any,
    ) -> AsyncResult:
        """Hands a task in by its name, whether this program has it or not."""
        refuse(options)
        task = task or self.tasks.get(name)
        call: Dict[str, Any] = {"args": list(args or ()), "kwargs": dict(kwargs or {})}
        if isinstance(args, str) or args is not None and not hasattr(args, "__iter__"):
            raise TypeError("task args must be a list or tuple")
        ignored = ignore_result if ignore_result is not None else bool(task is not None and task.ignore_result)
        more = {"headers": headers, "limits": [time_limit, soft_time_limit] if time_limit or soft_time_limit else None, "ignored": ignored or None}
        call.update({key: value for key, value in more.items() if value})
        call.update(_lineage())
        queue = getattr(queue, "name", queue) or (task.queue if task else None) or self._route(name) or self.conf.task_default_queue
        priority = priority if priority is not None else task.priority if task and task.priority is not None else self.conf.task_default_priority
        expires = expires if expires is not None else task.expires if task else None
        task_id = task_id or str(uuid4())
        body: Dict[str, Any] = {
            "type": name, "args": plain(call), "id": task_id, "queue": queue, "priority": priority, "attempts": ATTEMPTS,
            **_when(countdown, eta, self._zone()), "expires": _expiry(expires, self._zone()),
        }
        body = {key: value for key, value in body.items() if value is not None}
        result = AsyncResult(task_id, app=self, task_name=name)
        result.ignored = ignored
        signals.before_task_publish.send(sender=name, body=(call["args"], call["kwargs"], {}), headers=headers or {}, routing_key=queue)
        self._submit(name, body, patient=retry is not False)
        signals.after_task_publish.send(sender=name, body=(call["args"], call["kwargs"], {}), headers=headers or {}, routing_key=queue)
        return result

    def _submit(self, name: str, body: Mapping[str, Any], patient: bool) -> None:
        client = self.client if patient else Client(self.client.url, self._key(), patience=0)
        request = Request("POST", "/jobs", encode(body), {"content-type": "application/json"})
        try:
            client.ask(request)
        except InvalidRequest as problem:
            if problem.code != "unknown-type":
                raise
            # No worker that knows it has run yet: say that there is such a task, so that it can wait for one.
            self.announce(name)
            client.ask(request)

    def announce(self, name: str) -> None:
        task = self.tasks.get(name)
        said = {key: value for key, value in definition_words(self, task).items() if value is not None} if task else {"attempts": ATTEMPTS}
        try:
            self.client.ask(Request("PUT", f"/job-types/{name}", encode(said), {"content-type": "application/json"}))
        except (NotAllowed, Problem) as problem:
            raise ImproperlyConfigured(
                f"the grid knows no task {name!r} yet, and this program may not announce it ({problem}): start its worker first, or use a key with the "
                "scope work") from problem

    def _route(self, name: str) -> Optional[str]:
        routes = self.conf.task_routes
        for route in routes if isinstance(routes, (list, tuple)) else [routes]:
            if route is None:
                continue
            if not isinstance(route, Mapping):
                raise not_here("a router function in task_routes", "name queues by patterns")
            for pattern, where in route.items():
                if pattern == name or fnmatchcase(name, pattern):
                    return where if isinstance(where, str) else where.get("queue")
        return None

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
        raise needs_schedules("add_periodic_task")

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
        if not name:
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
            from .running import definition
            self._definitions = {name: definition(self, task) for name, task in self.tasks.items()}
        return self._definitions

    def worker_main(self, argv: Optional[List[str]] = None) -> None:
        from .__main__ import serve
        serve(self, argv if argv is not None else sys.argv[1:])

    start = worker_main

    def finalize(self, auto: bool = False) -> None: ...

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _import(self) -> None:
        for module in (*_listed(self.conf.imports), *_listed(self.conf.include)):
            importlib.import_module(module)
        for packages, related in self._packages:
            for package in packages:
                name = f"{package}.{related}" if related else package
                try:
                    importlib.import_module(name)
                except ModuleNotFoundError as error:
                    if error.name != name and error.name != package:
                        raise

    def __enter__(self) -> "Celery":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Celery {self.main or '__main__'}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("definitions",):
            raise AttributeError(name)
        raise not_here(f"Celery.{name}")


_default: Optional[Celery] = None


def definition_words(app: Celery, task: BaseTask) -> Dict[str, Any]:
    """What is said of a task's job type, by whoever says it first; the same by worker and caller."""
    text = (task.__doc__ or "").strip() if task.__doc__ is not BaseTask.__doc__ else ""
    return {
        "queue": task.queue or app._route(task.name) or app.conf.task_default_queue, "attempts": ATTEMPTS,
        "description": " ".join(text.split("\n\n")[0].split())[:1024] or None,
    }


def _follow(task: BaseTask, option: str, setting: str) -> None:
    """Has a task's option follow a setting of the application, whenever that is made."""
    kind = type(task)

    def own(self: BaseTask) -> Any:
        return _own(self, option, setting)

    def take(self: BaseTask, value: Any) -> None:
        self.__dict__["_" + option] = value

    setattr(kind, option, property(own, take))


def _own(task: BaseTask, option: str, setting: str) -> Any:
    if "_" + option in task.__dict__:
        return task.__dict__["_" + option]
    value = task.app.conf[setting]
    return value if value is not None else getattr(BaseTask, option)


def _lineage() -> Dict[str, Any]:
    """Of a call from within a task: whose child it is."""
    request = getattr(_local, "request", None)
    return {} if request is None else {"parent": request.id, "root": request.root_id or request.id}


def _when(countdown: Any, eta: Any, zone: tzinfo) -> Dict[str, Any]:
    if eta is not None:
        moment = datetime.fromisoformat(eta) if isinstance(eta, str) else eta
        return {"eta": (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()}
    if countdown is None:
        return {}
    seconds = countdown.total_seconds() if isinstance(countdown, timedelta) else countdown
    return {"countdown": max(0, seconds)}


def _expiry(expires: Any, zone: tzinfo) -> Any:
    if expires is None:
        return None
    if isinstance(expires, str):
        expires = datetime.fromisoformat(expires)
    if isinstance(expires, datetime):
        return (expires if expires.tzinfo else expires.replace(tzinfo=zone)).isoformat()
    seconds = float(expires.total_seconds() if isinstance(expires, timedelta) else expires)
    # What has expired already is submitted all the same, and says so as any other does.
    return seconds if seconds > 0 else (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat()


def _listed(names: Any) -> List[str]:
    return [names] if isinstance(names, str) else list(names or ())


def importlib_attribute(path: str) -> Any:
    """`package.module`, `package.module:attribute` or `package.module.attribute`."""
    name, _, attribute = path.partition(":")
    if attribute:
        return getattr(importlib.import_module(name), attribute)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        name, _, attribute = path.rpartition(".")
        return getattr(importlib.import_module(name), attribute)


def task_by_name(name: str) -> BaseTask:
    return current_app.tasks[name]  # type: ignore[no-any-return]


def shared_task(*args: Any, **options: Any) -> Any:
    """A task of whichever application the program has: of those there are, and of those to come."""

    def make(function: Callable[..., Any]) -> Any:
        _shared.append((function, dict(options)))
        for app in _apps:
            app._register(function, dict(options))
        name = options.get("name")
        return Proxy(lambda: _shared_task(function, name))

    return make(args[0]) if args and callable(args[0]) else make


def _shared_task(function: Callable[..., Any], name: Optional[str]) -> BaseTask:
    app = current_app._get_current_object()
    return app.tasks[name or app.gen_task_name(function.__name__, function.__module__)]  # type: ignore[no-any-return]


class Proxy:
    """Stands for something that is looked up whenever it is used."""

    def __init__(self, find: Callable[[], Any]) -> None:
        object.__setattr__(self, "_find", find)

    def _get_current_object(self) -> Any:
        return object.__getattribute__(self, "_find")()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._get_current_object(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._get_current_object(), name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._get_current_object()(*args, **kwargs)

    def __repr__(self) -> str:
        return repr(self._get_current_object())

    def __bool__(self) -> bool:
        return self._get_current_object() is not None

    def __eq__(self, other: object) -> bool:
        other = other._get_current_object() if isinstance(other, Proxy) else other
        return self._get_current_object() == other  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return hash(self._get_current_object())


def _current() -> Celery:
    found = getattr(_local, "app", None) or _default
    return found if found is not None else Celery("default")


current_app: Any = Proxy(_current)
current_task: Any = Proxy(lambda: getattr(_local, "task", None))
