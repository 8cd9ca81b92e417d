"""Errors out of a network that asks for numbers while JAX compiles it, told in the user's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from unstuck.base.errors import NotSupported
from unstuck.network import adapter

from .runner import is_of_a_package, is_ours, own_frames

_METHODS = {"numpy": "tf's own functions, or keras.ops", "get_shape": "x.shape", "eval": "keras.ops",
            "as_list": "list(x.shape)", "set_shape": "nothing: shapes are known"}
"""Methods that TensorFlow's tensors have and JAX's inside a network have not, and what to write."""


_NEEDS_TENSORFLOW = re.compile(r"requires (the )?tensorflow|supported (with|by) the tensorflow backend",
                               re.IGNORECASE)
_LACKING = re.compile(r"has no attribute '?(\w+)'?")


def refused(error: BaseException) -> NotSupported | None:
    """What to do about an error in the user's layers, losses or metrics; `None`: no more is known."""
    for one in _with_its_causes(error):
        where = _place_in(one)
        lacking = _LACKING.search(str(one)) if isinstance(one, AttributeError) else None
        if where and (found := _known(one, where)) is not None:
            return found
        if where and lacking is not None and lacking[1] in _METHODS:
            return NotSupported(
                f"{where}: .{lacking[1]} is asked of a tensor inside the network, and JAX's have none."
                f" Write {_METHODS[lacking[1]]} instead.")
    return None


def refused_outside(error: BaseException) -> NotSupported | None:
    """The same for an error that a script itself came to, where it calls Keras or tf."""
    for one in _with_its_causes(error):
        if (where := _place_in(one)) and (found := _known(one, where)) is not None:
            return found
    return None


def _known(error: BaseException, where: str) -> NotSupported | None:
    if adapter.asks_for_numbers(error):
        return NotSupported(
            f"{where}: The value of a tensor is asked for inside the network (by if, while,"
            " float(), int(), range() or a function of numpy), where there are no numbers yet:"
            " TensorFlow rewrites such code, JAX does not. Write it with tf.where, tf.cond or"
            " tf.while_loop, and with tf's functions in place of numpy's.")
    if _NEEDS_TENSORFLOW.search(str(error)):
        return NotSupported(
            f"{where}: Here Keras needs TensorFlow itself, as its backend or as a package; it says"
            f" “{_first_sentence(error)}” unstuck trains with JAX. Do this step with numpy or"
            " keras.ops, or on the data before fit.")
    return None


def _first_sentence(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text[: text.find(". ") + 1] if ". " in text else f"{text.rstrip('.')}."


def _with_its_causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it was raised from or while handling."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _place_in(error: BaseException) -> str:
    """The innermost line of the user's that an error came through; "" for none."""
    found = ""
    for frame in own_frames(error.__traceback__):
        file = frame.tb_frame.f_code.co_filename
        if not is_of_a_package(file) and not is_ours(file):
            found = f"{Path(file).name}, line {frame.tb_lineno}"
    return found
