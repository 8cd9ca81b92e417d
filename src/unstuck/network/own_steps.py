"""Steps of the user's own in TensorFlow's form, `train_step(self, data)`, as pure functions of a state.

TensorFlow's step changes variables where it stands; JAX's takes a state and gives the next. In a
stateless scope Keras notes what is changed in place of changing it, so that the user's method runs as
it is, and what it has noted is the next state. Its gradients are those of `tf.GradientTape`'s stand-in.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import keras

from unstuck.base.errors import NotSupported

from . import adapter
from .drawing import SEEDS, drawing_with, draws_unseeded, give_seeds, let_draw_unseeded

ALONE = "unstuck_alone"
"""The attribute of a model whose steps change what one of its optimizers trains, and nothing else: the
name of that optimizer."""
State = tuple[list[Any], list[Any], list[Any], list[Any]]
"""Values of trainable variables, of the others, of optimizers and of metrics."""
Step = Callable[[State, Any], tuple[Mapping[str, Any], State]]


def takes_data_alone(model: keras.Model, method: str = "train_step") -> bool:
    """True where the model's class has a step in TensorFlow's form: `train_step(self, data)`."""
    if not adapter.overrides(model, method):
        return False
    return len(inspect.signature(getattr(type(model), method)).parameters) < 3


def prepared(model: keras.Model) -> keras.Model:
    """A fresh model with such steps, or whose layers draw, gets a generator for that.

    Without a `call` it is as built as it will ever be.
    """
    if not is_called(model):
        model.built = True
    if draws_unseeded(model):
        let_draw_unseeded()
        give_seeds(model)
    if takes_data_alone(model):
        give_seeds(model)
        for name, made in (("compiled_loss", _CompiledLoss), ("compiled_metrics", _CompiledMetrics)):
            if not hasattr(model, name):
                object.__setattr__(model, name, made(model))  # none of the layers' own
    return model


class _CompiledLoss:
    """What Keras 2 called `self.compiled_loss`: the loss of `compile`, counted to what is logged."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model

    def __call__(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None
    ) -> Any:
        loss = adapter.compiled_loss(self._model, y_true, y_pred, sample_weight)
        loss = sum(regularization_losses or [], loss)
        adapter.note_loss(self._model, loss)
        return loss


class _CompiledMetrics:
    """What Keras 2 called `self.compiled_metrics`."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        adapter.note_metrics(self._model, y_true, y_pred, sample_weight)


def optimizers_in(model: keras.Model) -> list[Any]:
    """The optimizers that a step of a compiled model uses: for `fit`'s own step that of `compile`."""
    return adapter.optimizers_of(model) if takes_data_alone(model) else [model.optimizer]


def variables_of_state(model: keras.Model) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """The variables whose values are the state of a step, in its four parts."""
    return (list(model.trainable_variables), list(model.non_trainable_variables),
            [v for optimizer in optimizers_in(model) for v in optimizer.variables],
            list(model.metrics_variables))


def state_of(model: keras.Model) -> State:
    """The state in which a model stands."""
    trainable, others, optimizers, metrics = (
        [v.value for v in part] for part in variables_of_state(model))
    return trainable, others, optimizers, metrics


def minimized(
    optimizer: Any, loss: Any, var_list: Any, grad_loss: Any = None, name: Any = None, tape: Any = None
) -> Any:
    """Keras 2's `optimizer.minimize(loss, variables, tape=tape)`.

    Raises:
        NotSupported: no tape was given.
    """
    if tape is None:
        raise NotSupported("optimizer.minimize(loss, variables) without a tape is not taken. Open one"
                           " around the loss, with tf.GradientTape() as tape:, and pass tape=tape.")
    variables = list(var_list() if callable(var_list) else var_list)
    return optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))


def is_called(model: keras.Model) -> bool:
    """False where the model's class has steps but no `call`, so that nothing says what it puts out."""
    return not (takes_data_alone(model) and not adapter.overrides(model, "call")
                and not isinstance(model, keras.Sequential) and not adapter.is_functional(model))


def build_by_step(model: keras.Model, data: Any) -> None:
    """Create every variable that a step in TensorFlow's form would create on a first batch.

    The step is traced, and computes nothing. Optimizers are built for the variables that it gives them.

    Raises:
        Exception: whatever the user's step raises.
    """
    applied: dict[int, tuple[Any, list[Any]]] = {}

    def note(optimizer: Any, gradients: Any, variables: Any = None) -> None:
        if variables is not None:
            held = applied.setdefault(id(optimizer), (optimizer, []))[1]
            held += [v for v in variables if not any(v is one for one in held)]

    with adapter.noted_updates(note), keras.StatelessScope(collect_losses=True):
        jax.eval_shape(lambda batch: _called(model, "train_step", batch), data)
    for optimizer, variables in applied.values():
        if not optimizer.built:
            optimizer.build(variables)
    if not model.built:  # the step calls parts of it alone, which have their variables now
        model.built = True


def step_in_place(model: keras.Model, method: str) -> Step:
    """A step in TensorFlow's form as a function from a state and a batch to logs and the next state.

    Args:
        model: built, with its metrics and optimizers.
        method: "train_step" or "test_step".
    """
    def step(state: State, data: Any) -> tuple[Mapping[str, Any], State]:
        parts = variables_of_state(model)
        held = {id(v): value for part, values in zip(parts, state, strict=True)
                for v, value in zip(part, values, strict=True)}
        with adapter.scope_with(held) as scope:
            logs = _called(model, method, data)
        after = tuple([scope.get_current_value(v) for v in part] for part in parts)
        return logs, after  # type: ignore[return-value]

    return step


def _called(model: keras.Model, method: str, data: Any) -> dict[str, Any]:
    """The logs of the user's step, each a number; what was minimised, where they do not tell."""
    for optimizer in adapter.optimizers_of(model):
        if not hasattr(optimizer, "minimize"):
            object.__setattr__(optimizer, "minimize", functools.partial(minimized, optimizer))
    alone, mine = getattr(model, ALONE, ""), []
    with (drawing_with(getattr(model, SEEDS, None)), adapter.journalled(),
          adapter.JOURNALS.minimised() as losses, contextlib.ExitStack() as applying):
        if alone:
            applying.enter_context(adapter.only_applied(
                getattr(model, alone), lambda: mine.extend(losses[-1:])))
        logs = getattr(model, method)(data)
    if mine:
        logs = {**(logs or {}), "loss": mine[-1]}
    flat: dict[str, Any] = {}
    for name, value in (logs or {}).items():
        flat |= value if isinstance(value, dict) else {name: value}
    flat = {name: keras.ops.convert_to_tensor(value) for name, value in flat.items()
            if value is not None}
    if "loss" not in flat:
        flat = {**_loss_of(flat, losses), **flat}
    return flat


def _loss_of(logs: Mapping[str, Any], losses: Sequence[Any]) -> dict[str, Any]:
    """What was minimised, where the logs do not call it "loss"."""
    if losses:
        return {"loss": losses[-1]}
    named = [name for name in logs if "loss" in name]
    return {"loss": logs[named[0]]} if len(named) == 1 else {}
