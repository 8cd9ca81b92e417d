"""From what was heard of a training to its recipe, which has to pass the shadow check."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network import adapter
from unstuck.network.architecture import Architecture
from unstuck.network.loops import Loop
from unstuck.network.recipe import Recipe
from unstuck.network.torch_numbers import SPELLING
from unstuck.script import Span

from ..own_loops import Taken, of_batches
from ..rounds import Around
from ..shadow import SHADOWED, Shadow, Weights
from ..tape import Batch, batch_of
from . import (  # noqa: F401  they fill the table
    of_activations,
    of_attention,
    of_convolutions,
    of_layers,
    of_losses,
    of_moves,
    of_norms,
    of_recurrent,
    of_shapes,
    of_sums,
)
from .hooks import Hooks
from .loaded import Loaded
from .losses import loss_of, merged, penalties
from .ops import Graph, Leaf
from .optimizers import optimizer_of
from .parts import Parts, parts_of
from .rhythm import mode_of, rhythm_of
from .schedules import rates_of
from .terms import by_rows
from .trainings import Training
from .translating import Translation


class Closing:
    """The recipe of a training.

    Args:
        training: what was heard of it.
        hooks: that heard it.
    """

    def __init__(self, training: Training, hooks: Hooks) -> None:
        self._training, self._hooks = training, hooks
        self._rounds: Around | None = None
        self.graphs: list[Graph] = [one.graph for one in training.batches]
        self.parts: Parts = parts_of(self.graphs[0])
        self._check_alike()
        if len(self.parts.targets) > 1:
            raise NotSupported(
                f"its loss compares outputs with {len(self.parts.targets)} arrays. Diagnose one loss of"
                " one array of targets.")

    def _check_alike(self) -> None:
        """Refuse a forward pass that does otherwise in some updates, or that nothing is known of."""
        for op in self.graphs[0].ops:
            if any(isinstance(one, Leaf) and one.unheard for one in op.inputs):
                raise NotSupported(f"{op.name}{_line(op.span)} reads what was computed by functions"
                                   " that are not known here, such as those of a package or an"
                                   " autograd.Function.")
        first = self.graphs[0].marks
        for number, graph in enumerate(self.graphs, 1):
            if graph.marks == first:
                continue
            op = next((op for op, mark in zip(self.graphs[0].ops, graph.marks, strict=False)
                       if (op.name, len(op.inputs)) != mark[:2]), self.graphs[0].ops[-1])
            asked = self._hooks.listening.asked
            at = f"at {op.name}{_line(op.span)}" if asked is None else (
                f"and asks for numbers of its data{_line(asked)}")
            raise NotSupported(
                f"its update {number} computes otherwise than its first one, {at}: its network or its"
                " loss branches on data. Take the branch out to diagnose the script.")
        half = next((op for op in self.graphs[0].ops if op.dtypes[:1] in (["float16"], ["bfloat16"])),
                    None)
        if half is not None:
            raise NotSupported(
                f"{half.name}{_line(half.span)} computes in {half.dtypes[0]}, and unstuck in float32."
                " Take half() or bfloat16() out: what keeps a network from learning in float32 does so"
                " in half the digits, too.")

    def recipe(self) -> tuple[Recipe, tuple[str, ...]]:
        """It, and notes.

        Raises:
            NotSupported: replicas cannot do the same, and why.
        """
        training = self._training
        batches = self._batches()
        network = self._translated(shadow=False)
        model = network.model()
        first = self.parts.targets_of(self.graphs[0])
        y = first[0] if first else self.parts.rows_of(self.graphs[0])[0]
        out = (len(y), *model.output_shape[1:])
        penalised = penalties(self.graphs[0], self.parts, y, out)
        _penalise(network, penalised)
        loss, factor = loss_of(self.graphs[0], self.parts, y, out)
        loss = merged(model, loss)
        rates = self._rates()
        clipped = next((one.clipped for one in training.batches if one.clipped), None)
        rhythm, steps_every = rhythm_of(training)
        held = training.loaded
        each = self._each(len(batches)) if held is None else held.each
        optimizer = optimizer_of(training.optimizer, rates, clipped,
                                 each=max(1, (each or 1) // max(1, steps_every)),
                                 paths={id(one): path for path, one in self._by_tensor(model, network)},
                                 momenta=self._momenta(held))
        training_mode, training_for = mode_of(self.graphs, self.parts)
        if held is not None and training_for == held.first_round:
            training_for = held.each
        loop = Loop(training=training_mode, training_for=training_for, clears=rhythm,
                    steps_every=steps_every, untrained=self._untrained(model, network))
        x = batches[0][0]
        recipe = Recipe(
            architecture=Architecture(source=model, kept=self._kept(model, network)),
            optimizer=optimizer, loss=loss, loss_weights=None if factor == 1 else factor,
            x=x, y=y, batch_size=len(y), shuffle=False, written_for=SPELLING,
            loop=None if loop == Loop() else loop)
        shadow = Shadow([graph.value for graph in self.graphs[:SHADOWED]], *self._shadowed(batches),
                        weights=self._weights(),
                        advice="Take what is unusual there out of the loop, and run it again.")
        if not shadow.agrees(self._shadow_recipe(recipe, penalised)):
            raise NotSupported(shadow.refusal)
        if held is not None:
            recipe, told = self._of_loader(recipe, held)
        else:
            recipe, told = self._of_batches(recipe, batches, each)
        recipe = replace(recipe, sites=self._sites(network, recipe),
                         rounds=1 if self._rounds is None else self._rounds.count)
        behind = None if isinstance(recipe.x, tuple) else self._hooks.listening.views.behind(recipe.x)
        if behind is not None:
            sites = {**recipe.sites, **({} if behind[1] is None else {"view": behind[1]})}
            recipe = replace(recipe, viewed=behind[0], sites=sites)
        return recipe, (told, shadow.told)

    def _rates(self) -> list[float]:
        """The rate of every update, of those that were not run, too, where a loader tells of them."""
        training, held = self._training, self._training.loaded
        rates = [one.rate for one in training.batches if one.step]
        if held is None:
            return rates
        return rates_of(
            next(iter(self._hooks.schedulers), None), training.optimizer, rates,
            first_round=sum(1 for one in training.batches[: held.first_round] if one.step),
            each=held.each, rounds=training.around[-1].count)

    def _momenta(self, held: Loaded | None) -> list[float]:
        """The momentum of every update.

        Raises:
            NotSupported: it changes, and a loader tells of updates that were not run.
        """
        found = [one.momentum for one in self._training.batches if one.step]
        if held is not None and len(set(found)) > 1:
            raise NotSupported("its loop changes the momentum. --through lets it run to its end.")
        return found

    def _of_loader(self, recipe: Recipe, held: Loaded) -> tuple[Recipe, str]:
        """The recipe on all rows of a loader, and a note."""
        self._rounds = self._training.around[-1]
        x: Any = held.rows[0] if len(held.rows) == 1 else tuple(held.rows)
        data = batch_of(x, held.targets[0] if held.targets else held.rows[0])
        return replace(recipe, x=data[0], y=data[1], batch_size=held.batch_size, taped=True,
                       epochs=self._rounds.count, shuffle=held.shuffled), held.note

    def _of_batches(
        self, recipe: Recipe, batches: list[Batch], each: int | None
    ) -> tuple[Recipe, str]:
        """The recipe on the batches that were run, and a note."""
        counted = self._training.counted
        if counted is not None and each is not None:  # the last batch begins another round
            del batches[each * counted[1]:]
        taken = Taken(batches)
        taken.updates += self._training.untaped
        return of_batches(recipe, taken, counted if each else None, each=each)

    def _batches(self) -> list[Batch]:
        found = []
        for graph in self.graphs:
            rows, targets = self.parts.rows_of(graph), self.parts.targets_of(graph)
            x: Any = rows[0] if len(rows) == 1 else tuple(rows)
            found.append(batch_of(x, targets[0] if targets else rows[0]))
        return found

    def _translated(self, *, shadow: bool) -> Translation:
        training, graph = self._training, self.graphs[0]
        later = self.graphs[1] if len(self.graphs) > 1 else graph
        lasting = frozenset(id(leaf.tensor) for op in later.ops for leaf in op.inputs
                            if isinstance(leaf, Leaf) and leaf.parameter)
        return Translation(
            self.parts, list(graph.ops), self.parts.rows_of(graph), training.names, training.values,
            training.draws, site_of=self._hooks.places.of, lasting=lasting,
            frozen=training.frozen, shadow=shadow, by_rows=self._by_rows)

    @functools.cached_property
    def _by_rows(self) -> dict[tuple[int, int], float]:
        """The numbers that go with the rows of a batch, where one of another size came."""
        counts = [len(self.parts.rows_of(graph)[0]) for graph in self.graphs]
        other = next((i for i, count in enumerate(counts) if count != counts[0]), 0)
        return by_rows(self.graphs[0], self.graphs[other], (counts[0], counts[other]))

    def _by_tensor(self, model: keras.Model, network: Translation) -> list[tuple[str, Any]]:
        """The paths of a model's weights, each with the parameter of torch's that it is."""
        paths = adapter.stable_paths(model)
        return [(paths[id(getattr(one.layer, one.attribute))], tensor) for one in network.held
                for tensor in one.tensors]

    def _untrained(self, model: keras.Model, network: Translation) -> frozenset[str]:
        """Weights that the optimizer does not have, frozen ones left out."""
        paths, training = adapter.stable_paths(model), self._training
        learns = {paths[id(v)] for v in model.trainable_variables}
        return frozenset(
            path for path, tensor in self._by_tensor(model, network) if path in learns
            and (id(tensor) not in training.owned or id(tensor) in training.frozen))

    def _kept(self, model: keras.Model, network: Translation) -> frozenset[str]:
        """Weights that had been trained or loaded before."""
        return frozenset(path for path, tensor in self._by_tensor(model, network)
                         if self._training.draws.get(id(tensor)) is None)

    def _each(self, count: int) -> int | None:
        """How many batches an epoch has, by the outermost loop that counts its rounds."""
        around = self._training.around
        for i in range(len(around) - 1, -1, -1):
            turns = [one.turns[i] if len(one.turns) > i else None for one in self._training.batches]
            if self._training.counted is not None:
                count = len(turns) - 1
            starts = [n for n in range(count) if n == 0 or turns[n] != turns[n - 1]]
            gaps = {b - a for a, b in zip(starts, [*starts[1:], count], strict=True)}
            if len(starts) > 1 and len(gaps) == 1 and None not in turns:
                self._rounds = around[i]
                return gaps.pop()
        return None

    @functools.cached_property
    def _shadow(self) -> tuple[Translation, keras.Model]:
        """The network that takes as inputs what was drawn at random."""
        network = self._translated(shadow=True)
        return network, network.model()

    def _shadow_recipe(
        self, recipe: Recipe, penalised: Mapping[int, tuple[float, float]]
    ) -> Recipe:
        """The recipe of that network."""
        network, model = self._shadow
        _penalise(network, penalised)
        if isinstance(recipe.loss, keras.losses.SparseCategoricalCrossentropy):
            last = model.output._keras_history.operation
            mine = recipe.architecture.source.output._keras_history.operation
            if hasattr(last, "activation") and hasattr(mine, "activation"):
                last.activation = mine.activation
        x, y, _ = self._shadowed([(recipe.x, recipe.y, None)])[0][0]
        return replace(recipe, architecture=Architecture(source=model), x=x, y=y)

    def _shadowed(self, batches: Sequence[Batch]) -> tuple[list[Batch], list[list[Any]]]:
        """The first batches with what was drawn in each of them, and no seeds."""
        network, _ = self._shadow
        found = []
        for graph, (x, y, weight) in zip(self.graphs, batches[:SHADOWED], strict=False):
            more = [array for op in dict.fromkeys(network.drawn)
                    for array in _drawn(graph, self.graphs[0].ops.index(op))]
            parts = [*(x if isinstance(x, tuple) else (x,)), *more]
            found.append((parts[0] if len(parts) == 1 else tuple(parts), y, weight))
        return found, [[] for _ in found]

    def _weights(self) -> list[Weights]:
        """The user's own before each of the first batches, by path, as far as they are known."""
        (network, model), training = self._shadow, self._training
        paths, steps = adapter.stable_paths(model), 0
        found: list[Weights] = []
        for one in training.batches[:SHADOWED]:
            if steps >= len(training.before):
                break
            held = {paths[id(getattr(part.layer, part.attribute))]: part.at(training.before[steps])
                    for part in network.held}
            found.append({path: values for path, values in held.items() if values is not None})
            steps += bool(one.step)
        return found

    def _sites(self, network: Translation, recipe: Recipe) -> dict[str, Span]:
        training, places = self._training, self._hooks.places
        sites = dict(network.sites) | training.spans
        if (span := places.of(training.optimizer)) is not None:
            sites["optimizer"] = span
        loss = self.parts.loss[-1]
        named = [op for op in self.parts.loss if op.name in of_losses.NAMES]
        span = network.site(named[0] if named else loss)
        if span is not None:
            sites["loss"] = span
        for one in network.held:
            drawn = self._hooks.draws.span_of(one.tensors[0]) if one.tensors else None
            if drawn is not None and one.attribute == "kernel" and self._hooks.draws_at(drawn):
                sites[f"initializer:{one.layer.name}"] = drawn
        outer = next((op.modules[0] for op in self.parts.network if op.modules), None)
        if outer is not None and "forward" in sites:
            sites[f"model:{type(outer).__name__}"] = sites["forward"]
        if self._rounds is not None and self._rounds.span is not None:
            sites["rounds"] = self._rounds.span
        meeting = next((op for op in self.parts.loss if any(
            isinstance(one, Leaf) and not one.parameter for one in op.args[:2])), None)
        if meeting is not None and meeting.span is not None:
            at = next(i for i, one in enumerate(meeting.args) if isinstance(one, Leaf))
            sites[f"meets:{at}"] = meeting.span
        weighed = None if self.parts.terms is None else self.parts.terms.meeting
        if weighed is not None and weighed[0].span is not None:
            sites[f"weighed:{weighed[1]}"] = weighed[0].span
        if not any(places.of(one) == sites.get("batch") and one.batch_size == recipe.batch_size
                   for one in self._hooks.loaders):
            sites.pop("batch", None)  # its batches are cut out of those of a loader
        return sites


