"""Sigmoids and tanhs pressed against their ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions import Intervention
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.population.population import Moment

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries
from ._words import percent


@dataclass(frozen=True)
class SaturatedActivation(Check):
    """A sigmoid or tanh far out on its flat ends passes next to no gradient.

    ## What it sees
    Hidden layers in which at least `share` of all (unit, row) pairs are saturated (sigmoid below
    .01 or above .99, tanh beyond .98), at the start or at the end, in replicas that fail. The
    output layer is looked at before training only: afterwards it should be sure of itself.

    ## Why learning stops
    The derivative of the sigmoid at .99 is a twenty-fifth of its largest value, and falls
    exponentially from there. Units that saturate at the start come from large inputs or large
    initial weights; units that saturate on the way, from steps that were too big.

    ## What it tries
    Scaled inputs where units are saturated from the start; ReLU in all hidden layers; a tenth of
    the learning rate where they saturate in training; Glorot's initialiser.

    ## Example
        layers.Dense(16, activation="tanh")    # fed with values around 300: sick
        layers.Rescaling(1 / 255)              # in front: cured

    ## When it is wrong
    Gates and binary codes are meant to saturate, and in a network that has learned, sure units are
    saturated ones; therefore only replicas that fail are looked at.

    ## References
    Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward networks.
    """

    family: ClassVar[Family] = Family.ACTIVATION

    # Healthy tanh layers keep nearly all values inside ±.98 at the draw.
    share: float = 0.5
    layers: int = 2

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Saturated layers, those nearest to the input first."""
        head = anatomy.head(seen.recipe)
        last = head.layer.name if head is not None else None
        found = 0
        for layer in seen.recipe.layers:
            moment = self._when(seen, layer.name, is_output=layer.name == last)
            if moment is None or found == self.layers:
                continue
            readings = seen.readings(moment)
            assert readings is not None
            values = readings.of("saturated", layer.name)
            shown = seen.shown(values >= self.share)
            value = seen.typical(values, values >= self.share)
            found += 1
            changes: tuple[Intervention, ...] = (
                *((ScaleInputs(),) if moment == "start" else tries.rates(seen.recipe, 0.1)),
                *tries.hidden_activations(seen.recipe, "relu"),
                *tries.initializers(seen.recipe, "glorot_uniform"),
            )
            yield self.suspicion(
                f"{'Before' if moment == 'start' else 'After'} training, {percent(value)} of the"
                f" values of {anatomy.described(layer)} are saturated in {shown}: their gradient is"
                " a twenty-fifth of the largest or less.",
                measured(f"saturated at the {moment}", value, self.share, "share of values", shown),
                site=anatomy.site(layer), tries=changes,
            )

    def _when(self, seen: Observation, layer: str, *, is_output: bool) -> Moment | None:
        moments: tuple[Moment, ...] = ("start",) if is_output else ("start", "end")
        for moment in moments:
            readings = seen.readings(moment)
            if readings is None or layer not in readings.layers:
                continue
            shown = seen.shown(readings.of("saturated", layer) >= self.share)
            if shown.replicas and shown.share >= self.often:
                return moment
        return None
