"""`chord`: a task that is given the results of a group."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Mapping, Optional, Tuple

from .group import group
from .placed import Before, Placed
from .signature import Signature, maybe_signature

if TYPE_CHECKING:
    from .plan import Plan


@Signature.kind("chord")
class chord(Signature):
    """`chord([a.s(1), a.s(2)])(b.s())`, or `group(...) | b.s()`. Where one of the header fails, the body is not run, and its result is a `ChordError`."""

    def __init__(self, header: Any, body: Any = None, task: str = "celery.chord", args: Any = None, kwargs: Any = None, app: Any = None, **options: Any) -> None:
        held = {"kwargs": dict((kwargs or {}).get("kwargs", {})), "header": header_of(header, app), "body": maybe_signature(body, app)}
        super().__init__(task, args, held, options, subtask_type="chord", app=app)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any], app: Any = None) -> Any:
        held = d["kwargs"]
        return cls(held["header"], held.get("body"), args=d.get("args"), kwargs={"kwargs": held.get("kwargs", {})}, app=app, **d.get("options", {}))

    @property
    def tasks(self) -> Any:
        return self["kwargs"]["header"]

    @property
    def body(self) -> Any:
        return self["kwargs"]["body"]

    @property
    def app(self) -> Any:
        header = self.tasks
        return self._app or (header.tasks[0].app if header.tasks else self.body.app if self.body is not None else super().app)

    def __call__(self, body: Any = None, **options: Any) -> Any:
        return self.apply_async((), {"body": body} if body is not None else {}, **options)

    def apply_async(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        return self.apply(args, kwargs, **options) if self.app.conf.task_always_eager else self._written(args, kwargs, options)

    def apply(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, propagate: bool = True, body: Any = None, **options: Any) -> Any:
        body = self._body({**({"body": body} if body is not None else {}), **(kwargs or {})})
        header = self.tasks.apply(tuple(args or ()) + self.args)
        result = body.apply((header.get(propagate=propagate, disable_sync_subtasks=False),), **options)
        result.parent = header
        return result

    def _body(self, kwargs: Mapping[str, Any]) -> Any:
        body = maybe_signature(kwargs.get("body") if kwargs.get("body") is not None else self.body, self._app)
        if body is None:
            raise TypeError("a chord needs a body: chord(header)(body)")
        return body

    def _place(self, plan: Plan, args: Tuple[Any, ...], kwargs: Mapping[str, Any], before: Optional[Before], options: Mapping[str, Any]) -> Placed:
        opts = {**self["options"], **options}
        # What belongs to its end belongs to the body.
        ends = {name: opts.pop(name) for name in ("task_id", "link", "link_error", "group_id") if opts.get(name) is not None}
        header = self.tasks._place(plan, args + self.args, {**self["kwargs"]["kwargs"], **_without_body(kwargs)}, before, opts)
        body = self._body(kwargs).clone()
        for name in ("link", "link_error"):
            more = ends.pop(name, [])
            for one in more if isinstance(more, (list, tuple)) else [more]:
                getattr(body, name)(maybe_signature(one, plan.app))
        unmet = before.unmet if before else None
        return body._place(plan, (), {}, header.before(unmet), {**opts, **ends})  # type: ignore[no-any-return]

    def clone(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        body = (kwargs or {}).get("body", self.body)
        held = {"kwargs": {**self["kwargs"]["kwargs"], **_without_body(kwargs or {})}}
        made = chord(self.tasks.clone(), body.clone() if body is not None else None, args=tuple(args or ()) + self.args, kwargs=held, app=self._app)
        made["options"] = {**self["options"], **options}
        made["immutable"] = self["immutable"]
        return made

    def __deepcopy__(self, memo: Any) -> Any:
        return self.clone()

    def set_immutable(self, immutable: bool) -> None:
        """Of the header, as Celery has it."""
        self.tasks.set_immutable(immutable)

    def link(self, callback: Any) -> Any:
        return self.body.link(callback)

    def link_error(self, errback: Any) -> Any:
        return self.body.link_error(errback)

    def __repr__(self) -> str:
        return f"%{self.body.reprcall(self.tasks.tasks)}" if isinstance(self.body, Signature) and self.body["subtask_type"] is None else f"chord({self.tasks!r}, {self.body!r})"


def header_of(header: Any, app: Any) -> group:
    if isinstance(header, Mapping):
        header = maybe_signature(header, app)
    if isinstance(header, group):
        return header
    listed: Iterable[Any] = header["kwargs"]["tasks"] if isinstance(header, Signature) and header["subtask_type"] == "chain" else header
    if isinstance(header, Signature) and header["subtask_type"] != "chain":
        listed = [header]
    return group(list(listed), app=app)


def _without_body(kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in kwargs.items() if name != "body"}