def _line(span: Span | None) -> str:
    return "" if span is None else f" (line {span.line})"


def _penalise(network: Translation, penalised: Mapping[int, tuple[float, float]]) -> None:
    """Give the layers of a network what a loss adds of their parameters.

    Raises:
        NotSupported: a layer cannot.
    """
    for one in network.held:
        factors = {penalised.get(id(tensor), (0.0, 0.0)) for tensor in one.tensors} - {(0.0, 0.0)}
        if not factors:
            continue
        name = f"{one.attribute.removesuffix('_kernel') or 'kernel'}_regularizer"
        if len(factors) > 1 or not hasattr(one.layer, name):
            raise NotSupported(f"its loss reads parameters of {one.layer.name}, which has no penalty of"
                               " its own. Give the optimizer weight_decay instead.")
        size, square = factors.pop()
        setattr(one.layer, name, keras.regularizers.L1L2(size, square))


def _drawn(graph: Graph, at: int) -> list[Any]:
    """What an operation drew in an update, as its inputs in the shadow's network."""
    op = graph.ops[at]
    if "masks" in op.before:
        return list(op.before["masks"])
    if len(op.values) == 1:  # noise
        return [op.values[0].astype(np.float32)]
    if op.values:  # a mask
        given, out = op.values
        return [np.where(given != 0, out / np.where(given == 0, 1, given), 0).astype(np.float32)]
    weights = [one for one in op.inputs if isinstance(one, Leaf) and one.parameter]
    return [one.tensor.detach().numpy().T.copy() for one in weights]
