"""What is trained and how: a network, its compile arguments, its data, its fit arguments.

A `Recipe` is frozen: an intervention makes a new one by `replace` or by the `with_…` methods, so a
trial can never falsify its control. `build` makes a fresh compiled model of it. Words are Keras's:
every field is an argument of `compile` or `fit`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.script import Span

from . import adapter
from .architecture import Architecture
from .callback_rules import ReduceLROnPlateau, Rules
from .data import Data, Filled, Viewed
from .drawing import give_seeds
from .layers import Insertion, Layer
from .loops import Block, Loop, give_gatherers
from .loss_names import config_of, signature_of
from .optimizer import Optimizer
from .own_compile import OwnCompile
from .own_steps import ALONE, build_by_step, takes_data_alone
from .picking import picked
from .rebuilding import Built, parameters_of, rebuilt
from .rivals import Rival
from .terms import Weights

Tree = Any
Batches = Literal["drawn", "whole", "part", "stream"]
BEYOND = 1000.0
"""How many times the updates a schedule's peak is looked for: a warm-up may have been set for days."""


@dataclass(frozen=True, kw_only=True)
class Units:
    """What data are trained in: less `mean`, by `spread`; a number each, or one for each column."""

    mean: float | tuple[float, ...]
    spread: float | tuple[float, ...]

    def to(self, data: Any) -> NDArray[np.float32]:
        """Data of the user's in these units."""
        values = np.asarray(data, np.float64)
        scaled = (values - np.asarray(self.mean)) / np.asarray(self.spread)
        return np.asarray(scaled, np.float32)

    def back(self, data: Any) -> Any:
        """Data in these units in the user's."""
        return data * np.asarray(self.spread, np.float32) + np.asarray(self.mean, np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Recipe:
    """One training, complete but for its seed.

    `x`, `y`, `sample_weight` are the arrays handed to `fit`; `train` and `validation` are what it
    makes of them, all in `data_units`, the targets in `target_units` where there are such (one for
    each of several outputs, in their order), the inputs with missing values `filled`: judged and
    shown is what it does in the user's units. `batches` says what an epoch is made of: batches
    "drawn" from all rows; "whole" ones, which shuffling moves but does not mix; the next "part" of
    the rows, drawn; the next rows of a "stream". In the last two the rows last for `epochs_in_rows`
    epochs, then begin again. `taped`: the data came in batches, so that `fit` has no say in them;
    `named` then has the names of the arrays that "x" and "y" were cut from, where they are known.
    `order_salt` moves the shuffling and nothing else. `sites` tells where in the user's source each
    part stands: keys "fit", "compile", "optimizer", "loss" and "layer:NAME". `rounds` is how many
    calls of `fit`, one after the other, it was joined from; where a loop makes them, its `range` is
    the site "rounds". `rules` are the callbacks that take part, in their order, with the sites
    "callback:0", …; `left_out` names those that do not. `written_for` is the package in whose
    spelling the script is, if not today's: "Keras 1", "Keras 2", "tf.keras" or "PyTorch". `loop` is
    set where a loop of the user's own trains otherwise than `fit` would, `own_compile` where the
    model's class has a `compile` of its own: what that was given. `rows_alone`: `fit` was given no
    targets, and steps get the rows alone. `by_loss`: nothing says what its output should be, so
    that it is judged by what it minimises; the targets are then the rows, and stand for nothing.
    `others` are the further optimizers that a `compile` of its own was given, `rivals` the
    trainings of a step that minimises several things; `alone` is the name of the one optimizer of
    such a step that applies anything, where one of the trainings is looked at by itself. `viewed` is
    set where the rows are a view of one array of other sizes, and what it may have been meant as;
    among `filled` it is what is done.
    `term_weights` are what terms of the sums in a step of the user's own are multiplied by.
    `whole` is set where this is but one output of a network with several (`outputs.each`): the
    recipe of all of them. `plain` has the types of numbers of those of "x" and "y" that were numpy
    arrays when they were handed to `fit`, not frames or tensors; `columns` has the names that a frame
    gives those of `x`. `loss_rows` is set where the loss at the end is taken on so many of the rows
    trained on, not on all.
    """

    architecture: Architecture
    optimizer: Optimizer
    loss: Any
    x: Tree
    y: Tree
    sample_weight: Tree = None
    loss_weights: Any = None
    metrics: Any = None
    weighted_metrics: Any = None
    validation_data: Data | None = None
    validation_split: float = 0.0
    class_weight: Mapping[int, float] | None = None
    batch_size: int = 32
    epochs: int = 1
    shuffle: bool = True
    batches: Batches = "drawn"
    epochs_in_rows: int = 1
    taped: bool = False
    named: Mapping[str, str] = field(default_factory=dict)
    order_salt: int = 0
    rounds: int = 1
    rules: Rules = field(default_factory=Rules)
    data_units: Units | None = None
    target_units: Units | tuple[Units | None, ...] | None = None
    filled: tuple[Filled | Viewed, ...] = ()
    viewed: Viewed | None = None
    sites: Mapping[str, Span] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    written_for: str = ""
    loop: Loop | None = None
    own_compile: OwnCompile | None = None
    rows_alone: bool = False
    by_loss: bool = False
    others: tuple[Optimizer, ...] = ()
    rivals: tuple[Rival, ...] = ()
    alone: str = ""
    term_weights: Weights = ()
    whole: Recipe | None = None
    plain: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    loss_rows: int | None = None

    @cached_property
    def _split_at(self) -> int:
        rows = Data(x=self.x, y=self.y).rows
        # Keras cuts before it shuffles and lets an explicit validation_data win.
        if self.validation_data is not None or not self.validation_split:
            return rows
        return math.floor(rows * (1.0 - self.validation_split))

    def _rows(self, start: int, stop: int | None, *, weighted: bool) -> Data:
        rows = Data(x=self.x, y=self.y, sample_weight=self.sample_weight).taken(slice(start, stop))
        x, y, weight = self.scaled(rows.x), self.scaled_targets(rows.y), rows.sample_weight
        if weighted and self.class_weight is not None:
            weight = adapter.class_weights_as_sample_weights(y, dict(self.class_weight))
        return Data(x=x, y=y, sample_weight=weight)

    @cached_property
    def train(self) -> Data:
        """The rows that are trained on, class weights turned into sample weights."""
        return self._rows(0, self._split_at, weighted=True)

    @cached_property
    def validation(self) -> Data | None:
        """The rows that are only validated on; `None` without validation."""
        held = self.validation_data
        if held is not None:
            return held if self.in_users_units else replace(
                held, x=self.scaled(held.x), y=self.scaled_targets(held.y))
        if self._split_at == Data(x=self.x, y=self.y).rows:
            return None
        return self._rows(self._split_at, None, weighted=False)

    @cached_property
    def judged(self) -> Data:
        """The rows that the loss at the end is taken on, without class weights, which `evaluate` does
        not know.
        """
        data = self.train
        if self.class_weight is not None:
            data = Data(x=data.x, y=data.y)
        if self.loss_rows is None:
            return data
        return data.taken(picked(data.y, data.rows, self.loss_rows))

    @property
    def in_users_units(self) -> bool:
        """True where the training sees the data as they were handed to `fit`."""
        return self.data_units is None and self.target_units is None and not self.filled

    def scaled(self, data: Tree) -> Tree:
        """Inputs in the user's units, in the units of the training."""
        for one in self.filled:
            data = keras.tree.map_structure(one.of, data)
        return self._in_data_units(data)

    def scaled_targets(self, targets: Tree) -> Tree:
        """Targets in the user's units, in the units of the training."""
        return self._by_output(self._in_data_units(targets), lambda units: units.to)

    def _in_data_units(self, data: Tree) -> Tree:
        return _through(data, None if self.data_units is None else self.data_units.to)

    def unscaled(self, outputs: Tree) -> Tree:
        """The network's outputs in the user's units."""
        outputs = self._by_output(outputs, lambda units: units.back)
        return _through(outputs, None if self.data_units is None else self.data_units.back)

    def _by_output(self, tree: Tree, how: Callable[[Units], Callable[[Any], Any]]) -> Tree:
        """What belongs to the outputs, each changed by its units where it has some."""
        units = self.target_units
        if not isinstance(units, tuple):
            return _through(tree, None if units is None else how(units))
        names = self.architecture.output_names
        hows = [None if one is None else how(one) for one in units]
        if isinstance(tree, Mapping) and set(tree) == set(names):
            return {name: _through(tree[name], hows[names.index(name)]) for name in tree}
        return keras.tree.pack_sequence_as(tree, [
            _through(part, one) for part, one in zip(keras.tree.flatten(tree), hows, strict=True)])

    @property
    def updates_per_epoch(self) -> int:
        """Steps of the optimizer in one epoch; the last, short batch counts."""
        return math.ceil(self.rows_per_epoch / self.batch_size)

    @property
    def trained_rows(self) -> int:
        """How many rows are trained on; those of `train`, which may have to be scaled first."""
        return self._split_at

    @property
    def rows_per_epoch(self) -> int:
        """How many rows an epoch trains on."""
        return self.trained_rows // self.epochs_in_rows

    @property
    def updates(self) -> int:
        """Steps of the optimizer in the whole training."""
        return self.updates_per_epoch * self.epochs

    def rates(self, *, beyond: float = 1.0) -> NDArray[np.float32]:
        """The learning rate at up to a thousand updates from the first to the last, in order.

        What schedules and `LearningRateScheduler` say; what the course of a training brings
        (`ReduceLROnPlateau`) is not in it.

        Args:
            beyond: go on to so many times the updates.
        """
        updates = max(1, int(self.updates * beyond))
        steps = np.unique(np.linspace(0, updates - 1, min(updates, 1000)).astype(int))
        rate = self.optimizer.learning_rate
        if rate is None:
            schedule = adapter.schedule_of(self.optimizer.build())
            return np.asarray(keras.ops.vectorized_map(
                schedule, keras.ops.convert_to_tensor(steps.astype(np.int32))), np.float32)
        if not self.rules.sets_rate:
            return np.full(len(steps), rate, np.float32)
        epochs = steps // self.updates_per_epoch
        each = self.rules.without(ReduceLROnPlateau).scheduled(int(epochs[-1]) + 1, rate)
        return np.asarray(each[epochs])

    @cached_property
    def peak_rate(self) -> float | None:
        """The highest learning rate of the schedule, beyond the training's end too.

        `None` where there is no schedule, or its function fails.
        """
        if self.optimizer.learning_rate is not None and not self.rules.sets_rate:
            return None
        try:
            rates = self.rates(beyond=1.0 if self.rules.sets_rate else BEYOND)
        except NotSupported:
            return None
        return float(rates.max())

    @cached_property
    def parameters(self) -> int:
        """How many numbers the network has. Raises NotSupported as `build`."""
        if self.architecture.is_graph:
            return parameters_of(self.architecture)
        return int(self.build().model.count_params())  # it has no weights until it has seen rows

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The network's layers in order of computation."""
        return self.architecture.layers

    @cached_property
    def loss_config(self) -> tuple[str, Mapping[str, Any]]:
        """The loss's snake-case name and arguments, for one output; ("custom", {}) for a function.

        Several outputs with losses of their own give ("several", {}).
        """
        loss = self.loss
        if isinstance(loss, list | tuple | dict):
            flat = [part for part in keras.tree.flatten(loss) if part is not None]
            if len(flat) != 1:
                return "several", {}
            loss = flat[0]
        return config_of(loss)

    @property
    def minimises_its_own(self) -> bool:
        """True where a step of the user's own computes what is minimised: no loss is asked."""
        return self.loss is None and (
            takes_data_alone(self.architecture.source)
            or self.block is not None)

    @property
    def block(self) -> Block | None:
        """What a loop of the user's own minimises as its block stands; `None` for a loss."""
        return None if self.loop is None else self.loop.block

    @property
    def loss_name(self) -> str:
        """The loss by its snake-case name; those of several outputs one after the other."""
        losses = [part for part in keras.tree.flatten(self.loss) if part is not None]
        return ", ".join(config_of(part)[0] for part in losses) or "none"

    @cached_property
    def signature(self) -> str:
        """Equal for recipes of which the same training comes, whatever changes led to them."""
        layers = [(layer.name, layer.kind, sorted(map(repr, layer.config.items())))
                  for layer in self.layers]
        optimizer = sorted(map(repr, self.optimizer.config.items()))
        loss = [signature_of(part) for part in keras.tree.flatten(self.loss)]
        return repr((layers, self.optimizer.kind, optimizer, loss, self.loss_weights, self.epochs,
                     self.batch_size, self.shuffle, self.validation_split, self.class_weight,
                     self.order_salt, self.data_units, self.target_units, self.filled,
                     *map(id, (self.x, self.y, self.sample_weight)), self.rules,
                     self.batches, sorted(self.architecture.kept), bool(self.optimizer.state),
                     self.loop, self.alone, self.loss_rows, self.term_weights))

    @cached_property
    def multiplications(self) -> int:
        """Multiplications of one forward pass of a batch, roughly.

        Each weight is used at every position of its layer's output, and in a recurrent layer at
        every step of its input. Axes of unknown length count once.
        """
        return self.multiplications_in(
            layer for layer in self.layers if layer.kind != "Embedding")

    def multiplications_in(self, layers: Iterable[Layer]) -> int:
        """Those of some of its layers."""
        def positions(layer: Layer) -> int:
            if layer.is_recurrent:
                return self.time_steps(layer)
            return math.prod(n or 1 for n in layer.output_shape[1:-1])

        each = sum(layer.parameters * positions(layer) for layer in layers)
        return each * min(self.batch_size, self.trained_rows)

    def time_steps(self, layer: Layer) -> int:
        """How many time steps a recurrent layer sees; 1 where that is not known."""
        shapes = [known.output_shape for known in self.layers if known.name in layer.inputs]
        return math.prod(n or 1 for n in shapes[0][1:-1]) if shapes else 1

    @property
    def several_outputs(self) -> bool:
        """True where the targets are more than one array."""
        return len(keras.tree.flatten(self.y)) > 1

    @property
    def several_inputs(self) -> bool:
        """True where the inputs are more than one array."""
        return len(keras.tree.flatten(self.x)) > 1

    def with_rows(self, chosen: Any) -> Recipe:
        """This recipe on other rows: `chosen` is what a numpy array may be indexed with."""
        rows = Data(x=self.x, y=self.y, sample_weight=self.sample_weight).taken(chosen)
        return replace(self, x=rows.x, y=rows.y, sample_weight=rows.sample_weight)

    def with_layer(self, name: str, **config: Any) -> Recipe:
        """The same with other arguments for one layer.

        Raises:
            NotSupported: its size is to change, but its weights had been loaded or trained before.
        """
        loaded = any(name in path.split("/") for path in self.architecture.kept)
        if loaded and {"units", "filters"} & config.keys():
            raise NotSupported(
                f"The weights of {name} had been loaded or trained before fit; another width would"
                " need other weights.")
        return replace(self, architecture=self.architecture.with_layer(name, **config))

    def without_layer(self, name: str) -> Recipe:
        """The same with one layer left out."""
        return replace(self, architecture=self.architecture.without_layer(name))

    def with_inserted(self, new: Insertion) -> Recipe:
        """The same with one layer more."""
        return replace(self, architecture=self.architecture.with_inserted(new))

    def with_optimizer(self, **config: Any) -> Recipe:
        """The same with other arguments for the optimizer."""
        return replace(self, optimizer=self.optimizer.with_config(**config))

    def with_loop(self, loop: Loop | None) -> Recipe:
        """The same in another loop of the user's own; one that does as `fit` is none.

        A scheduler of PyTorch's stays where it was: where more steps are made, its rates are for more.
        """
        own, loop = self.optimizer, None if loop == Loop() else loop
        was, now = ((one or Loop()).steps_every for one in (self.loop, loop))
        if own.rates_for is not None and 0 not in (was, now) and was != now:
            own = own.with_rates_for(own.rates_for * was // now)
        return replace(self, loop=loop, optimizer=own)

    def build(self) -> Built:
        """A fresh model, compiled, with all its variables made and no weights drawn.

        Raises:
            NotSupported: the model cannot be made again from its configuration.
        """
        with adapter.BUILDING:
            return self._build()

    def _build(self) -> Built:
        built = rebuilt(self.architecture)
        if self.block is not None:
            give_seeds(built.model)
        own_step = takes_data_alone(built.model)
        with adapter.recorded_initializers() as more:
            self.build_in_place(built.model)
        if not self.architecture.is_graph:  # built only now
            adapter.carry_statistics(self.architecture.source, built.model)
        if self.own_compile is None and not own_step:
            built.model.optimizer = self.optimizer_for(built.model.trainable_variables)
        elif not own_step:
            built.model.optimizer.build(built.model.trainable_variables)
        return replace(built, initializers={**built.initializers, **more})

    def optimizer_for(self, variables: Sequence[Any]) -> keras.optimizers.Optimizer:
        """A fresh optimizer with all its variables, also those that the loop gathers gradients in."""
        optimizer = self.optimizer.build()
        optimizer.build(variables)
        if self.loop is not None and self.loop.gathers:
            give_gatherers(optimizer, variables)
        return optimizer

    def build_in_place(self, model: keras.Model) -> None:
        """Compile a model, and make its variables on the first batch."""
        own_step = takes_data_alone(model)
        self._compile(model, with_optimizer=own_step)
        if own_step:
            build_by_step(model, self.first_batch)
        else:
            first = self.train.taken(slice(self.batch_size))
            adapter.build_for(model, first.x, first.y, first.sample_weight)

    def _compile(self, model: keras.Model, *, with_optimizer: bool) -> None:
        if self.own_compile is not None:
            args, kwargs = self.own_compile.given(
                [one.build() for one in (self.optimizer, *self.others)])
            model.compile(*args, **kwargs)
            if self.alone:
                setattr(model, ALONE, self.alone)
            return
        model.compile(
            optimizer=self.optimizer.build() if with_optimizer else None,
            loss=self.loss,
            loss_weights=self.loss_weights,
            metrics=self.metrics,
            weighted_metrics=self.weighted_metrics,
        )

    @property
    def first_batch(self) -> Tree:
        """The first rows as `fit` hands them to a step."""
        first = self.train.taken(slice(self.batch_size))
        return self.as_batch(first.x, first.y, first.sample_weight)

    def as_batch(self, x: Tree, y: Tree, sample_weight: Tree) -> Tree:
        """Rows as `fit` hands them to a step."""
        if self.rows_alone:
            return (x,) if isinstance(x, list | tuple) else x
        return (x, y) if sample_weight is None else (x, y, sample_weight)


def _through(tree: Tree, how: Callable[[Any], Any] | None) -> Tree:
    """Each array of a tree, changed; the tree itself where nothing is to be done."""
    if how is None:
        return tree
    return keras.tree.map_structure(lambda array: None if array is None else how(array), tree)


def bytes_of(recipe: Recipe) -> int:
    """Bytes of the rows that are trained on."""
    data = recipe.train
    return sum(int(array.nbytes) for array in keras.tree.flatten((data.x, data.y, data.sample_weight))
               if array is not None)


def half_the_rows(recipe: Recipe) -> Recipe | None:
    """The recipe on every other row; `None` where two batches' worth are no longer left."""
    if recipe.train.rows < max(4 * recipe.batch_size, 32):
        return None
    return recipe.with_rows(slice(None, None, 2))
