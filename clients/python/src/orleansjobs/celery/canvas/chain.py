"""`chain`: each task is given the result of the one before it."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Tuple

from .placed import Before, Placed
from .several import Several
from .signature import Signature, maybe_signature

if TYPE_CHECKING:
    from .plan import Plan


@Signature.kind("chain")
class chain(Several):
    """`chain(a.s(1), b.s())`, or `a.s(1) | b.s()`. The result is that of the last, whose `parent` is that of the one before."""

    def __init__(self, *tasks: Any, app: Any = None, **options: Any) -> None:
        listed: Iterable[Any] = tasks[0] if len(tasks) == 1 and not isinstance(tasks[0], Mapping) else tasks
        from .group import single
        found = [part for task in listed for part in _spliced(single(maybe_signature(task, app)))]
        super().__init__("celery.chain", (), {"tasks": found}, options, subtask_type="chain", app=app)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any], app: Any = None) -> Any:
        made = cls(list(d["kwargs"]["tasks"]), app=app, **d.get("options", {}))
        made["args"], made["immutable"] = tuple(d.get("args", ())), bool(d.get("immutable"))
        return made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.apply_async(args, kwargs) if self.tasks else None

    def apply_async(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        if not self.tasks:
            return None
        return self.apply(args, kwargs, **options) if self.app.conf.task_always_eager else self._written(args, kwargs, options)

    def apply(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        last, first, named = None, tuple(args or ()) + self.args, dict(kwargs or {})
        for task in self.tasks:
            if last is None:
                result = task.clone(first, named).apply(**{**self["options"], **options})
            else:
                result = task.apply((last.get(disable_sync_subtasks=False),), **{**self["options"], **options})
            result.parent, last = last, result
        return last

    def _place(self, plan: Plan, args: Tuple[Any, ...], kwargs: Mapping[str, Any], before: Optional[Before], options: Mapping[str, Any]) -> Placed:
        opts = {**self["options"], **options}
        ends = {name: opts.pop(name) for name in ("task_id", "link", "group_id") if name in opts}
        errbacks = opts.pop("link_error", None)
        placed: Optional[Placed] = None
        tasks = self.tasks
        for index, task in enumerate(tasks):
            said: Dict[str, Any] = dict(opts) if index == 0 else {}
            said.update(ends if index + 1 == len(tasks) else {})
            step = task.clone()
            for name, more in (("link_error", errbacks), ("link", said.pop("link", None))):
                for one in [] if more is None else more if isinstance(more, (list, tuple)) else [more]:
                    getattr(step, name)(maybe_signature(one, plan.app))
            if index == 0:
                placed = step._place(plan, args + self.args, kwargs, before, said)
            else:
                assert placed is not None
                placed = step._place(plan, (), {}, placed.before(before.unmet if before else None), said)
        if placed is None:
            raise ValueError("a chain of no tasks has nothing to do")
        return placed

    def clone(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        made = chain([task.clone() for task in self.tasks], app=self._app, **{**self["options"], **options})
        if made.tasks and (args or kwargs):
            made.tasks[0] = made.tasks[0].clone(args, kwargs)
        made["args"], made["immutable"] = self.args, self["immutable"]
        return made

    def __deepcopy__(self, memo: Any) -> Any:
        return self.clone()

    def __repr__(self) -> str:
        return " | ".join(map(repr, self.tasks)) if self.tasks else "<chain: empty>"


def joined(first: Signature, second: Signature) -> Signature:
    """`first | second`."""
    from .chord import chord
    from .group import group, single
    second = single(second)
    if isinstance(first, group) and not (isinstance(second, chain) and not second.tasks):
        return chord(first, body=second, app=first._app)
    if isinstance(first, chain) and not first.tasks:
        return second
    if isinstance(first, chord) and not isinstance(second, (group, chain)):
        made: Signature = first.clone()
        made["kwargs"]["body"] = made["kwargs"]["body"] | second
        return made
    before, after = _spliced(first), _spliced(second)
    if before and isinstance(before[-1], group) and after:
        head, *after = after
        before = [*before[:-1], chord(before[-1], body=head, app=first._app)]
    elif before and isinstance(before[-1], chord) and after and not isinstance(after[0], group):
        head, *after = after
        last = before[-1].clone()
        last["kwargs"]["body"] = last["kwargs"]["body"] | head
        before = [*before[:-1], last]
    return chain([*before, *after], app=first._app)


def _spliced(task: Any) -> List[Any]:
    """A chain's own tasks, each with the errbacks of the chain; what else it was called with stays with it."""
    if not isinstance(task, chain) or set(task["options"]) - {"link_error"} or task["args"]:
        return [task]
    tasks = [one.clone() for one in task.tasks]
    for errback in task["options"].get("link_error") or []:
        for one in tasks:
            one.link_error(errback)
    return tasks
