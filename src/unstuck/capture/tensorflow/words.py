"""`tf.strings` without TensorFlow: text in arrays, before the network is trained.

Networks are computed by JAX, which has numbers only; what is here runs eagerly, as in `tf.data`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported

from .namespace import Lookup, Namespace
from .signatures import Functions
from .tensors import tensor_of


class Text(np.ndarray[Any, Any]):
    """An array of Python's strings that answers as a tensor of text does."""

    def numpy(self) -> Any:
        """As TensorFlow gives it: bytes, or an array of them."""
        made = np.vectorize(_encoded, otypes=[object])(self) if self.size else np.asarray(self, object)
        return made.item() if made.ndim == 0 else np.asarray(made, object)

    def __iter__(self) -> Any:
        return (text_of(part) for part in np.asarray(self))


class Ragged:
    """Rows of unequal lengths, as `tf.strings.split` makes them."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = [text_of(row) for row in rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> Any:
        found = self.rows[key]
        return Ragged(found) if isinstance(key, slice) else found

    def to_list(self) -> list[list[bytes]]:
        """Rows as lists."""
        return [list(row.numpy()) for row in self.rows]

    def to_tensor(self, default_value: str = "", name: str | None = None, shape: Any = None) -> Text:
        """One array, the shorter rows filled up."""
        widest = max((len(row) for row in self.rows), default=0)
        wanted = widest if shape is None or shape[-1] is None else int(shape[-1])
        made = np.full((len(self.rows), wanted), default_value, object)
        for line, row in zip(made, self.rows, strict=True):
            line[: len(row)] = row[:wanted]
        return made.view(Text)


def is_text(value: Any) -> bool:
    """Whether something is text, or an array or a list of it."""
    if isinstance(value, keras.KerasTensor):
        return bool(value.dtype == "string")
    if isinstance(value, str | bytes | Text):
        return True
    if isinstance(value, list | tuple):
        return len(value) > 0 and is_text(value[0])
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind != "O":
        return kind in ("S", "U")
    first = np.asarray(value).flat[:3]
    return len(first) > 0 and all(isinstance(one, str | bytes) for one in first)


def text_of(value: Any) -> Text:
    """Text as an array of strings.

    Raises:
        NotSupported: it is an input of a network.
    """
    if isinstance(value, keras.KerasTensor):
        raise NotSupported(
            "The network gets text: an Input with dtype='string', which a layer inside turns into"
            " numbers. unstuck trains with JAX, which computes with numbers only. Turn the text into"
            " numbers before, by dataset.map or by calling that layer on the arrays, and give the"
            " network an Input for those.")
    array = np.asarray(value, object)
    return np.vectorize(_decoded, otypes=[object])(array).view(Text) if array.size else array.view(Text)


def _decoded(one: Any) -> str:
    # What is no text, such as a picture's bytes, comes through unharmed.
    return one.decode(errors="surrogateescape") if isinstance(one, bytes) else str(one)


def _encoded(one: str) -> bytes:
    return one.encode(errors="surrogateescape")


def bytes_of(contents: Any) -> bytes:
    """The bytes of a file that was read, however they came."""
    found = contents.numpy() if isinstance(contents, Text) else np.asarray(contents).item()
    return _encoded(found) if isinstance(found, str) else bytes(found)


def each(change: Callable[[str], Any], value: Any) -> Any:
    """What a function makes of every string; text stays text, numbers become a tensor."""
    array = text_of(value)
    made = np.vectorize(change, otypes=[object])(np.asarray(array)) if array.size else np.asarray(array)
    kept = np.asarray(made, object)
    if kept.size and not isinstance(kept.flat[0], str):
        return tensor_of(np.asarray(kept.tolist()))
    return kept.view(Text)


def lower(input: Any, encoding: str = "", name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.lower`."""
    return each(str.lower, input)


