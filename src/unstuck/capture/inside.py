"""Errors out of a network that asks for numbers while JAX compiles it, told in the user's words."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from unstuck.base.errors import NotSupported, UnstuckError, in_a_line
from unstuck.network import adapter

from .runner import is_of_a_package, is_ours, users_place

_METHODS = {"numpy": "tf's own functions, or keras.ops", "get_shape": "x.shape", "eval": "keras.ops",
            "as_list": "list(x.shape)", "set_shape": "nothing: shapes are known"}
"""Methods that TensorFlow's tensors have and JAX's inside a network have not, and what to write."""


_NEEDS_TENSORFLOW = re.compile(r"requires (the )?tensorflow|supported (with|by) the tensorflow backend",
                               re.IGNORECASE)
_STANDARD = sysconfig.get_path("stdlib")
"""Where Python's own library is."""
_LACKING = re.compile(r"has no attribute '?(\w+)'?")


def told_of(error: BaseException) -> UnstuckError | None:
    """What to say of an error that came up while a network of the user's was built or trained.

    `None` for one that did not come out of a layer, loss, metric or callback of their own.
    """
    return _asks_for_numbers(error) or _raised_inside(error)


def _asks_for_numbers(error: BaseException) -> NotSupported | None:
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


def _raised_inside(error: BaseException) -> UnstuckError | None:
    for one in _with_its_causes(error):
        if isinstance(one, Exception) and (where := _last_place(one)):
            return UnstuckError(
                f"{where}: {type(one).__name__} while the network was trained: {in_a_line(one)}. Code"
                " of your own that runs there raised it; plain Keras's fit comes to it, too.")
    return None


def _last_place(error: BaseException) -> str:
    """The line of the user's behind which no frame of ours comes; "" where the error is ours."""
    found, trace = "", error.__traceback__
    while trace is not None:
        file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        if is_ours(file):
            found = ""
        elif not is_of_a_package(file) and not file.startswith(_STANDARD):
            found = f"{Path(file).name}, line {line}"
        trace = trace.tb_next
    return found


def _with_its_causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it was raised from or while handling."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _place_in(error: BaseException) -> str:
    """The innermost line of the user's that an error came through; "" for none."""
    found = users_place(error)
    return "" if found is None else f"{Path(found[0]).name}, line {found[1]}"
