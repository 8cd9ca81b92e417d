"""Elements of a data set: an array, or tuples and dictionaries of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from unstuck.network import adapter

from .tensors import tensor_of
from .words import is_text, text_of

Element = Any


def mapped(change: Callable[..., Any], first: Element, *others: Element) -> Element:
    """The structure of `first`, with what a function makes of the arrays at each place."""
    if isinstance(first, dict):
        return {key: mapped(change, part, *(other[key] for other in others))
                for key, part in first.items()}
    if isinstance(first, tuple):
        parts = [mapped(change, *at) for at in zip(first, *others, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    return change(first, *others)


def leaves(element: Element) -> Iterator[Any]:
    """Its arrays, one by one."""
    parts = element.values() if isinstance(element, dict) else element
    if isinstance(element, dict | tuple):
        for part in parts:
            yield from leaves(part)
    else:
        yield element


def as_numpy(leaf: Any) -> Any:
    """An array of numpy's; one number becomes one of numpy's numbers."""
    if isinstance(leaf, np.ndarray | np.generic):
        return leaf
    array = leaf.numpy() if adapter.is_foreign_tensor(leaf) else np.asarray(leaf)
    if isinstance(leaf, float) or (isinstance(leaf, list) and array.dtype == np.float64):
        return array.astype("float32")
    return array


def given(leaf: Any) -> Any:
    """An array as the user's functions get it: a tensor."""
    if hasattr(leaf, "as_numpy_iterator"):
        return leaf
    return text_of(leaf) if is_text(leaf) else tensor_of(leaf)


def taken(element: Element) -> Element:
    """What a user's function gave: a list is one tensor, as TensorFlow has it."""
    return as_numpy([as_numpy(part) for part in element]) if isinstance(element, list) else element


def stacked(elements: Sequence[Element]) -> Element:
    """Several elements as one, with a first axis more."""
    return mapped(lambda *arrays: np.stack([as_numpy(a) for a in arrays]), *elements)


def rows_of(element: Element) -> int:
    """The length of the first axis."""
    return len(as_numpy(next(leaves(element))))
