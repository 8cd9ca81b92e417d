"""Another weight for one term of a loss that a step of the user's own adds up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.own_steps import takes_data_alone
from unstuck.network.recipe import Recipe
from unstuck.network.terms import Term
from unstuck.script import Edit, Script, Span

from . import Intervention
from ._source import Edits, bracketed, number


@dataclass(frozen=True, kw_only=True)
class TermWeight(Intervention):
    """The term of that `code` at that place of the source, times `value`."""

    kind: ClassVar[str] = "loss"
    cost: ClassVar[float] = 2

    code: str
    line: int
    column: int
    end_line: int
    end_column: int
    value: float

    @classmethod
    def of(cls, term: Term, value: float) -> TermWeight:
        """This change to a term, in a round number."""
        span = term.span
        return cls(code=term.code, line=span.line, column=span.column, end_line=span.end_line,
                   end_column=span.end_column, value=float(f"{value:.1g}"))

    @property
    def _term(self) -> Term:
        return Term(code=self.code,
                    span=Span(self.line, self.column, self.end_line, self.end_column))

    @property
    def label(self) -> str:
        """What is done."""
        return f"{' '.join(self.code.split())} in the loss × {number(self.value)}"

    def reason(self, before: Recipe) -> str:
        """What was wrong with the sum."""
        weight = "too much" if self.value < 1 else "too little"
        return f"terms of the loss: this one had {weight} weight"

    @property
    def conflicts(self) -> frozenset[str]:
        """The term's weight."""
        return frozenset({f"term:{self.line}:{self.column}"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this weight.

        Raises:
            NotSupported: no step of the script's own computes what is minimised.
        """
        if not takes_data_alone(recipe.architecture.source):
            raise NotSupported("No step of the script's own adds terms up.")
        return replace(recipe, term_weights=(*recipe.term_weights, (self._term, self.value)))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The term, where it stands in this file."""
        offsets = script.lines.offsets(self._term.span)
        if offsets is None or script.lines.data[slice(*offsets)].decode() != self.code:
            return None
        return (Edit(start=offsets[0], end=offsets[1],
                     replacement=f"{number(self.value)} * {bracketed(self.code)}"),)
