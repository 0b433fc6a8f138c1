"""Signatures of single tasks: a call that is written down, with what is to follow it."""
from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Tuple
from typing import Type as Class
from typing import TypeVar

from ..current import current_app
from ..exceptions import not_here

if TYPE_CHECKING:
    from .placed import Before, Placed
    from .plan import Plan

S = TypeVar("S", bound="Class[Signature]")


def _item(name: str, made: Callable[[Any], Any]) -> Any:
    def take(self: Any, value: Any) -> None:
        self[name] = made(value)
    return property(lambda self: tuple(self[name]) if made is tuple else self[name], take)


class Signature(Dict[str, Any]):
    """A call that was written down: task, arguments and options."""

    kinds: Dict[str, Class["Signature"]] = {}
    """What joins signatures, by the `subtask_type` that it travels with."""

    def __init__(
        self, task: Any = None, args: Any = None, kwargs: Optional[Mapping[str, Any]] = None, options: Optional[Mapping[str, Any]] = None, type: Any = None,
        subtask_type: Optional[str] = None, immutable: bool = False, app: Any = None, **ex: Any,
    ) -> None:
        if isinstance(task, Mapping):
            super().__init__({"args": (), "kwargs": {}, "options": {}, "subtask_type": None, "immutable": False, **task})
        else:
            name = task if isinstance(task, str) else task.name
            super().__init__(
                task=name, args=tuple(args or ()), kwargs=dict(kwargs or {}), options={**(options or {}), **ex}, subtask_type=subtask_type,
                immutable=immutable)
        self._app = app or getattr(type, "app", None) or getattr(task, "app", None)

    args = _item("args", tuple)
    kwargs = _item("kwargs", dict)
    options = _item("options", dict)
    immutable = _item("immutable", bool)
    subtask_type = property(lambda self: self["subtask_type"])
    task = property(lambda self: self["task"])
    name = property(lambda self: self["task"])
    id = property(lambda self: self["options"].get("task_id"))

    @classmethod
    def kind(cls, name: str) -> Callable[[S], S]:
        def register(made: S) -> S:
            cls.kinds[name] = made
            return made
        return register

    @classmethod
    def from_dict(cls, d: Mapping[str, Any], app: Any = None) -> "Signature":
        """One that has travelled as JSON."""
        kind = cls.kinds.get(d.get("subtask_type") or "")
        return kind.from_dict(d, app) if kind is not None else Signature(copy.deepcopy(dict(d)), app=app)

    @property
    def app(self) -> Any:
        return self._app or current_app._get_current_object()

    @property
    def type(self) -> Any:
        return self.app.tasks[self["task"]]

    # Calling.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        merged, named, _ = self._merge(args, kwargs, {})
        return self.type(*merged, **named)

    def delay(self, *args: Any, **kwargs: Any) -> Any:
        return self.apply_async(args, kwargs)

    def apply_async(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        merged, named, opts = self._merge(args or (), kwargs or {}, options)
        task = self.app.tasks.get(self["task"])
        if task is not None:
            return task.apply_async(merged, named, **opts)
        if opts.get("link") or opts.get("link_error"):
            return self._written(args, kwargs, options)
        return self.app.send_task(self["task"], merged, named, **_said(opts))

    def apply(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        merged, named, opts = self._merge(args or (), kwargs or {}, options)
        return self.type.apply(merged, named, **opts)

    def _written(self, args: Any, kwargs: Optional[Mapping[str, Any]], options: Mapping[str, Any]) -> Any:
        """Submits it with all that belongs to it."""
        from .plan import Plan
        plan = Plan(self.app)
        placed = self._place(plan, tuple(args or ()), kwargs or {}, None, options)
        plan.submit()
        return placed.result

    def _place(self, plan: "Plan", args: Tuple[Any, ...], kwargs: Mapping[str, Any], before: Optional["Before"], options: Mapping[str, Any]) -> "Placed":
        """Puts its job into the plan, and those of what is linked to it."""
        merged, named, opts = self._merge(args, kwargs, options)
        return plan.place(self, merged, named, before, opts)

    # Making others of it.

    def clone(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        merged, named, opts = self._merge(args or (), kwargs or {}, options)
        return self._made(tuple(merged), copy.deepcopy(named), copy.deepcopy(opts))

    partial = clone

    def _made(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any], options: Mapping[str, Any]) -> "Signature":
        return Signature(self["task"], args, kwargs, options, immutable=self["immutable"], app=self._app)

    def __deepcopy__(self, memo: Any) -> Any:
        return self._made(copy.deepcopy(self.args, memo), copy.deepcopy(self["kwargs"], memo), copy.deepcopy(self["options"], memo))

    def __copy__(self) -> Any:
        return self.clone()

    def replace(self, args: Any = None, kwargs: Any = None, options: Any = None) -> Any:
        made = self.clone()
        for name, value in (("args", args), ("kwargs", kwargs), ("options", options)):
            if value is not None:
                setattr(made, name, value)
        return made

    def set(self, immutable: Optional[bool] = None, **options: Any) -> Any:
        if immutable is not None:
            self.set_immutable(immutable)
        self["options"].update(options)
        return self

    def set_immutable(self, immutable: bool) -> None:
        self["immutable"] = immutable

    def link(self, callback: Any) -> Any:
        """`callback` runs with the result, once this has succeeded."""
        return self._listed("link", callback)

    def link_error(self, errback: Any) -> Any:
        """`errback` runs once this has failed."""
        return self._listed("link_error", errback)

    def on_error(self, errback: Any) -> Any:
        self.link_error(errback)
        return self

    def _listed(self, name: str, value: Any) -> Any:
        held = self["options"].get(name)
        listed: List[Any] = list(held) if isinstance(held, (list, tuple)) else [] if held is None else [held]
        if value not in listed:
            listed.append(value)
        self["options"][name] = listed
        return value

    def freeze(self, *_: Any, **__: Any) -> Any:
        raise not_here("Signature.freeze", "give it a task_id with set(), and make an AsyncResult of that")

    def __or__(self, other: Any) -> Any:
        from .chain import joined
        return joined(self, other) if isinstance(other, Signature) else NotImplemented

    def __ior__(self, other: Any) -> Any:
        return self.__or__(other)

    def reprcall(self, *args: Any, **kwargs: Any) -> str:
        merged, named, _ = self._merge(args, kwargs, {})
        said = [repr(arg) for arg in merged] + [f"{name}={value!r}" for name, value in named.items()]
        return f"{self['task']}({', '.join(said)})"

    def __repr__(self) -> str:
        return self.reprcall()

    def __reduce__(self) -> Any:
        return Signature.from_dict, (dict(self),)

    def _merge(self, args: Any, kwargs: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
        opts = {**self["options"], **options}
        if self["immutable"]:
            return self.args, dict(self["kwargs"]), opts
        return tuple(args) + self.args, {**self["kwargs"], **kwargs}, opts


def _said(options: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in options.items() if name not in ("link", "link_error")}


def signature(varies: Any, *args: Any, **kwargs: Any) -> Signature:
    if isinstance(varies, Signature):
        return varies.clone()  # type: ignore[no-any-return]
    if isinstance(varies, Mapping):
        return Signature.from_dict(varies, kwargs.get("app"))
    return Signature(varies, *args, **kwargs)


subtask = signature


def maybe_signature(d: Any, app: Any = None, clone: bool = False) -> Any:
    if isinstance(d, Signature):
        return d.clone() if clone else d
    return Signature.from_dict(d, app) if isinstance(d, Mapping) else d
