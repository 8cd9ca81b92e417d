"""Many replicas of one recipe, trained at once, and what was measured on them.

`Population` is the result; `Engine` is the contract of whatever trains one (`keras_engine` takes any
model, `native_engine` dense networks at hardware speed, `program_engine` most others without a
compiler); `choice` picks one.
An engine knows recipes and the yardstick's rows; it knows no checks, trials or reports.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from unstuck.network.recipe import Recipe

Moment = Literal["start", "end"]
Floats = NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Called with (replicas × epochs done, replicas × epochs in all); may raise to stop the training."""


class Yardstick(Protocol):
    """What an engine must evaluate at the end of a training; `unstuck.goal.Goal` is one."""

    @property
    def inputs(self) -> Any:
        """The rows to predict, in the structure of the model's input; at most a few thousand."""

    @property
    def keeps_outputs(self) -> bool:
        """True where the rows are so few that every replica's outputs are kept."""

    @property
    def keeps_codes(self) -> bool:
        """True where every replica's codes are kept: with its outputs, else where it is probed."""

    def score(
        self, recipe: Recipe, outputs: Any, final_loss: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Scores shaped [replica, part] from outputs shaped [replica, row, …] (a list for several), or
        from the losses [replica] at the end.

        The parts are all rows handed to `fit`, the rows trained on, the rows only validated on.
        """


def direction(units: int) -> Floats:
    """The fixed line on which rows of a layer are told apart, the same everywhere.

    Two rows that differ fall on one place with chance zero, and no unit hardly counts: one that does
    would hide a difference that is in it alone.
    """
    draws = np.random.default_rng(7)
    return np.asarray(draws.uniform(0.5, 1.5, units) * draws.choice([-1.0, 1.0], units), np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Readings:
    """Probe readings of every replica, layer by layer, at one moment of the training.

    Arrays are shaped [replica, layer]; `layers` names the columns: every layer with an output, in
    order of computation, the input left out. NaN where a probe says nothing about a layer. They are
    taken without dropout (`training=False`) on the yardstick's rows, at most 256 of them.

    - `dead`: share of the layer's units that put out exactly 0 for every row (layers ending in ReLU).
    - `saturated`: share of (unit, row) pairs whose sigmoid is below .01 or above .99, or whose tanh
      is beyond ±.98, so that its derivative is below 4 % of the largest.
    - `distinct`: how many of the rows still differ after this layer (to 1e-6 of the layer's range).
    - `gradient_norm`: Euclidean norm of the gradient of the loss by this layer's own weights.
    - `weight_norm`: Euclidean norm of this layer's own trainable weights.
    - `spread`: standard deviation of the layer's outputs over rows and units.
    """

    layers: tuple[str, ...]
    dead: Floats
    saturated: Floats
    distinct: Floats
    gradient_norm: Floats
    weight_norm: Floats
    spread: Floats

    def of(self, probe: str, layer: str) -> Floats:
        """One probe's readings on one layer, shaped [replica]. Raises KeyError."""
        if layer not in self.layers:
            raise KeyError(layer)
        column: Floats = getattr(self, probe)[:, self.layers.index(layer)]
        return column


@dataclass(frozen=True, kw_only=True, eq=False)
class Population:
    """Replicas of one recipe. Arrays are indexed by replica first, in the order of `seeds`.

    - `loss[replica, epoch]`: the training loss of each epoch as Keras's history has it (a running
      mean over the epoch, penalties included). A replica that diverged has NaN or infinity there.
    - `val_loss[replica, epoch]`: likewise; `None` without validation.
    - `final_loss[replica]`: the loss on the training rows after training, `evaluate`'s.
    - `score[replica, part]`: the yardstick's score on all rows, the trained ones, the validated ones.
    - `stopped[replica]`: after how many epochs each ended, where callbacks may end it; its curves
      stay at their last values from there on. `None` where none may.
    - `outputs[replica, row, …]`: final outputs on the yardstick's rows, where it keeps them.
    - `codes`: outputs of the narrowest layer, whose name is `code_layer`, on those rows; where
      outputs are not kept, on the rows that are probed.
    - `readings`: probes at the start and the end; empty where they were not asked for.
    - `added[replica]`: what layers of the user's own add to the loss with `add_loss` at the end, on the
      rows that are probed, penalties left out; `None` where nothing is added or probed.
    - `weights`: final trainable and other weights by path, on request.
    - `block`: replicas that cost as much as one, because they are trained side by side.
    - `seconds`: what the training took, compilation included in `compile_seconds`.
    """

    seeds: tuple[int, ...]
    loss: Floats
    final_loss: Floats
    score: NDArray[np.float64]
    engine: str
    strategy: str
    val_loss: Floats | None = None
    metrics: Mapping[str, Floats] = field(default_factory=dict)
    stopped: NDArray[np.int32] | None = None
    outputs: Floats | None = None
    codes: Floats | None = None
    code_layer: str | None = None
    added: Floats | None = None
    readings: Mapping[Moment, Readings] = field(default_factory=dict)
    weights: Mapping[str, NDArray[Any]] | None = None
    block: int = 1
    seconds: float = 0.0
    compile_seconds: float = 0.0

    @property
    def replicas(self) -> int:
        """How many."""
        return len(self.seeds)

    @property
    def diverged(self) -> NDArray[np.bool_]:
        """Which replicas ended with a loss that is no number, shaped [replica]."""
        return ~np.isfinite(self.final_loss)

    def joined(self, more: Population) -> Population:
        """This population and another of the same recipe as one. Raises ValueError on shared seeds."""
        if set(self.seeds) & set(more.seeds):
            raise ValueError("a seed stands in both populations")
        merged: dict[str, Any] = {}
        for entry in fields(self):
            merged[entry.name] = _join(getattr(self, entry.name), getattr(more, entry.name))
        merged["engine"], merged["strategy"] = self.engine, self.strategy
        merged["code_layer"], merged["block"] = self.code_layer, self.block
        return Population(**merged)


def _join(first: Any, second: Any) -> Any:
    if first is None or second is None:
        return None
    if isinstance(first, np.ndarray):
        return np.concatenate([first, second])
    if isinstance(first, Readings):
        joined = {e.name: _join(getattr(first, e.name), getattr(second, e.name))
                  for e in fields(first) if e.name != "layers"}
        return Readings(layers=first.layers, **joined)
    if isinstance(first, Mapping):
        return {key: _join(value, second[key]) for key, value in first.items() if key in second}
    return first + second


class Left(str):
    """Why an engine leaves a recipe to others, though it could train it: no lack that is told."""

    __slots__ = ()


class Engine(ABC):
    """Trains populations. One instance may be asked many times; it may keep compiled programs."""

    name: ClassVar[str]
    timed: bool = True
    """Whether the clock may choose between ways of training, which may move a loss by a rounding."""

    @abstractmethod
    def refuses(self, recipe: Recipe) -> str | None:
        """Why this engine cannot train that recipe faithfully, naming the part; `None` if it can."""

    def block(self, recipe: Recipe) -> int:
        """Replicas that cost as much as one, because they are trained side by side.

        Raises:
            NotSupported: this engine refuses the recipe.
        """
        return 1

    def pace(self, recipe: Recipe) -> float | None:
        """Seconds of one update of one replica, by a few timed ones; `None` where they are nothing.

        Raises:
            NotSupported: this engine refuses the recipe.
        """
        return None

    def halve(self, recipe: Recipe) -> bool:
        """After memory ran out: half as many replicas side by side from now on; False at one."""
        return False

    @abstractmethod
    def train(
        self,
        recipe: Recipe,
        seeds: Sequence[int],
        yardstick: Yardstick,
        *,
        probes: bool = True,
        keep_weights: bool = False,
        progress: Progress | None = None,
        start: Mapping[str, NDArray[Any]] | None = None,
        order: NDArray[np.int32] | None = None,
    ) -> Population:
        """Train one replica for each seed.

        Args:
            recipe: what to train.
            seeds: one for each replica, all different.
            yardstick: the rows to predict at the end, and their score.
            probes: take the readings.
            keep_weights: keep the final weights.
            progress: told now and then how far it is.
            start: initial weights by path, shaped [replica, …], instead of drawn ones.
            order: the order of training rows, shaped [replica, epoch, row], instead of drawn ones.

        Raises:
            NotSupported: this engine refuses the recipe.
        """
