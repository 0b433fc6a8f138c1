"""What canvases of several tasks have in common."""
from __future__ import annotations

from typing import Any, List

from .signature import Signature


class Several(Signature):
    """A signature that is made of others."""

    @property
    def tasks(self) -> List[Any]:
        return self["kwargs"]["tasks"]  # type: ignore[no-any-return]

    @property
    def app(self) -> Any:
        return self._app or (self.tasks[0].app if self.tasks else super().app)
