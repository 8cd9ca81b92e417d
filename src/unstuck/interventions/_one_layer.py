"""What every change of one named layer has in common."""

from __future__ import annotations

from dataclasses import dataclass

from . import Intervention


@dataclass(frozen=True, kw_only=True)
class OneLayer(Intervention):
    """A change of `layer`, one of those at the network's top level."""

    layer: str

    @property
    def site(self) -> str:
        """The part it changes."""
        return f"layer:{self.layer}"

    @property
    def stage(self) -> int:
        """Among the layers."""
        return 0
