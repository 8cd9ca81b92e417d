"""A proved repair, to be put into effect here: the repaired network, and what `fit` is to be given."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import keras

from unstuck.base.errors import UnstuckError
from unstuck.base.short_repr import Short
from unstuck.network import adapter
from unstuck.network.callback_rules import Rule
from unstuck.network.recipe import Recipe
from unstuck.network.torch_numbers import SPELLING
from unstuck.population.keras_engine.program import Program
from unstuck.result import results

_PLAIN = ("epochs", "batch_size", "shuffle", "validation_split", "class_weight")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ReadyRepair(Short):
    """A repair with the training that was proved: `before` the diagnosed one, `after` the repaired.

    `info` is what was measured, as in the report.
    """

    info: results.Repair
    before: Recipe
    after: Recipe

    def apply(self, model: keras.Model | None = None, *, seed: int = 0) -> keras.Model:
        """The repaired network, compiled, its weights drawn; `model` is left as it is.

        Args:
            model: the one that was diagnosed; if given, it is made sure that it is.
            seed: of the weights. Those that had been loaded or trained before are kept.

        Raises:
            UnstuckError: `model` is another network, or one of torch's.
        """
        if self.before.written_for == SPELLING:
            raise UnstuckError("The repair of a torch training is told, not applied: make its changes"
                               " in your code. Of a script, unstuck fix writes them.")
        if model is not None and _names(model) != _names(self.before.architecture.source):
            raise UnstuckError(
                "This is not the model that was diagnosed: its layers have other names. Diagnose it,"
                " and apply that diagnosis's repair.")
        program = Program(self.after)
        trainable, others, *_ = program.initial_state(self.after, [seed], None)
        for variables, values in ((program.model.trainable_variables, trainable),
                                  (program.model.non_trainable_variables, others)):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value[0])
        made = program.model
        made.optimizer = self.after.optimizer_for(made.trainable_variables)
        return made

    @property
    def fit_arguments(self) -> dict[str, Any]:
        """The arguments of `fit`, by name, that differ from those that were diagnosed.

        Data are among them where the repair changes the data, callbacks where it changes those; the
        callbacks are then all that take part.
        """
        before, after = self.before, self.after
        changed = {name: getattr(after, name) for name in _PLAIN
                   if getattr(after, name) != getattr(before, name)}
        if (after.data_units, after.target_units, after.filled) != (
                before.data_units, before.target_units, before.filled) or any(
                getattr(after, name) is not getattr(before, name)
                for name in ("x", "y", "sample_weight")):
            changed |= {"x": after.scaled(after.x), "y": after.scaled_targets(after.y)}
            if after.sample_weight is not None:
                changed["sample_weight"] = after.sample_weight
            if (held := after.validation) is not None and after.validation_data is not None:
                changed["validation_data"] = held.x, held.y
        if after.rules != before.rules:
            changed["callbacks"] = [_callback(rule) for rule in after.rules.rules]
        return changed


def _names(model: keras.Model) -> set[str]:
    return {layer.name for layer in adapter.flat_layers(model)
            if not isinstance(layer, keras.layers.InputLayer)}


def _callback(rule: Rule) -> keras.callbacks.Callback:
    given = {field.name: getattr(rule, field.name) for field in fields(rule) if field.name != "place"}
    if "watched" in given:
        given["monitor"] = given.pop("watched")
    return getattr(keras.callbacks, rule.kind)(**given)
