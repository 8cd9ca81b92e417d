"""Training loops written by hand: a forward pass, a loss, gradients, an optimizer that applies them.

The script runs to its end and trains. What happens on the way is told as events (`events`); each update
is put together from them, its rows are taped. Afterwards the loop is looked at as a whole: which model
was trained by which optimizer on which batches, with what loss, and where it does otherwise than `fit`
would (`network.loops.Loop`). Of several readings of it, the first that gives the user's own losses is
taken (`shadow`); where none does, the script is refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network import adapter
from unstuck.network.drawing import give_seeds
from unstuck.network.loops import Loop
from unstuck.network.made_with import Arguments
from unstuck.network.recipe import Recipe

from . import events
from .build import recipe_of_step
from .events import Event
from .judging import BY_LOSS
from .loop_blocks import Models, Whole, is_run_whole, moving_names, whole_of
from .loop_losses import Reading, readings
from .loop_updates import Update, loss_of, targets_of
from .networks import Made
from .own_loops import IN_TURN, Taken, of_batches, passes, refuse
from .rounds import Around
from .runner import Stop
from .shadow import SHADOWED, Shadow, first_that_agrees
from .tape import Batch, batch_of
from .weights import Drawn


class HandLoop:
    """What a script's own training loop was.

    Where a loop around the update counts its passes, some of them tell what the others are, and the
    script ends there, as it would at a `fit`; otherwise it runs to its end.

    Args:
        drawn: notes what weights were drawn as.
        made: notes with what arguments models were made.
        through: let the script run to its end.
    """

    def __init__(self, drawn: Drawn, made: Made, *, through: bool = True) -> None:
        self._drawn, self._made, self._through = drawn, made, through
        self.around: list[Around] = []
        self._turns: list[Any] = []
        self._changes: list[list[int]] = []
        self._passes: tuple[int, int] | None = None
        self._first: list[Update] = []
        self._taken = Taken()
        self._updates = 0
        self._made_at: list[int] = []
        self._rate: float | None = None
        self._begun: tuple[Recipe, tuple[str, ...]] | None = None
        self._targets: tuple[str, int] | None = None
        self._whole: Whole | None = None
        self._optimizer: Any = None
        self._refused = ""
        self._others = self.took_gradients = self._in_turn = False
        self._changed: set[int] = set()
        self.recent: list[Event] = []
        self.model: keras.Model | None = None
        self.error: Exception | None = None

    @property
    def began(self) -> bool:
        """True once there was an update."""
        return self.model is not None

    @property
    def optimizer(self) -> Any:
        """The optimizer of the first update; `None` before."""
        return self._first[0].update.thing if self._first else None

    @property
    def loss(self) -> Any:
        """The loss, a class or a function, that the first update called; `None` for none."""
        called = self._first[0].loss if self._first else None
        return None if called is None else called.thing

    def tell(self, event: Event) -> None:
        """Take an event; an update ends what belongs together."""
        self.recent.append(event)
        self.took_gradients = self.took_gradients or event.kind == "gradient"
        if event.kind == "update":
            changed = {id(variable) for variable in event.what["variables"]}
            self._changed = self._changed or changed
            self._in_turn = self._in_turn or not changed & self._changed
            if not self._refused and self.error is None:
                try:
                    self._take(event)
                except Exception as error:  # told at the end, unless a fit comes
                    self.error = error
            self.recent = []
        elif len(self.recent) > 1000:  # a model that is called, and never trained
            self.recent = self.recent[-100:]

    def _take(self, update: Event) -> None:
        gradients = [one for one in self.recent if one.kind == "gradient"]
        if not gradients and not self.began:
            return  # nothing is known of them
        if not gradients:
            self._refused = ("its gradients come neither from a tf.GradientTape nor from"
                             " jax.value_and_grad.")
            return
        found = self._forwards(update, gradients)
        if not found:
            return
        whole = Update(forward=found[0], loss=loss_of(found[0], self.recent), gradient=gradients[-1],
                       update=update)
        if not self.began:
            self._begin(whole, found, gradients)
        elif not self._are_the_same(found):
            self._others = True
            return
        if self._others:
            self._refused = f"it trains two models in turn, {IN_TURN}"
            return
        if update.thing is not self._optimizer or not self._made_at:
            self._optimizer = update.thing
            self._made_at.append(self._updates)
        if len(self._first) < SHADOWED:
            self._first.append(whole)
        if self._is_known():
            raise Stop
        self._updates += 1
        self._keep(self._batch(whole), update)

    def stands_in(self, around: list[Around]) -> None:
        """The loops around the first update."""
        self.around, self._turns = around, [one.turn for one in around]
        self._changes = [[] for _ in around]

    def _is_known(self) -> bool:
        """Whether a loop around the update has counted enough passes to tell what all of them are."""
        for i, one in enumerate(self.around):
            turn = one.turn
            if turn is None or turn == self._turns[i]:
                continue
            self._turns[i] = turn
            self._changes[i].append(self._updates)
            each, run = self._changes[i][0], len(self._changes[i])
            if (self._through or self._updates < SHADOWED or run < 2
                    or run * each != self._updates or one.count <= run):
                continue
            kind, _, found = passes(self._taken.batches)
            if kind != "stream" and each % found == 0:
                self._passes = one.count * (each // found), run * (each // found)
                return True
        return False

    def _are_the_same(self, found: list[Event]) -> bool:
        """True where an update trains what the first one did."""
        models = (self.model,) if self._whole is None else self._whole.models
        return {id(one.thing) for one in found} == {*map(id, models)}

    def _forwards(self, update: Event, gradients: list[Event]) -> list[Event]:
        """The forward passes, within the block of the gradient, of models that are updated.

        None where there are none, or more than can be taken: the loop is then refused, but for a model
        that comes after the first one has been trained.
        """
        changed = {id(v) for v in update.what["variables"]}
        block = gradients[-1].what["block"]
        found = [one for one in self.recent if one.kind == "forward"
                 and any(within is block for within in one.what["blocks"])
                 and changed & {id(v) for v in one.thing.trainable_variables}]
        if len(found) == 1 or is_run_whole(found, gradients):
            return found
        if self.began and not any(one.thing is self.model for one in found):
            self._others = True
        elif not found:
            self._refused = "the variables that its optimizer changes are those of no model."
        else:
            alone = len({id(one.thing) for one in found}) == 1
            self._refused = (
                f"{'its model is called more than once' if alone else 'several models are called'} in"
                " one update. Put that computation into the train_step of a keras.Model of your own,"
                " and call fit: such steps are taken as they are.")
        return []

    def _keep(self, batch: Batch, update: Event) -> None:
        rate = update.arrays.get("rate")
        if rate:
            now = float(np.asarray(rate[0]))
            if self._rate is not None and now != self._rate:
                self._refused = (
                    f"its learning rate is changed on the way (update {self._updates}). Give the"
                    " optimizer a schedule, or call model.fit with a callback.")
                return
            self._rate = now
        self._taken.keep(batch)

    def _begin(self, first: Update, found: list[Event], gradients: list[Event]) -> None:
        """Take the model as it is before its first update."""
        self.model, self._optimizer = first.forward.thing, first.update.thing
        arguments: Arguments | None = None
        if is_run_whole(found, gradients):
            losses = [(loss, one) for one in found if (loss := loss_of(one, self.recent)) is not None]
            self._whole = whole_of(found, losses, gradients)
            if len(self._whole.models) > 1:
                given = (self._whole.block(first.gradient), self._whole.judged, *self._whole.models)
                self.model, arguments = Models(*given), (given, {})
        else:
            self._targets = targets_of(first)
        x, y, weight = self._batch(first)
        with adapter.random_state_kept(), events.unnoticed():
            self._begun = recipe_of_step(
                self.model, self._optimizer, x, y, weight, drawn=self._drawn,
                arguments=arguments or self._made.of(self.model))
            copy = self._begun[0].architecture.source
            if self._whole is not None:
                give_seeds(copy)
            # The forward pass of this update has moved running averages and masks already.
            for ours, variable in zip(copy.variables, self.model.variables, strict=False):
                held = first.gradient.thing.before.get(id(variable))
                if held is not None and tuple(held[1].shape) == tuple(ours.shape):
                    ours.assign(np.asarray(held[1]))

    def _batch(self, update: Update) -> Batch:
        if self._whole is not None:
            x, y = (update.gradient.arrays[f"name {place[0]}"][place[1]]
                    for place in (self._whole.rows, self._whole.targets or self._whole.rows))
            return batch_of(x, y)
        x = update.forward.arrays["x"]
        if update.loss is not None:
            y, weight = update.loss.arrays["y"], update.loss.arrays["weight"]
        else:
            assert self._targets is not None
            name, i = self._targets
            y, weight = [update.gradient.arrays[f"name {name}"][i]], []
        return batch_of(x[0] if len(x) == 1 else x, y[0] if len(y) == 1 else y,
                        weight[0] if weight else None)

    def close(self) -> tuple[Recipe, tuple[str, ...]] | None:
        """The training that the loop was, and notes; `None` where there was none.

        Raises:
            NotSupported: replicas cannot do the same, and why.
            UnstuckError: the model or its first batch cannot be trained on.
        """
        if not self.began and not self._refused:
            return None
        if self._in_turn and (self.error is not None or self._refused):
            refuse(None, f"it trains two models in turn, {IN_TURN}")
        refuse(self.error, self._refused)
        assert self._begun is not None
        recipe, notes = self._begun
        first = self._first[: len(self._taken.batches)]
        shadow = Shadow([one.value for one in first], self._taken.batches,
                        [one.gradient.arrays["seeds"] for one in first])
        with events.unnoticed():
            read = first_that_agrees(shadow, recipe, self._readings(), self._loop())
            if read is None:
                raise NotSupported(shadow.refusal)
            recipe, told = of_batches(read, self._taken, self._passes)
        if self._whole is not None and self._whole.by_loss:
            recipe, notes = replace(recipe, by_loss=True), (*notes, BY_LOSS)
        return recipe, (*notes, told, shadow.told)

    def _readings(self) -> Iterable[Reading]:
        """What the loop may minimise, likelier readings first.

        Raises:
            NotSupported: an update has data besides its rows and targets.
        """
        if self._whole is None:
            return readings([(one.loss, one.forward, one.gradient) for one in self._first],
                            self._targets)
        gradients = [one.gradient for one in self._first]
        moving = moving_names(gradients, [self._whole.rows, self._whole.targets])
        if moving:
            raise NotSupported(
                f"The script has a training loop of its own, in which {', '.join(moving)} "
                f"{'are' if len(moving) > 1 else 'is'} another in each update, besides the rows"
                f" {self._whole.rows[0]}. Put that computation into the train_step of a keras.Model of"
                " your own, and call fit with all of it: such steps are taken as they are.")
        return [Reading(loss=None, block=self._whole.block(gradients[0]))]

    def _loop(self) -> Loop:
        """How it trains, as the events of its first updates tell."""
        assert self._begun is not None and self.model is not None
        trained = {id(v) for one in self._first for v, none in zip(
            one.update.what["variables"], one.update.what["none"], strict=True) if not none}
        copy = self._begun[0].architecture.source
        paths = adapter.stable_paths(copy)
        untrained = frozenset(
            paths[id(ours)] for ours, variable in zip(
                copy.trainable_variables, self.model.trainable_variables, strict=True)
            if id(variable) not in trained)
        gaps = {b - a for a, b in itertools.pairwise(self._made_at)}
        training = self._whole is not None or bool(self._first[0].forward.what["training"])
        return Loop(training=training, untrained=untrained,
                    optimizer_for=gaps.pop() if len(gaps) == 1 else None)
