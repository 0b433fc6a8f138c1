"""Calls that are written down, and what joins them: each is a job of the grid, submitted together with those that it follows and that follow it."""
from .chain import chain
from .chord import chord
from .group import group
from .maps import chunks, xmap, xstarmap
from .signature import Signature, maybe_signature, signature, subtask

__all__ = ["Signature", "chain", "chord", "chunks", "group", "maybe_signature", "signature", "subtask", "xmap", "xstarmap"]
