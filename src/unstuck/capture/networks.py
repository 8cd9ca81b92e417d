"""A model of our own, made like the user's: built, with its values, in the state before `fit`.

The user's object lives on, is trained, freed or changed; a Recipe must not notice. So what a Recipe
holds is always a copy, and nothing of the user's model is written to.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import BadData, NotSupported
from unstuck.network import adapter
from unstuck.network.architecture import Architecture
from unstuck.network.made_with import Arguments, from_arguments, made_again, note, noted
from unstuck.network.own_steps import is_called, takes_data_alone
from unstuck.network.rebuilding import rebuilt
from unstuck.network.recipe import Recipe

from .failing import cause_of
from .inside import told_of
from .patches import Attribute

Tree = Any

_HOOKS = ("call", "train_step", "compute_loss", "compute_metrics", "build")


def refuse_unknown_training(model: keras.Model, optimizers: Sequence[Any] | None) -> None:
    """Refuse what would not be trained as the user's class trains it.

    Args:
        model: the user's.
        optimizers: those that a `compile` of its own was given; `None` where that is not known.

    Raises:
        NotSupported: named, with what to do.
    """
    kind = type(model).__name__
    if adapter.overrides(model, "compile") and optimizers is None:
        raise NotSupported(
            f"{kind} has a compile() of its own, so that its optimizer and loss are not known. Give"
            " them to keras.Model.compile."
        )
    own = [hook for hook in _HOOKS if adapter.overrides(model, hook)]
    if isinstance(model, keras.Sequential) and own:
        raise NotSupported(
            f"{kind} is a Sequential with a {own[0]}() of its own. Derive it from keras.Model."
        )


class Made:
    """With what arguments models of the user's own classes were made, noted while a script runs."""

    def __init__(self) -> None:
        self._compiled: dict[int, tuple[weakref.ref[Any], Arguments]] = {}
        self._compiles: list[tuple[type, Any]] = []
        self._compiling = 0

    @property
    def wrappers(self) -> dict[Attribute, Callable[[Any], Any]]:
        """What to patch meanwhile."""
        return {(keras.Model, "__new__"): self._noting}

    def _noting(self, original: Any) -> Any:
        make = original.__func__

        @functools.wraps(make)
        def __new__(cls: type, *args: Any, **kwargs: Any) -> Any:
            self._note_compile(cls)
            made = make(cls, *args, **kwargs)
            if not adapter.is_keras_class(cls):
                note(made, args, kwargs)
            return made

        return staticmethod(__new__)

    def _note_compile(self, cls: type) -> None:
        """Note from now on what a `compile` of the class's own is given."""
        owner = adapter.owner(cls, "compile")
        if owner.__module__.startswith("keras.") or any(owner is one for one, _ in self._compiles):
            return
        original = vars(owner)["compile"]
        self._compiles.append((owner, original))

        @functools.wraps(original)
        def compile(model: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._compiling:
                self._compiled[id(model)] = weakref.ref(model), (args, kwargs)
            self._compiling += 1
            try:
                return original(model, *args, **kwargs)
            finally:
                self._compiling -= 1

        owner.compile = compile  # type: ignore[attr-defined]

    def close(self) -> None:
        """Leave the user's classes as they were."""
        while self._compiles:
            owner, original = self._compiles.pop()
            owner.compile = original  # type: ignore[attr-defined]

    def compiled(self, model: keras.Model) -> Arguments | None:
        """What a `compile` of the model's own class was given; `None` where it has none."""
        kept = self._compiled.get(id(model))
        return kept[1] if kept is not None and kept[0]() is model else None

    def of(self, model: keras.Model) -> Arguments | None:
        """The arguments of a model's own constructor, where its configuration does not tell them."""
        if not adapter.is_custom(model) or (
                adapter.overrides(model, "get_config") and adapter.tells_its_arguments(model)):
            return None
        return noted(model)


def copy_of(model: keras.Model, x: Tree, arguments: Arguments | None = None) -> keras.Model:
    """A built copy with the same layers, names and values; the model is only read.

    Args:
        model: any Keras model, built or not.
        x: rows of data, for the shapes that a model not yet built lacks.
        arguments: those that the model was made with, where they are known.

    Raises:
        BadData: the model cannot be called on such rows.
        NotSupported: it cannot be made again from its configuration.
    """
    was_built = model.built and all(layer.built for layer in adapter.flat_layers(model))
    source = model
    if isinstance(model, keras.Sequential) and Architecture(source=model).is_graph is False:
        source = _built_sequential(model, x)
    copy = rebuilt(Architecture(source=source, arguments=arguments)).model
    if Architecture(source=copy).is_graph is False and is_called(copy):
        try:
            with adapter.recorded_initializers():
                adapter.build_on(copy, keras.tree.map_structure(lambda a: a[:1], x))
        except Exception as error:
            if takes_data_alone(model):  # its step may call it on something else (`finished`)
                return copy
            if (told := told_of(error) or cause_of(error)) is not None:
                raise told from error
            raise BadData(
                f"{type(model).__name__} cannot be called on x, whose shape is"
                f" {_shapes(x)}: {error}"
            ) from error
    if was_built and [v.shape for v in copy.trainable_variables] != [
        v.shape for v in model.trainable_variables
    ]:
        raise NotSupported(
            f"A copy of {type(model).__name__} made from its configuration has other trainable"
            " weights than the model itself, as when layers are frozen or replaced after they were"
            " made. Build the model as keras.Model(inputs, outputs), or freeze its layers in its"
            " constructor."
        )
    _copy_values(model, copy)
    return copy


def finished(recipe: Recipe, model: keras.Model, built: keras.Model) -> None:
    """Make the variables of a recipe's source that only its step makes, with the user's values.

    Args:
        model: the user's.
        built: one that was built of the recipe.
    """
    source = recipe.architecture.source
    if takes_data_alone(source) and len(source.variables) < len(built.variables):
        with adapter.recorded_initializers():
            recipe.build_in_place(source)
        _copy_values(model, source)


def _built_sequential(model: keras.Sequential, x: Tree) -> keras.Sequential:
    """A Sequential without `Input` gets the shape of its input from the data, as in `fit`."""
    with adapter.recorded_initializers(), adapter.own_code_trusted(model):
        built = keras.Sequential(
            [_again(layer) for layer in model.layers],
            name=model.name,
        )
        arrays = keras.tree.flatten(x)
        if not model.layers:
            raise NotSupported("The Sequential model has no layers.")
        if len(arrays) == 1:
            try:
                built.build((None, *arrays[0].shape[1:]))
            except Exception as error:
                if (told := told_of(error) or cause_of(error)) is not None:
                    raise told from error
                raise BadData(
                    f"The model cannot be called on x, whose shape is {_shapes(x)}: {error}"
                ) from error
    return built


def _again(layer: Any) -> Any:
    try:
        return made_again(layer) or adapter.remade(layer, layer.get_config())
    except Exception as error:
        if (made := from_arguments(layer)) is not None:
            return made
        raise NotSupported(
            f"The layer {layer.name!r} ({type(layer).__name__}) cannot be made again from its"
            f" configuration: {error}. Give the class a get_config() that returns the arguments of"
            " its constructor."
        ) from error


def _copy_values(model: keras.Model, copy: keras.Model) -> None:
    """Give each layer of the copy the values of its original, where that has any."""
    originals = {layer.name: layer for layer in adapter.flat_layers(model)}
    for layer in adapter.flat_layers(copy):
        original = originals.get(layer.name)
        mine = layer.variables
        theirs = [] if original is None else original.variables
        if [v.shape for v in mine] == [v.shape for v in theirs]:
            for ours, value in zip(mine, theirs, strict=True):
                ours.assign(np.array(value.value))


def _shapes(x: Tree) -> str:
    return ", ".join(str(a.shape) for a in keras.tree.flatten(x))
