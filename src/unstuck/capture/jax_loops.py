"""Loops in Keras's JAX form: `stateless_call` within `jax.value_and_grad`, then `stateless_apply`.

The state of such a loop is no variable's, so that events are told by what the functions are given. They
are given numbers only where nothing around them is compiled: while the script runs, what it hands to
`jax.jit` itself stays as it is.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

import jax
import keras

from unstuck.network import adapter

from . import events
from .patches import Attribute
from .runner import is_the_users

SIGN = "stateless_apply"
"""Only a script with this word in it has such a loop."""


class _Given:
    """Stands where a block of a tape does: the state that a forward pass was given."""

    def __init__(self) -> None:
        self.before: dict[int, tuple[Any, Any]] = {}
        self.names: dict[str, Any] = {}
        self.model: Any = None


class JaxLoops:
    """Tells `events` of what a script computes in JAX's form."""

    def __init__(self) -> None:
        self._given = _Given()

    @property
    def model(self) -> Any:
        """The model that was called last; `None` for none."""
        return self._given.model

    @property
    def wrappers(self) -> dict[Attribute, Callable[[Any], Any]]:
        """What to patch while the script runs."""
        return {
            (jax, "jit"): self._as_it_is,
            (jax, "value_and_grad"): self._noting_gradients,
            (adapter.owner(keras.Layer, "stateless_call"), "stateless_call"): self._calling,
        }

    def _as_it_is(self, original: Any) -> Any:
        @functools.wraps(original)
        def jit(fun: Any = None, *args: Any, **options: Any) -> Any:
            if not _is_the_users(sys._getframe(1)):
                return original(*(() if fun is None else (fun,)), *args, **options)
            return fun if callable(fun) else lambda function: function

        return jit

    def _calling(self, original: Any) -> Any:
        @functools.wraps(original)
        def stateless_call(
            layer: Any, trainable: Any, others: Any, *args: Any, **kwargs: Any
        ) -> Any:
            frame = sys._getframe(1)
            if not isinstance(layer, keras.Model) or not _is_the_users(frame):
                return original(layer, trainable, others, *args, **kwargs)
            if self._given.model is not layer:
                self._begin(layer)
                pairs = zip(layer.non_trainable_variables, others, strict=False)
                self._given.before |= {id(v): (v, value) for v, value in pairs
                                       if not adapter.is_symbolic(value)}
            with events.unnoticed():
                found = original(layer, trainable, others, *args, **kwargs)
            events.forward(layer, args[:1], kwargs.get("training"), found[0])
            return found

        return stateless_call

    def _noting_gradients(self, original: Any) -> Any:
        @functools.wraps(original)
        def value_and_grad(fun: Any, *options: Any, **named: Any) -> Any:
            derived = original(fun, *options, **named)
            if not _is_the_users(sys._getframe(1)):
                return derived
            has_aux = bool(named.get("has_aux", options[1] if len(options) > 1 else False))

            @functools.wraps(fun)
            def called(*args: Any, **kwargs: Any) -> Any:
                # A state may begin as Keras's variables, which JAX took for arrays once.
                args = jax.tree.map(lambda leaf: leaf.value if isinstance(leaf, keras.Variable)
                                    else leaf, args)
                with events.within(self):
                    found = derived(*args, **kwargs)
                value, gradients = found
                self._tell(value[0] if has_aux else value, jax.tree.leaves(gradients), args)
                return found

            return called

        return value_and_grad

    def _tell(self, value: Any, gradients: Sequence[Any], args: Sequence[Any]) -> None:
        model = self._given.model
        if model is None or len(gradients) != len(model.trainable_variables):
            return
        for variable, held in zip(model.trainable_variables, jax.tree.leaves(args[0]), strict=False):
            if not adapter.is_symbolic(held):
                self._given.before.setdefault(id(variable), (variable, held))
        events.gradient(value, {}, self._given, (), block=self)

    def _begin(self, model: Any) -> None:
        self._given = _Given()
        self._given.model = model


def _is_the_users(frame: Any) -> bool:
    return is_the_users(frame.f_code.co_filename)
