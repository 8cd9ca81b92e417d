"""A metric that can say whether the network learns."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import keras

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from . import Intervention
from . import _source as source

_WORDS = ("accuracy", "acc", "binary_accuracy")


@dataclass(frozen=True, kw_only=True)
class Metric(Intervention):
    """In the place of accuracy: the mean absolute error, or accuracy with its border at `threshold`.

    It changes what is shown, and nothing of the training: it is no trial's, but a repair brings it
    along.
    """

    kind: ClassVar[str] = "metric"
    cost: ClassVar[float] = 0

    threshold: float | None = None

    @property
    def label(self) -> str:
        """What is done."""
        if self.threshold is None:
            return "metric accuracy → mean absolute error"
        return f"metric accuracy → accuracy with its border at {self.threshold:g}"

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    @property
    def conflicts(self) -> frozenset[str]:
        """The metrics."""
        return frozenset({"compile.metrics"})

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this metric where it has accuracy.

        Raises:
            NotSupported: it has none, a callback waits for it, or the outputs are no logits any more.
        """
        if not any(map(is_accuracy, keras.tree.flatten(recipe.metrics))):
            raise NotSupported("The metrics have no accuracy.")
        if any("acc" in (rule.monitor or "") for rule in recipe.rules.rules):
            raise NotSupported("A callback watches the accuracy, by its name.")
        if self.threshold is not None and not recipe.loss_config[1].get("from_logits"):
            raise NotSupported("The outputs are no logits.")
        return replace(recipe, metrics=keras.tree.map_structure(
            lambda metric: self._made() if is_accuracy(metric) else metric, recipe.metrics))

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The words for accuracy in the argument `metrics` of `compile`."""
        call = source.method_call(script, before, "compile")
        given = None if call is None else call.argument("metrics", 3)
        if call is None or given is None:
            return None
        code, imports = self._code(script, call)
        text = f"(\n{given.code}\n)"
        lines = text.encode().splitlines(keepends=True)
        starts = [sum(map(len, lines[:n])) for n in range(len(lines))]
        words = [node for node in ast.walk(ast.parse(text, mode="eval"))
                 if isinstance(node, ast.Constant) and str(node.value).lower() in _WORDS]
        written = text.encode()
        for word in sorted(words, key=lambda node: (node.lineno, node.col_offset), reverse=True):
            if word.end_lineno is None or word.end_col_offset is None:
                return None
            begin = starts[word.lineno - 1] + word.col_offset
            end = starts[word.end_lineno - 1] + word.end_col_offset
            written = written[:begin] + code.encode() + written[end:]
        # Words that are the keys of a dictionary, or a metric that has a name, stay as they are.
        if not words or len(words) != sum(map(is_accuracy, keras.tree.flatten(before.metrics))):
            return None
        edits = call.set_argument("metrics", written.decode()[2:-2], position=3)
        return None if edits is None else (*imports, *edits)

    def _made(self) -> Any:
        if self.threshold is None:
            return "mae"
        return keras.metrics.BinaryAccuracy(threshold=self.threshold)

    def _code(self, script: Script, call: Call) -> tuple[str, source.Edits]:
        if self.threshold is None:
            return source.quoted(script, "mae"), ()
        name, imports = source.keras_name(script, call, "metrics.BinaryAccuracy")
        return source.make(name, {"threshold": source.number(self.threshold)}), imports


def is_accuracy(metric: Any) -> bool:
    """True for a metric that counts outputs which equal their targets after rounding to 0 or 1."""
    if isinstance(metric, str):
        return metric.lower() in _WORDS
    return type(metric).__name__ in ("Accuracy",)
