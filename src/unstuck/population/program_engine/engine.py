"""Any network natively, without a compiler: what Keras and JAX trace of its step runs in C++.

It is the Keras engine with another strategy (`strategy`); refused by name is what the machine has not,
and what is faster elsewhere: the smallest dense networks, and everything where there is an accelerator.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import jax

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.population.keras_engine.choice import Choice, is_tiny
from unstuck.population.keras_engine.engine import Compiled, KerasEngine
from unstuck.population.keras_engine.program import Program, program_key
from unstuck.population.population import Left

try:
    from . import machine
    from .strategy import Interpreted

    MISSING = None
except ImportError as error:
    MISSING = (
        f"the compiled part of unstuck is not installed ({error}); networks train much faster with it."
        " Install unstuck where a C++ compiler is found, or from a wheel"
    )

REASONS_KEPT = 200
TINY = "The program engine leaves the smallest dense networks to engines that train many side by side"


class ProgramEngine(KerasEngine):
    """See the module."""

    name = "program"

    def __init__(
        self, *, threads: int | None = None, timed: bool = True, tiny: bool = False, kernel: str = ""
    ) -> None:
        """Replicas are trained side by side in so many threads, one a core by default.

        For tests: take `tiny` dense networks too, and run on the instruction set named `kernel`.
        """
        super().__init__(threads=threads, timed=timed)
        self._tiny, self._kernel = tiny, kernel
        self._reasons: OrderedDict[str, tuple[Any, str]] = OrderedDict()

    def refuses(self, recipe: Recipe) -> str | None:
        """See `Engine.refuses`; the recipe's step is traced to tell, which takes a second or so."""
        if MISSING is not None:
            return MISSING
        if jax.default_backend() != "cpu":
            return Left("the program engine computes on processors, and here is an accelerator")
        refused = super().refuses(recipe)
        if refused is not None:
            return refused
        key = program_key(recipe)
        if key in self._reasons:
            return self._reasons[key][1]
        try:
            self._compiled_for(recipe)
        except NotSupported as error:
            # The recipe is kept, so that what its key names by identity stays alive.
            reason = str(error).rstrip(".")
            self._reasons[key] = recipe, Left(reason) if reason == TINY else reason
            if len(self._reasons) > REASONS_KEPT:
                self._reasons.popitem(last=False)
            return self._reasons[key][1]
        return None

    def pace(self, recipe: Recipe) -> float | None:
        """See `Engine.pace`."""
        if self.refuses(recipe) is not None:
            return None
        return self._compiled_for(recipe).pace

    def _compile(self, recipe: Recipe) -> Compiled:
        program = Program(recipe)
        if is_tiny(program) and not self._tiny:
            raise NotSupported(f"{TINY}.")
        strategy = Interpreted(program, kernel=self._kernel)
        step, kernel = strategy.step, self._kernel or machine.kernels()[0]
        phrase = f"{step.equations} equations in {len(step.nodes)} steps, {kernel}"
        return Compiled(program=program, strategy=strategy, block=1,
                        choice=Choice(name=strategy.name, phrase=phrase))
