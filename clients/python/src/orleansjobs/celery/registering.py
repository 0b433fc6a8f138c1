"""What `@app.task` makes of a function: a class with the options as its attributes, and the one instance of it."""
from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional

from ..worker.definitions import NAME
from .conf import by_name
from .exceptions import ImproperlyConfigured, NotRegistered, not_here
from .task import Task

if TYPE_CHECKING:
    from .app import Celery


class TaskRegistry(Dict[str, Task]):
    def __missing__(self, name: str) -> Task:
        raise NotRegistered(name)


def made_of(app: Celery, function: Callable[..., Any], given: Mapping[str, Any]) -> Task:
    options = dict(given)
    if isinstance(function, Task):
        return function
    name = options.pop("name", None) or app.gen_task_name(function.__name__, function.__module__)
    if name in app.tasks:
        return app.tasks[name]
    base = options.pop("base", None) or app.Task
    bind = options.pop("bind", False)
    options.pop("shared", None), options.pop("lazy", None)
    serializer = options.get("serializer", "json")
    if serializer != "json":
        raise ImproperlyConfigured(f"a task's serializer is json here; {name} asks for {serializer!r}")
    run = function if bind else staticmethod(function)
    members = {"run": run, "bind": bind, "__doc__": function.__doc__, "__module__": function.__module__, "__wrapped__": staticmethod(function), **options}
    made: Task = type(function.__name__, (base,), members)()
    made.name = name
    return register(app, made, function, skip_first=bind)


def register(app: Celery, task: Task, function: Callable[..., Any], skip_first: bool) -> Task:
    if not NAME.fullmatch(task.name):
        raise ValueError(f"a task's name is 1 to 64 of A-Z a-z 0-9 . _ - here; {task.name!r} is not: give it another with name=")
    if "_local" not in task.__dict__:  # a base whose __init__ does not call ours
        Task.__init__(task)
    task.app = app
    task._check = checker(function, skip_first) if task.typing else None
    task.__dict__.setdefault("__name__", getattr(function, "__name__", task.name))
    for option, setting in (
            ("time_limit", "task_time_limit"), ("soft_time_limit", "task_soft_time_limit"), ("rate_limit", "task_default_rate_limit"),
            ("track_started", "task_track_started"), ("ignore_result", "task_ignore_result"), ("acks_late", "task_acks_late"),
            ("reject_on_worker_lost", "task_reject_on_worker_lost")):
        if getattr(type(task), option) is getattr(Task, option):
            _follow(task, option, setting)
    app.tasks[task.name] = task
    return task


def annotate(app: Celery) -> None:
    """`task_annotations`: options of tasks that settings give, by a task's name or for all with "*"."""
    for name, options in by_name(app.conf.task_annotations, "an object in task_annotations", "name tasks and their options"):
        for task in app.tasks.values() if name == "*" else [app.tasks[name]] if name in app.tasks else []:
            for option, value in options.items():
                if option.startswith("@"):
                    raise not_here(f"the annotation {option}", "give the task a base class")
                setattr(type(task), option, value)


def _follow(task: Task, option: str, setting: str) -> None:
    """Has a task's option follow a setting of the application, whenever that is made."""
    kind = type(task)

    def own(self: Task) -> Any:
        return _own(self, option, setting)

    def take(self: Task, value: Any) -> None:
        self.__dict__["_" + option] = value

    setattr(kind, option, property(own, take))


def _own(task: Task, option: str, setting: str) -> Any:
    if "_" + option in task.__dict__:
        return task.__dict__["_" + option]
    value = task.app.conf[setting]
    return value if value is not None else getattr(Task, option)


def checker(function: Callable[..., Any], skip_first: bool) -> Optional[Callable[..., Any]]:
    """A function of the same head and no body: called with arguments that do not fit, it says so as the function would."""
    try:
        parameters = list(inspect.signature(function).parameters.values())[skip_first:]
    except (TypeError, ValueError):
        return None
    said: List[str] = []
    starred = False
    kinds = inspect.Parameter
    for index, parameter in enumerate(parameters):
        if parameter.kind == kinds.VAR_POSITIONAL:
            said.append("*" + parameter.name)
            starred = True
            continue
        if parameter.kind == kinds.VAR_KEYWORD:
            said.append("**" + parameter.name)
            continue
        if parameter.kind == kinds.KEYWORD_ONLY and not starred:
            said.append("*")
            starred = True
        said.append(parameter.name + ("" if parameter.default is kinds.empty else "=None"))
        last_positional_only = parameter.kind == kinds.POSITIONAL_ONLY and (
            index + 1 == len(parameters) or parameters[index + 1].kind != kinds.POSITIONAL_ONLY)
        if last_positional_only:
            said.append("/")
    name = function.__name__ if function.__name__.isidentifier() else "task"
    place: Dict[str, Any] = {}
    exec(f"def {name}({', '.join(said)}): pass", {}, place)  # names that Python itself has parsed
    return place[name]  # type: ignore[no-any-return]
