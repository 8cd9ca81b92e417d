"""Watches a script's calls of Keras: notes who makes what, and takes the chosen `fit`."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

import keras

from unstuck.base.errors import Located
from unstuck.network import adapter
from unstuck.network.made_with import note
from unstuck.network.recipe import Recipe
from unstuck.script import Script, Span

from . import events
from .build import recipe_of
from .callbacks import joined, listed, taking_part
from .calls import Sites, caller, fit_calls, frames_of, one_line, span_of
from .fit_numbers import epochs_of
from .hand_loops import HandLoop
from .jax_loops import SIGN, JaxLoops
from .networks import Made
from .noticing import Noticing
from .own_loops import OwnLoop
from .patches import Attribute
from .rounds import Rounds, loops_around, rounds_of
from .rows_named import names_of_rows
from .runner import Stop
from .tensorflow import Dataset
from .weights import Drawn


class Reached:
    """A call of `fit` that was reached: its span in the user's file, if it is there.

    `key` tells it from other calls, and is the same in each round of a loop.
    """

    def __init__(
        self, model: keras.Model, filename: str, script: Script, method: str = "fit"
    ) -> None:
        frame = caller(model, method)
        self.frames = frames_of(frame, filename)
        self.key = tuple((id(one.f_code), one.f_lasti) for one in self.frames)
        self.span: Span | None = None
        self.text = method
        self.line: int | None = None
        if frame is None:
            return
        if frame.f_code.co_filename == filename:
            self.span, self.line = span_of(frame), frame.f_lineno
            self.text = one_line(
                script.line(frame.f_lineno) if self.span is None else script.excerpt(self.span)
            )
            self.line = self.line if self.span is None else self.span.line
        else:
            self.text = f"{method} in {os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
            if self.frames:  # as through a wrapper for scikit-learn
                self.line = self.frames[0].f_lineno
                self.text += f", through {one_line(script.line(self.line))}"

    def __str__(self) -> str:
        return self.text if self.line is None else f"line {self.line}: {self.text}"


class Watch:
    """What is learnt about a script while it runs.

    Args:
        filename: the file name its code was compiled under.
        script: its source.
        chosen: the number, from 1, of the `fit` to take.
        through: let the chosen `fit` and all later ones train; otherwise the script ends there.
        auto: take a later one where the chosen one's model has no weights.
    """

    def __init__(
        self, filename: str, script: Script, *, chosen: int, through: bool, auto: bool = False
    ) -> None:
        self._filename = filename
        self._script = script
        self._chosen, self._auto = chosen, auto
        self._weightless: tuple[int, Recipe] | None = None
        self._through = through
        self._process = os.getpid()
        self._drawn, self._made = Drawn(), Made()
        self._sites = Sites(filename)
        self._compiles = Sites(filename)
        self._loop = OwnLoop(self._drawn, self._made)
        self._noticing, self._jax_loops = Noticing(), JaxLoops()
        # A fit that comes after the loop is what is taken, as ever.
        later = any(call.is_keras for call in fit_calls(script))
        self.hand_loop = HandLoop(self._drawn, self._made, through=through or later)
        self._batched: dict[Span, int] = {}
        self.fits: list[Reached] = []
        self.rounds = Rounds(epochs=0)
        self._epochs_run: list[int] = []
        self.recipe: Recipe | None = None
        self.error: Exception | None = None
        self.model_kind = ""
        self.notes: list[str] = []
        self.own_history: Mapping[str, list[float]] | None = None
        self.own_loop = ""

    @property
    def taken(self) -> bool:
        """True once the chosen `fit` was reached, whether or not a Recipe could be made of it."""
        return self.recipe is not None or self.error is not None

    @property
    def wrappers(self) -> dict[Attribute, Callable[[Any], Any]]:
        """What to patch while the script runs."""
        model, optimizer = keras.Model, adapter.optimizer_base()
        return {
            **self._drawn.wrappers,
            **self._made.wrappers,
            **self._noticing.wrappers,
            **(self._jax_loops.wrappers if SIGN in self._script.text else {}),
            (adapter.owner(model, "fit"), "fit"): self._fit,
            (adapter.owner(model, "train_on_batch"), "train_on_batch"): self._train_on_batch,
            (adapter.owner(model, "compile"), "compile"): self._noting(self._compiles),
            (adapter.owner(keras.Layer, "__new__"), "__new__"): self._new,
            (keras.callbacks.Callback, "__init__"): self._noting(self._sites),
            (adapter.owner(keras.losses.Loss, "__init__"), "__init__"): self._noting(self._sites),
            (adapter.owner(optimizer, "__init__"), "__init__"): self._noting(self._sites),
            (keras.utils, "plot_model"): self._drawing,
            (Dataset, "batch"): self._batching,
            (adapter.owner(optimizer, "apply"), "apply"): self._own_loop,
            (adapter.owner(optimizer, "stateless_apply"), "stateless_apply"): self._own_loop,
        }

    def _new(self, original: Any) -> Any:
        make = original.__func__

        @functools.wraps(make)
        def __new__(cls: type, *args: Any, **kwargs: Any) -> Any:
            made = make(cls, *args, **kwargs)
            self._sites.note(made, "__new__")
            if not adapter.is_keras_class(cls):
                note(made, args, kwargs)
            return made

        return staticmethod(__new__)

    def _noting(self, sites: Sites) -> Callable[[Any], Any]:
        def wrap(original: Any) -> Any:
            @functools.wraps(original)
            def noted(thing: Any, *args: Any, **kwargs: Any) -> Any:
                sites.note(thing, original.__name__)
                return original(thing, *args, **kwargs)

            return noted

        return wrap

    def _batching(self, original: Any) -> Any:
        """Note where the script makes batches of a data set, and of what size."""
        @functools.wraps(original)
        def batch(data: Any, batch_size: Any, *args: Any, **kwargs: Any) -> Any:
            frame = caller(data, "batch")
            span = None if frame is None else span_of(frame)
            if frame is not None and span and frame.f_code.co_filename == self._filename:
                self._batched[span] = int(batch_size)
            return original(data, batch_size, *args, **kwargs)

        return batch

    def _sites_of_batches(self, recipe: Recipe) -> dict[str, Span]:
        """The one call that makes batches of the size that is trained on; none where there are more."""
        found = [span for span, size in self._batched.items() if size == recipe.batch_size]
        return {"batch": found[0]} if recipe.taped and len(found) == 1 else {}

    def _drawing(self, original: Any) -> Any:
        """Nothing is drawn where the script ends at its `fit`: what draws may not be installed."""
        return original if self._through else lambda *args, **kwargs: None

    def _own_loop(self, original: Any) -> Any:
        name = original.__name__

        @functools.wraps(original)
        def noted(thing: Any, *args: Any, **kwargs: Any) -> Any:
            frame = caller(thing, name)
            if frame is not None and not frame.f_globals.get("__name__", "").startswith("keras."):
                self.own_loop = self.own_loop or f"{name}, line {frame.f_lineno}"
                if not self.fits and name == "apply":
                    self._note_update(thing, *args, **kwargs)
                elif not self.fits and self._jax_loops.model is not None:
                    self._note_stateless_update(thing, *args, **kwargs)
            return original(thing, *args, **kwargs)

        return noted

    def _note_stateless_update(
        self, optimizer: Any, optimizer_variables: Any, grads: Any, trainable_variables: Any
    ) -> None:
        """The same for `stateless_apply`, whose variables are those of the model called last."""
        if not self.hand_loop.began:
            self._begin_loop(Reached(optimizer, self._filename, self._script, "stateless_apply"))
        events.update(optimizer, list(grads), self._jax_loops.model.trainable_variables)

    def _begin_loop(self, reached: Reached) -> None:
        self._reached_update = reached
        self.hand_loop.stands_in(loops_around(self._script, reached.frames))

    def _note_update(self, optimizer: Any, grads: Any, trainable_variables: Any = None) -> None:
        """Tell the loop of an optimizer that the script applies itself."""
        variables = optimizer._trainable_variables if trainable_variables is None else list(
            trainable_variables)
        if not self.hand_loop.began:
            self._begin_loop(Reached(optimizer, self._filename, self._script, "apply"))
        events.update(optimizer, list(grads), variables)

    def _train_on_batch(self, original: Any) -> Any:
        @functools.wraps(original)
        def train_on_batch(model: keras.Model, *args: Any, **kwargs: Any) -> Any:
            frame = caller(model, "train_on_batch")
            if self.fits or frame is None or os.getpid() != self._process:
                return original(model, *args, **kwargs)
            if not self._loop.began:
                self._first = Reached(model, self._filename, self._script, "train_on_batch"), model
            return self._loop.train_on_batch(original, model, args, kwargs, frame.f_lineno)

        return train_on_batch

    def take_own_loop(self) -> None:
        """Where no `fit` was reached, take what a loop of the script's own was.

        Raises:
            UnstuckError: there was one, but it cannot be trained again.
        """
        if self.fits or self._chosen != 1:
            return
        found = self._loop.close()
        if found is None:
            self._take_hand_loop()
            return
        reached, model = self._first
        self.fits.append(reached)
        self.model_kind = type(model).__name__
        sites, looped = self._sites.of_layers(model)
        self.recipe = replace(found[0], sites=sites | self._sites_of(model))
        self.notes += [*adapter.backend_notes(), *found[1], *looped]

    def _take_hand_loop(self) -> None:
        """Take what a loop was that applies gradients itself."""
        found = self.hand_loop.close()
        model = self.hand_loop.model
        if found is None or model is None:
            return
        recipe, notes = found
        self.fits.append(self._reached_update)
        self.model_kind = type(model).__name__
        sites, looped = self._sites.of_layers(model)
        parts = {"optimizer": self._sites.of(self.hand_loop.optimizer),
                 "loss": self._sites.of(self.hand_loop.loss),
                 "forward": self._noticing.site_of(model, self._filename),
                 "update": self._reached_update.span}
        ends = [one.span for one in self.hand_loop.around if one.count == recipe.epochs]
        if len(ends) == 1:
            parts["rounds"], recipe = ends[0], replace(recipe, rounds=recipe.epochs)
        sites |= {name: span for name, span in parts.items() if span is not None}
        self.recipe = replace(recipe, sites=sites | self._sites_of_batches(recipe))
        self.notes += [*adapter.backend_notes(), *notes, *looped]

    def _sites_of(self, model: keras.Model) -> dict[str, Span]:
        """Where the parts of a compiled model stand, its layers left out."""
        spans = {"compile": self._compiles.of(model), "optimizer": self._sites.of(model.optimizer),
                 "loss": self._sites.of(model.loss),
                 **{f"optimizer:{name}": self._sites.of(value) for name, value in vars(model).items()
                    if name != "optimizer" and isinstance(value, adapter.optimizer_base())}}
        return {name: span for name, span in spans.items() if span is not None}

    def _fit(self, original: Any) -> Any:
        signature = inspect.signature(original)

        @functools.wraps(original)
        def fit(model: keras.Model, *args: Any, **kwargs: Any) -> Any:
            if os.getpid() != self._process:
                return original(model, *args, **kwargs)
            number = self._number_of(Reached(model, self._filename, self._script))
            mine = number == self._chosen
            if mine:
                try:
                    bound = signature.bind(model, *args, **kwargs)
                except TypeError:
                    return original(model, *args, **kwargs)
                bound.apply_defaults()
                if not self.taken:
                    self._take(model, bound.arguments)
                    args, kwargs = bound.args[1:], bound.kwargs
                    mine = not self._passed_over()
            if self.taken and not self._through:
                raise Stop
            history = original(model, *args, **kwargs)
            if mine:
                self._note_history(history)
            return history

        return fit

    def _passed_over(self) -> bool:
        """Whether what was taken trains nothing, so that a later `fit` is looked for."""
        if self.recipe is None or not self._auto or self.recipe.architecture.source.count_params():
            return False
        if self._weightless is None:
            self._weightless = self._chosen, self.recipe
        self.notes = [f"{self._reached} trains a model without weights; the first fit after it that"
                      " trains something was taken."]
        self.recipe = None
        self._chosen += 1
        return True

    @property
    def chosen(self) -> int:
        """The number, from 1, of the `fit` that was taken."""
        return self._chosen

    @property
    def _reached(self) -> Reached:
        """The chosen call."""
        return self.fits[self._chosen - 1]

    def _number_of(self, reached: Reached) -> int:
        """The number of a call among those reached; all rounds of one training are one call."""
        span = reached.span
        if span is not None and (span.end_line, span.end_column) in self.rounds.calls:
            return self._chosen
        for number, known in enumerate(self.fits, 1):
            if known.key == reached.key:
                known.frames = reached.frames
                return number
        self.fits.append(reached)
        return len(self.fits)

    def _note_history(self, history: keras.callbacks.History) -> None:
        """Keep the user's own history, one round after another where they are one training."""
        first = self.own_history is None
        if first or self.rounds.times > 1 or self.rounds.uncounted:
            before = self.own_history or {}
            self.own_history = {name: [*before.get(name, []), *kept]
                                for name, kept in history.history.items()}
            self._epochs_run.append(len(history.epoch))

    def close(self) -> None:
        """Count the rounds that were run, where that is now known better than before."""
        if not self.taken and self._weightless is not None:
            (self._chosen, self.recipe), self.notes = self._weightless, []
        self._made.close()
        for reached in self.fits:
            reached.frames = ()  # they hold all of the script's variables
        if self.recipe is not None and self._through and len(self._epochs_run) > 0 and (
                self.rounds.times > 1 or self.rounds.uncounted):
            self.recipe = replace(self.recipe, epochs=sum(self._epochs_run),
                                  rounds=len(self._epochs_run))

    def _locate(self, error: Located, model: keras.Model) -> None:
        """Say on which line an error's part of the training stands, or else the `fit`."""
        layers, _ = self._sites.of_layers(model)
        spans = {"fit": self._reached.span, **layers, **self._sites_of(model)}
        names = {"output": [f"layer:{layer.name}" for layer in reversed(model.layers)],
                 "loss": ["loss", "compile"], "optimizer": ["optimizer", "compile"]}
        span = next((spans[name] for name in names.get(error.site, [error.site])
                     if spans.get(name) is not None), self._reached.span)
        line = self._reached.line if span is None else span.line
        if line is not None:
            error.at(os.path.basename(self._filename), line, self._script.line(line))

    def _take(self, model: keras.Model, fit: MutableMapping[str, Any]) -> None:
        self.model_kind = type(model).__name__
        try:
            with adapter.random_state_kept():
                recipe, notes = recipe_of(model, fit, copied=self._through,
                                          drawn=self._drawn, made=self._made)
            self.rounds = rounds_of(self._script, self._reached.frames, model, fit)
            passes = recipe.epochs != epochs_of(fit)  # as a source's own, which are no epochs of fit
            if passes:
                self.rounds = replace(self.rounds, epochs=recipe.epochs * self.rounds.times)
            sites, looped = self._sites.of_layers(model)
        except Exception as error:  # raised later: the script might swallow it here
            if isinstance(error, Located):
                self._locate(error, model)
            self.error = error
            return
        spans = {
            # An edit of one of several calls would leave the others as they are.
            "fit": None if self.rounds.calls or passes else self._reached.span,
            "rounds": self.rounds.span,
            **{f"callback:{i}": self._sites.of(callback) for i, callback in enumerate(
                one for one in listed(fit["callbacks"]) if taking_part(one))},
        }
        sites |= {name: span for name, span in spans.items() if span is not None}
        sites |= self._sites_of(model)
        together = joined(recipe.rules, self.rounds.times, recipe.epochs)
        if together is None:
            self.rounds = Rounds(epochs=recipe.epochs, notes=(
                "The fit is called again and again with callbacks that begin anew in each call: one"
                " call of it was taken.",))
            together = recipe.rules, ()
        sites |= self._sites_of_batches(recipe)
        if recipe.taped and self._reached.frames:
            module = self._reached.frames[-1].f_globals
            named = names_of_rows(module, recipe)
            recipe = replace(recipe, named=named, plain={
                part: str(module[name].dtype) for part, name in named.items()})
        self.recipe = replace(recipe, sites=sites, epochs=self.rounds.epochs,
                              rounds=self.rounds.times, rules=together[0])
        self.notes += together[1]
        self.notes += [*adapter.backend_notes(), *notes, *looped, *self.rounds.notes]
        if self._reached.span is None:
            self.notes.append(
                f"{self._reached} is not called from {os.path.basename(self._filename)} itself:"
                " a repair of its arguments can be shown, but not written."
            )
