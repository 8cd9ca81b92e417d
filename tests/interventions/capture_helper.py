"""Runs a script's text up to its `fit` and tells the recipe and its sites, for these tests only."""

from __future__ import annotations

import contextlib
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from unstuck import adapter
from unstuck.recipe import Architecture, Optimizer, Recipe
from unstuck.script import Script, Span

FILE = "<captured>"


class _FitReached(BaseException):
    def __init__(self, model: keras.Model, arguments: dict[str, Any]) -> None:
        self.model, self.arguments = model, arguments


def captured(text: str) -> tuple[Script, Recipe]:
    """The script and the recipe of its first `fit`."""
    keras.utils.clear_session()
    made: list[tuple[Any, Span]] = []
    calls: dict[str, Span] = {}
    with _patched(made, calls):
        try:
            namespace = {"__name__": "__main__"}
            exec(compile(text, FILE, "exec"), namespace)  # noqa: S102
        except _FitReached as reached:
            model, fit = reached.model, reached.arguments
        else:
            raise AssertionError("the script has no fit")
    often = Counter(span for thing, span in made if not isinstance(thing, keras.layers.InputLayer))
    sites = dict(calls)
    compiled = adapter.compile_config(model)
    for thing, span in made:
        if often[span] > 1:
            continue
        if isinstance(thing, keras.Layer):
            sites[f"layer:{thing.name}"] = span
        elif thing is compiled["optimizer"] and span != calls["compile"]:
            sites["optimizer"] = span
        elif thing is compiled["loss"] and span != calls["compile"]:
            sites["loss"] = span
    x, y, weight = adapter.as_arrays(fit["x"], fit["y"], fit.get("sample_weight"))
    if not model.built and isinstance(model, keras.Sequential):
        model.build(x.shape)
    defaults = {"batch_size": 32, "epochs": 1, "shuffle": True, "validation_split": 0.0}
    options = {key: fit.get(key) or value for key, value in defaults.items() if key != "shuffle"}
    recipe = Recipe(
        architecture=Architecture(source=model),
        optimizer=Optimizer.of(compiled["optimizer"]),
        loss=compiled["loss"],
        metrics=compiled["metrics"],
        x=x, y=y, sample_weight=weight,
        shuffle=fit.get("shuffle", True),
        sites=sites,
        **options,
    )
    return Script.parse(text), recipe


def _span(frame: types.FrameType) -> Span:
    line, end_line, column, end_column = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    assert None not in (line, end_line, column, end_column)
    return Span(line, column, end_line, end_column)  # type: ignore[arg-type]


def _users_frame(depth: int) -> types.FrameType | None:
    frame: types.FrameType | None = sys._getframe(depth)
    while frame is not None and frame.f_code.co_filename != FILE:
        frame = frame.f_back
    return frame


def _base(cls: type, name: str) -> type:
    return next(base for base in cls.__mro__ if base.__name__ == name)


def _owner(method: str) -> type:
    """The class whose own method shadows Model's; JAX's trainer has its own `fit`."""
    return next(base for base in keras.Model.__mro__ if method in base.__dict__)


@contextlib.contextmanager
def _patched(made: list[tuple[Any, Span]], calls: dict[str, Span]) -> Iterator[None]:
    """Constructors that note where the script calls them; `compile` too; `fit` that stops."""
    undo: list[tuple[type, str, Any]] = []

    def patch(cls: type, name: str, wrap: Callable[[Any], Any]) -> None:
        original = cls.__dict__[name]
        undo.append((cls, name, original))
        setattr(cls, name, wrap(original))

    def noting(original: Any) -> Any:
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            inner = sys._getframe(1)
            while inner.f_code.co_name == "__init__" and inner.f_locals.get("self") is self:
                inner = inner.f_back  # type: ignore[assignment]
            # Constructed by the script itself, or by Input() for it, not deep inside Keras.
            direct = inner.f_code.co_filename == FILE or inner.f_code.co_name in ("Input", "__new__")
            frame = _users_frame(1)
            if direct and frame is not None:
                made.append((self, _span(frame)))
            original(self, *args, **kwargs)

        return init

    def compiling(original: Any) -> Any:
        def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            frame = _users_frame(1)
            if frame is not None:
                calls["compile"] = _span(frame)
            return original(self, *args, **kwargs)

        return wrapped

    def fitting(original: Any) -> Any:
        def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            names = ["x", "y", "batch_size", "epochs", "verbose", "callbacks", "validation_split",
                     "validation_data", "shuffle", "class_weight", "sample_weight"]
            frame = _users_frame(1)
            assert frame is not None
            calls["fit"] = _span(frame)
            raise _FitReached(self, {**dict(zip(names, args, strict=False)), **kwargs})

        return wrapped

    patch(keras.Layer, "__init__", noting)
    patch(_base(keras.Optimizer, "BaseOptimizer"), "__init__", noting)
    patch(_base(keras.Loss, "Loss"), "__init__", noting)
    patch(_owner("fit"), "fit", fitting)
    patch(_owner("compile"), "compile", compiling)
    try:
        yield
    finally:
        for cls, name, original in reversed(undo):
            setattr(cls, name, original)


def comparable(recipe: Recipe) -> dict[str, Any]:
    """What two recipes must agree on to be the same training, names of layers left out."""
    graph = recipe.architecture.is_graph
    model = recipe.architecture.build().model if graph else recipe.build().model
    rng = np.random.default_rng(7)
    for variable in model.weights:
        variable.assign(rng.uniform(0.01, 0.1, size=variable.shape).astype(variable.dtype))
    return {
        "layers": [(type(layer).__name__, _plain(layer.get_config())) for layer in model.layers],
        "outputs": np.asarray(model(recipe.x[:4], training=False)).round(4).tolist(),
        "optimizer": (recipe.optimizer.kind, _plain(recipe.optimizer.config)),
        "loss": recipe.loss_config[0].lower(),
        "loss_arguments": _plain({k: v for k, v in recipe.loss_config[1].items() if k != "reduction"}),
        "fit": (recipe.epochs, recipe.batch_size, recipe.validation_split, recipe.shuffle),
        "data": [None if a is None else np.asarray(a).tolist()
                 for a in (recipe.x, recipe.y, recipe.sample_weight)],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "name"}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