def upper(input: Any, encoding: str = "", name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.upper`."""
    return each(str.upper, input)


def strip(input: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.strip`."""
    return each(str.strip, input)


def regex_replace(input: Any, pattern: Any, rewrite: Any, replace_global: bool = True,
                  name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.regex_replace`."""
    found = re.compile(_decoded(pattern))
    return each(lambda one: found.sub(_decoded(rewrite), one, 0 if replace_global else 1), input)


def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.regex_full_match`."""
    found = re.compile(_decoded(pattern))
    return each(lambda one: found.fullmatch(one) is not None, input)


def split(input: Any, sep: Any = None, maxsplit: int = -1, name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.split`: of one string its parts, of several rows of them."""
    by = None if sep in (None, "", b"") else _decoded(sep)
    return _parted(input, lambda one: one.split(by, maxsplit))


def unicode_split(input: Any, input_encoding: str = "UTF-8", errors: str = "replace",
                  replacement_char: int = 65533, name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.unicode_split`: the characters."""
    return _parted(input, list)


def _parted(value: Any, parts: Callable[[str], list[str]]) -> Any:
    array = text_of(value)
    if array.ndim == 0:
        return text_of(parts(array.item()))
    return Ragged([parts(one) for one in np.asarray(array).ravel()])


def join(inputs: Any, separator: Any = "", name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.join`: several arrays, string by string."""
    arrays = np.broadcast_arrays(*(np.asarray(text_of(one)) for one in inputs))
    between = _decoded(separator)
    made = np.empty(arrays[0].shape, object)
    for at in np.ndindex(made.shape):
        made[at] = between.join(str(array[at]) for array in arrays)
    return made.view(Text)


def reduce_join(inputs: Any, axis: int | None = None, keepdims: bool = False, separator: Any = "",
                name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.reduce_join`."""
    array, between = np.asarray(text_of(inputs)), _decoded(separator)
    if axis is None:
        return text_of(between.join(array.ravel()))
    made = np.apply_along_axis(lambda row: np.array(between.join(row), object), axis, array)
    return text_of(np.expand_dims(made, axis) if keepdims else made)


def length(input: Any, unit: str = "BYTE", name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.length`."""
    return each(len if unit == "UTF8_CHAR" else lambda one: len(one.encode()), input)


def substr(input: Any, pos: Any, len: Any, unit: str = "BYTE", name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.substr`."""
    first, count = int(pos), int(len)
    return each(lambda one: one[first:][:count], input)


def to_number(input: Any, out_type: Any = "float32", name: str | None = None) -> Any:
    """TensorFlow's `tf.strings.to_number`."""
    if isinstance(input, Ragged):
        input = input.to_tensor("0")
    return tensor_of(np.asarray(text_of(input)).astype("float64"), out_type)


def as_string(input: Any, precision: int = -1, name: str | None = None, **options: Any) -> Any:
    """TensorFlow's `tf.strings.as_string`."""
    shown = str if precision < 0 else lambda one: f"{float(one):.{precision}f}"
    return np.vectorize(shown, otypes=[object])(np.asarray(input, object)).view(Text)


_ARRANGING: dict[str, Callable[..., Any]] = {
    "expand_dims": lambda input, axis=-1, name=None: np.expand_dims(input, int(axis)),
    "squeeze": lambda input, axis=None, name=None: np.squeeze(input, axis),
    "reshape": lambda tensor, shape, name=None: np.reshape(tensor, [int(n) for n in shape]),
    "transpose": lambda a, perm=None, name=None: np.transpose(a, perm),
    "concat": lambda values, axis, name=None: np.concatenate(values, int(axis)),
    "stack": lambda values, axis=0, name=None: np.stack(values, int(axis)),
    "gather": lambda params, indices, axis=0, name=None: np.take(
        params, np.asarray(indices), axis or 0),
}
"""What `tf` does with the places in an array, of whatever it is; for text, done by numpy."""


def taking_text(functions: Functions) -> Functions:
    """The same functions of `tf`, of which those that only arrange an array take text as well."""
    def either(name: str, usual: Callable[..., Any]) -> Callable[..., Any]:
        arranged = _ARRANGING[name]

        @functools.wraps(usual)
        def called(value: Any, *args: Any, **kwargs: Any) -> Any:
            if not is_text(value):
                return usual(value, *args, **kwargs)
            several = isinstance(value, list | tuple) and name in ("concat", "stack")
            text = [text_of(one) for one in value] if several else text_of(value)
            return text_of(arranged(text, *args, **kwargs))

        return called

    return {name: either(name, function) if name in _ARRANGING else function
            for name, function in functions.items()}


def namespace(otherwise: Lookup | None) -> Namespace:
    """`tf.strings`.

    Args:
        otherwise: asked for what it lacks.
    """
    own = (lower, upper, strip, regex_replace, regex_full_match, split, unicode_split, join,
           reduce_join, length, substr, to_number, as_string)
    return Namespace("tensorflow.strings", {one.__name__: one for one in own}, otherwise)
