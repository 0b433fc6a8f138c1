"""Signatures of single tasks. What joins tasks needs flows, and says so."""
from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from .current import current_app
from .exceptions import needs_flows


class Signature(Dict[str, Any]):
    """A call that was written down: task, arguments and options."""

    def __init__(
        self, task: Any = None, args: Any = None, kwargs: Optional[Mapping[str, Any]] = None, options: Optional[Mapping[str, Any]] = None, type: Any = None,
        immutable: bool = False, app: Any = None, **ex: Any,
    ) -> None:
        if isinstance(task, Mapping):
            super().__init__(task)
        else:
            name = task if isinstance(task, str) else task.name
            super().__init__(
                task=name, args=tuple(args or ()), kwargs=dict(kwargs or {}), options={**(options or {}), **ex}, subtask_type=None, immutable=immutable)
        self._app = app or getattr(type, "app", None) or getattr(task, "app", None)

    task = property(lambda self: self["task"])
    args = property(lambda self: self["args"])
    kwargs = property(lambda self: self["kwargs"])
    options = property(lambda self: self["options"])
    immutable = property(lambda self: self["immutable"])

    @property
    def app(self) -> Any:
        return self._app or current_app._get_current_object()

    @property
    def type(self) -> Any:
        return self.app.tasks[self["task"]]

    @property
    def name(self) -> str:
        return self["task"]  # type: ignore[no-any-return]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        merged, named, _ = self._merge(args, kwargs, {})
        return self.type(*merged, **named)

    def delay(self, *args: Any, **kwargs: Any) -> Any:
        return self.apply_async(args, kwargs)

    def apply_async(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        merged, named, opts = self._merge(args or (), kwargs or {}, options)
        task = self.app.tasks.get(self["task"])
        if task is None:
            return self.app.send_task(self["task"], merged, named, **opts)
        return task.apply_async(merged, named, **opts)

    def apply(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> Any:
        merged, named, opts = self._merge(args or (), kwargs or {}, options)
        return self.type.apply(merged, named, **opts)

    def clone(self, args: Any = (), kwargs: Optional[Mapping[str, Any]] = None, **options: Any) -> "Signature":
        merged, named, opts = self._merge(args or (), kwargs or {}, options)
        return Signature(self["task"], merged, named, opts, immutable=self["immutable"], app=self._app)

    partial = clone

    def set(self, immutable: Optional[bool] = None, **options: Any) -> "Signature":
        if immutable is not None:
            self["immutable"] = immutable
        self["options"].update(options)
        return self

    def link(self, callback: Any) -> Any:
        raise needs_flows("link")

    def link_error(self, errback: Any) -> Any:
        raise needs_flows("link_error")

    def on_error(self, errback: Any) -> Any:
        raise needs_flows("on_error")

    def __or__(self, other: Any) -> Any:
        raise needs_flows("chain (|)")

    def __repr__(self) -> str:
        said = [repr(arg) for arg in self["args"]] + [f"{name}={value!r}" for name, value in self["kwargs"].items()]
        return f"{self['task']}({', '.join(said)})"

    def _merge(self, args: Any, kwargs: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
        opts = {**self["options"], **options}
        if self["immutable"]:
            return self["args"], dict(self["kwargs"]), opts
        return tuple(args) + tuple(self["args"]), {**self["kwargs"], **kwargs}, opts


def signature(varies: Any, *args: Any, **kwargs: Any) -> Signature:
    if isinstance(varies, Signature):
        return varies.clone()
    return Signature(varies, *args, **kwargs)


subtask = signature


def maybe_signature(d: Any, app: Any = None) -> Any:
    return signature(d, app=app) if isinstance(d, Mapping) and not isinstance(d, Signature) else d


class _NeedsFlows:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise needs_flows(type(self).__name__)


class chain(_NeedsFlows):
    """Needs flows."""


class group(_NeedsFlows):
    """Needs flows."""


class chord(_NeedsFlows):
    """Needs flows."""


class xmap(_NeedsFlows):
    """Needs flows."""


class xstarmap(_NeedsFlows):
    """Needs flows."""


class chunks(_NeedsFlows):
    """Needs flows."""
