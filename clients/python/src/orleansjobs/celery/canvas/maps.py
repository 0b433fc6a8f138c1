"""`map`, `starmap` and `chunks`: a task called for each element, in one job or in some."""
from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Iterator, List, Mapping, Optional, Tuple

from .. import calling
from .builtins import builtin
from .group import group
from .placed import Before, Placed
from .signature import Signature, maybe_signature

if TYPE_CHECKING:
    from .plan import Plan


class _Map(Signature):
    name_of_task = ""
    stars = ""

    def __init__(self, task: Any, it: Any, app: Any = None, **options: Any) -> None:
        called = maybe_signature(task, app) if isinstance(task, Mapping) else task.s()
        super().__init__(
            f"celery.{self.name_of_task}", (), {"task": called, "it": list(it)}, options, subtask_type="x" + self.name_of_task, immutable=True,
            app=app or called._app)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any], app: Any = None) -> Any:
        return cls(d["kwargs"]["task"], d["kwargs"]["it"], app=app, **d.get("options", {}))

    @property
    def type(self) -> Any:
        return self.app.tasks[builtin(self.app, self.name_of_task)]

    def apply_async(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        return self.apply((), {}, **options) if self.app.conf.task_always_eager else self._written((), {}, options)

    def apply(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        return self.type.apply((), dict(self["kwargs"]), **{**self["options"], **options})

    def _place(self, plan: Plan, args: Tuple[Any, ...], kwargs: Mapping[str, Any], before: Optional[Before], options: Mapping[str, Any]) -> Placed:
        """Goes where the task goes that it calls."""
        called = self["kwargs"]["task"]
        known = plan.app.tasks.get(called["task"])
        queue = (known.queue if known else None) or calling.queue_of(plan.app, called["task"])
        opts = {**({"queue": queue} if queue else {}), **self["options"], **options}
        return plan.place(Signature(builtin(plan.app, self.name_of_task), immutable=True, app=plan.app), (), self["kwargs"], before, opts)

    def clone(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        return type(self)._again(self, {**self["options"], **options})

    @classmethod
    def _again(cls, given: "_Map", options: Mapping[str, Any]) -> Any:
        return cls(given["kwargs"]["task"], given["kwargs"]["it"], app=given._app, **options)

    def __deepcopy__(self, memo: Any) -> Any:
        return self.clone()

    def __repr__(self) -> str:
        return f"[{self['kwargs']['task']['task']}({self.stars}x) for x in {repr(self['kwargs']['it'])[:100]}]"


@Signature.kind("xmap")
class xmap(_Map):
    """`task.map([1, 2])`: `[task(1), task(2)]`, in one job."""

    name_of_task = "map"


@Signature.kind("xstarmap")
class xstarmap(_Map):
    """`task.starmap([(1, 2), (3, 4)])`: `[task(1, 2), task(3, 4)]`, in one job."""

    name_of_task = "starmap"
    stars = "*"


@Signature.kind("chunks")
class chunks(Signature):
    """`task.chunks(arguments, 10)`: a group of `starmap`s of ten calls each."""

    def __init__(self, task: Any, it: Any, n: int, app: Any = None, **options: Any) -> None:
        called = maybe_signature(task, app) if isinstance(task, Mapping) else task.s()
        super().__init__(
            "celery.chunks", (), {"task": called, "it": list(it), "n": n}, options, subtask_type="chunks", immutable=True, app=app or called._app)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any], app: Any = None) -> Any:
        held = d["kwargs"]
        return cls(held["task"], held["it"], held["n"], app=app, **d.get("options", {}))

    def __call__(self, **options: Any) -> Any:
        return self.apply_async(**options)

    def apply_async(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        return self.group().apply_async(args, kwargs, **{**self["options"], **options})

    def apply(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        return self.group().apply(args, kwargs, **{**self["options"], **options})

    def group(self) -> group:
        held = self["kwargs"]
        return group([xstarmap(held["task"], part, app=self._app) for part in _parts(iter(held["it"]), held["n"])], app=self._app)

    def _place(self, plan: Plan, args: Tuple[Any, ...], kwargs: Mapping[str, Any], before: Optional[Before], options: Mapping[str, Any]) -> Placed:
        return self.group()._place(plan, (), {}, before, {**self["options"], **options})

    def clone(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        held = self["kwargs"]
        return chunks(held["task"], held["it"], held["n"], app=self._app, **{**self["options"], **options})

    def __deepcopy__(self, memo: Any) -> Any:
        return self.clone()

    @classmethod
    def apply_chunks(cls, task: Any, it: Any, n: int, app: Any = None) -> Any:
        return cls(task, it, n, app=app)()


def _parts(it: Iterator[Any], n: int) -> Iterator[List[Any]]:
    if n < 1:
        raise ValueError(f"chunks are of 1 or more, not of {n}")
    part = list(islice(it, n))
    while part:
        yield part
        part = list(islice(it, n))
