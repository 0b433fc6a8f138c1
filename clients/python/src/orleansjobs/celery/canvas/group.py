"""`group`: tasks beside each other."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, Optional, Tuple
from uuid import uuid4

from ..resultset import GroupResult
from .placed import Before, Placed
from .several import Several
from .signature import Signature, maybe_signature

if TYPE_CHECKING:
    from .plan import Plan


@Signature.kind("group")
class group(Several):
    """`group(a.s(1), b.s(2))`, or `group(a.s(n) for n in range(10))`; its result is a `GroupResult`. A group within a group is part of it."""

    def __init__(self, *tasks: Any, app: Any = None, **options: Any) -> None:
        listed: Iterable[Any] = tasks
        if len(tasks) == 1:
            only = tasks[0]
            listed = only.tasks if isinstance(only, group) else [only.clone()] if isinstance(only, Signature) else [only] if isinstance(only, Mapping) else only
        super().__init__("celery.group", (), {"tasks": [maybe_signature(task, app) for task in listed]}, options, subtask_type="group", app=app)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any], app: Any = None) -> Any:
        return cls(list(d["kwargs"]["tasks"]), app=app, **d.get("options", {}))

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.apply_async(args, **options)

    def apply_async(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        for name in ("link", "link_error"):
            if options.get(name) is not None:
                raise TypeError("Cannot add link to group: " + ("use a chord" if name == "link" else "do that on individual tasks"))
        if self.app.conf.task_always_eager:
            return self.apply(args, kwargs, **options)
        return self._written(args, kwargs, options)

    def apply(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> GroupResult:
        opts = {**self["options"], **options}
        id = opts.pop("task_id", None) or str(uuid4())
        return GroupResult(id, [task.apply(args, kwargs, **opts) for task in self.members()], app=self.app)

    def members(self) -> Iterator[Any]:
        for task in self.tasks:
            yield from task.members() if isinstance(task, group) else [task]

    def _place(self, plan: Plan, args: Tuple[Any, ...], kwargs: Mapping[str, Any], before: Optional[Before], options: Mapping[str, Any]) -> Placed:
        opts = {**self["options"], **options}
        opts.pop("group_id", None)
        links = [opts.pop(name, None) for name in ("link", "link_error")]
        id = opts.pop("task_id", None) or str(uuid4())
        members = [task.clone() for task in self.members()]
        for name, more in zip(("link", "link_error"), links):
            for one in [] if more is None else more if isinstance(more, (list, tuple)) else [more]:
                for member in members if name == "link_error" else members[:1]:
                    getattr(member, name)(maybe_signature(one, plan.app))
        placed = [member._place(plan, args, kwargs, before, {**opts, "group_id": id}) for member in members]
        result = GroupResult(id, [one.result for one in placed], app=plan.app, parent=before.result if before else None, listed=True)
        # Nothing to wait for but what it follows itself.
        jobs = tuple(job for one in placed for job in one.jobs) if placed else before.jobs if before else ()
        if len(placed) == 1 and isinstance(placed[0].result, GroupResult):
            result = placed[0].result
        return Placed(result, [one.value for one in placed], jobs, before.root if before else None)

    def clone(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        tasks = [task.clone(args, kwargs) if args or kwargs else task.clone() for task in self.tasks]
        return group(tasks, app=self._app, **{**self["options"], **options})

    def __deepcopy__(self, memo: Any) -> Any:
        return self.clone()

    def set_immutable(self, immutable: bool) -> None:
        for task in self.tasks:
            task.set_immutable(immutable)

    def link(self, callback: Any) -> Any:
        """To the first of them, as Celery has it: for what all of them come to there is `chord`."""
        return self.tasks[0].link(callback.clone().set(immutable=True))

    def link_error(self, errback: Any) -> Any:
        return tuple(task.link_error(errback) for task in self.tasks)

    def skew(self, start: float = 1.0, stop: Optional[float] = None, step: float = 1.0) -> Any:
        countdown = start
        for task in self.tasks:
            task.set(countdown=countdown)
            countdown = countdown + step if stop is None or countdown + step <= stop else countdown
        return self

    def __len__(self) -> int:
        return len(self.tasks)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"group({self.tasks!r})" if self.tasks else "group(<empty>)"


def single(task: Any) -> Any:
    """A group of one is that one, where something follows another."""
    return task.tasks[0] if isinstance(task, group) and len(task.tasks) == 1 else task
