"""`tf.GradientTape`: gradients of a block of the user's, by running that once more.

A block is a function here (`blocks`). Where a gradient is asked for, JAX takes that of the block run
again (`runs`), from the state that the variables had before it, so that it draws and computes the same.
What the second run changes is thrown away. Nested tapes are blocks within blocks, and need no more.

As in TensorFlow, what does not hang on a source has no gradient (`None`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras

from unstuck.base.errors import NotSupported
from unstuck.capture import events
from unstuck.network import adapter
from unstuck.network.terms import Term, counted
from unstuck.script import Span

from .derivatives import Question, derived
from .runs import UNBOUND, Run, left

__all__ = ["UNBOUND", "GradientTape", "left", "taped", "term"]

Tree = Any


def taped(
    tapes: Sequence[Any], block: Callable[..., left], values: Mapping[str, Callable[[], Any]]
) -> left:
    """Run the block of a `with`, and let its tapes take gradients of it.

    Args:
        tapes: what the `with` opened.
        block: its statements, as a function of `mark` and the names.
        values: what gives the value of each name.
    """
    mine = [tape for tape in tapes if isinstance(tape, GradientTape)]
    names = {name: _value_of(value) for name, value in values.items()}
    return Run(block, names, mine).go()


def term(value: Any, code: str, *place: int) -> Any:
    """What is added up in a block, of that code at that place (line, column, end line, end column)."""
    return counted(value, Term(code=code, span=Span(*place)), noted=not events.is_quiet())


def _value_of(value: Callable[[], Any]) -> Any:
    try:
        return value()
    except NameError:
        return UNBOUND


class GradientTape:
    """TensorFlow's recorder of gradients.

    Args:
        persistent: TensorFlow lets one that is not be asked once; here it makes no difference.
        watch_accessed_variables: whether variables count as sources without `watch`.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.run: Run | None = None
        self._watches = watch_accessed_variables
        self._watched: list[Any] = []
        events.opened_tape()

    def __enter__(self) -> GradientTape:
        return self

    def __exit__(self, *error: Any) -> None:
        return None

    def watch(self, tensor: Any) -> None:
        """Count arrays, or variables, among the sources."""
        self._watched += keras.tree.flatten(tensor)

    def reset(self) -> None:
        """Forget what is watched."""
        self._watched.clear()

    @contextlib.contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Not recorded in TensorFlow: what is computed within is no part of a gradient.

        Raises:
            NotSupported: always, since a block run again cannot leave a part of itself out.
        """
        raise NotSupported("tape.stop_recording() has no counterpart here. Compute what is not to be"
                           " recorded before the tape is opened, or wrap it in tf.stop_gradient.")
        yield

    def watched_variables(self) -> tuple[Any, ...]:
        """The variables that a gradient may be taken by."""
        run = self._asked()
        seen = adapter.variables_read(lambda: run.again([], {}, {}, {}))
        return tuple(v for v in seen if self._counts(v))

    def gradient(
        self, target: Tree, sources: Tree, output_gradients: Tree = None,
        unconnected_gradients: Any = "none",
    ) -> Tree:
        """The gradient of the sum of the targets by each source, in the structure of the sources."""
        weights = None if output_gradients is None else [
            jnp.asarray(weight) for weight in keras.tree.flatten(output_gradients)]

        def gradient_of(targets: Callable[[Any], list[Any]]) -> Callable[[Any], Any]:
            def total(parts: Any) -> Any:
                return sum(jnp.sum(one if weights is None else one * weights[i])
                           for i, one in enumerate(targets(parts)))

            return jax.grad(total)

        zero = str(getattr(unconnected_gradients, "value", unconnected_gradients)) == "zero"
        question = self._question(target, sources)
        if not events.is_quiet():
            adapter.JOURNALS.minimise(question.wanted)
        found = derived(question, gradient_of, zero=zero, again=weights is None)
        if not question.run.open:
            events.gradient(target, question.run.array_names(), question.run, question.places)
        return found

    def jacobian(self, target: Any, sources: Tree, unconnected_gradients: Any = "none",
                 parallel_iterations: Any = None, experimental_use_pfor: bool = True) -> Tree:
        """The derivative of every number of a target by each source."""
        return derived(self._question(target, sources),
                       lambda targets: jax.jacrev(lambda parts: targets(parts)[0]))

    def batch_jacobian(self, target: Any, source: Any, unconnected_gradients: Any = "none",
                       parallel_iterations: Any = None, experimental_use_pfor: bool = True) -> Any:
        """The same for each row by itself: the first axis of target and source is that of rows."""
        whole = self.jacobian(target, source)
        if whole is None:
            return None
        rows = jnp.arange(whole.shape[0])
        return whole[rows, ..., rows, *[slice(None)] * (source.ndim - 1)]

    def _counts(self, source: Any) -> bool:
        """Whether TensorFlow would have recorded a source."""
        watched = any(source is one for one in self._watched)
        if isinstance(source, keras.Variable):
            return watched or (self._watches and source.trainable)
        return watched

    def _question(self, target: Tree, sources: Tree) -> Question:
        run = self._asked()
        if run.open:
            run.reach()
        question = Question(run, target, sources, self._counts)
        adapter.JOURNALS.derive([*question.parts[1], *question.parts[2]])
        return question

    def _asked(self) -> Run:
        if self.run is None:
            raise NotSupported(
                "tf.GradientTape is used in a way that cannot be run a second time, which gradients"
                " need here. Write with tf.GradientTape() as tape: around the computation, without"
                " yield or await in it.")
        return self.run
