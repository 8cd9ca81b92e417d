"""The arrays handed to `fit`, checked in the user's words and turned into numpy arrays.

What is refused here could not be trained on; numbers that make no sense (NaN, constant targets)
are not looked at: checks report them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import BadData, NotSupported
from unstuck.network import adapter
from unstuck.network.data import Data

Tree = Any
MOST_TOLD = 6
"""Arrays that a message lists at most."""


def as_data(x: Tree, y: Tree, sample_weight: Tree, *, where: str = "", copied: bool) -> Data:
    """Numpy arrays as `fit` would train on them.

    Args:
        where: what the arrays belong to, for messages ("validation_data"); empty for fit's own.
        copied: give arrays that share no memory with the user's.

    Raises:
        BadData: they cannot be trained on as they are.
        NotSupported: they are no arrays, but a stream of batches.
    """
    given = {"x": x, "y": y, "sample_weight": sample_weight}
    _refuse_streams(given, where)
    prefix = f"{where}: " if where else ""
    leaves = [
        (prefix + name, leaf)
        for argument, tree in given.items()
        for name, leaf in _leaves(argument, tree)
    ]
    for argument in ("x", "y"):
        if not any(name.startswith(prefix + argument) for name, _ in leaves):
            raise BadData(f"{prefix}{argument} holds no arrays.")
    for name, leaf in leaves:
        _check_leaf(name, leaf)
    _check_lists_of_rows(x, y, prefix)
    _check_lengths(leaves)
    try:
        converted = adapter.as_arrays(x, y, sample_weight)
    except (TypeError, ValueError) as error:
        raise BadData(f"{prefix}Keras cannot use these arrays: {_first_line(error)}") from error
    for (name, given_leaf), leaf in zip(leaves, _present(converted), strict=False):
        if leaf.dtype == object and hasattr(given_leaf, "columns"):
            kinds = ", ".join(sorted({str(dtype) for dtype in given_leaf.dtypes}))
            raise BadData(
                f"{name} has columns of several kinds ({kinds}), of which Keras cannot make one"
                f" array. Write {_bare(name)}.astype('float32').")
    if copied:
        converted = keras.tree.map_structure(
            lambda a: None if a is None else np.array(a), converted
        )
    return Data(x=converted[0], y=converted[1], sample_weight=converted[2])


def refuse_one_row(model: keras.Model, x: Tree) -> None:
    """Refuse an array that is one row by itself, where the model tells how a row looks.

    Raises:
        BadData: it is one.
    """
    if not isinstance(model, keras.Sequential) and not adapter.is_functional(model):
        return
    if not model.built:  # not known before the first rows
        return
    tensors = model.inputs
    row = tuple(tensors[0].shape)[1:] if len(tensors) == 1 else ()
    if row and None not in row and getattr(x, "shape", None) == row:
        raise BadData(
            f"x has the shape {row}, which is that of one row of the model's input: the axis along"
            " which rows are counted is missing.", change="x[None], and y with one entry for that row")


def check_inputs(model: keras.Model, x: Tree, *, weights_in_batches: bool = False) -> None:
    """Compare the rows of x with what a functional model takes.

    Args:
        weights_in_batches: x came in batches of three things, the last of which are weights.

    Raises:
        BadData: their number or their shapes do not fit.
    """
    tensors = keras.tree.flatten(adapter.input_structure(model))
    if isinstance(x, dict):
        named = {tensor.name: tensor for tensor in tensors}
        structure = adapter.input_structure(model)
        if isinstance(structure, dict):
            named = dict(structure)
        missing = sorted(named.keys() - x.keys())
        if missing:
            raise BadData(
                f"x has no entry {missing[0]!r}, which is an input of the model; its entries are"
                f" {', '.join(sorted(map(repr, x)))}."
            )
        pairs = [(f"x[{name!r}]", x[name], tensor) for name, tensor in named.items()]
    else:
        leaves = list(_leaves("x", x))
        if len(leaves) != len(tensors):
            raise BadData(
                f"x holds {len(leaves)} array{'s' * (len(leaves) > 1)}, but the model takes"
                f" {len(tensors)} input{'s' * (len(tensors) > 1)}."
                + (" A batch of three things is (x, y, sample_weight)." if weights_in_batches else ""),
                change=f"yield ({', '.join(f'x_{i + 1}' for i in range(len(tensors)))}), y: the inputs"
                " in a tuple of their own" if weights_in_batches else "")
        pairs = [(name, a, tensor) for (name, a), tensor in zip(leaves, tensors, strict=True)]
    for name, array, tensor in pairs:
        if not _fits(array.shape[1:], tuple(tensor.shape)[1:]):
            raise BadData(
                f"{name} has the shape {array.shape}, rows of {_row(array.shape[1:])}, but the"
                f" model's input takes rows of {_row(tuple(tensor.shape)[1:])}. Give the first"
                " layer (or keras.Input) the shape of a row, or reshape the array.",
                change=f"keras.Input({tuple(array.shape[1:])})")


def _row(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")" if shape else "()"


def _fits(row: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    # Keras adds or drops a last axis of length 1.
    if len(row) == len(wanted) + 1 and row[-1] == 1:
        row = row[:-1]
    elif len(row) == len(wanted) - 1 and wanted[-1] == 1:
        row = (*row, 1)
    return len(row) == len(wanted) and all(
        w is None or w == n for n, w in zip(row, wanted, strict=True)
    )


def _leaves(name: str, tree: Tree) -> Iterator[tuple[str, Any]]:
    """Each array of a tree with its name as the user would write it: `x`, `x[1]`, `x['age']`."""
    if tree is None:
        return
    if _is_number_list(tree):
        yield name, tree
    elif isinstance(tree, dict):
        for key, part in tree.items():
            yield from _leaves(f"{name}[{key!r}]", part)
    elif isinstance(tree, list | tuple):
        for index, part in enumerate(tree):
            yield from _leaves(f"{name}[{index}]" if len(tree) > 1 else name, part)
    else:
        yield name, tree


def _is_number_list(tree: Any) -> bool:
    if not isinstance(tree, list | tuple):
        return False
    while isinstance(tree, list | tuple) and tree:
        tree = tree[0]
    return isinstance(tree, int | float | str | complex | np.generic | list | tuple)


def _refuse_streams(given: dict[str, Any], where: str) -> None:
    for name, tree in given.items():
        kind = adapter.stream_kind(tree)
        if kind is not None:
            raise NotSupported(
                f"{where or 'fit'} was given {kind} for {name}. Replicas need the rows themselves,"
                " to train on them again in other orders: collect the batches into arrays and pass"
                " fit(x, y)."
            )


def _check_leaf(name: str, leaf: Any) -> None:
    if isinstance(leaf, list | tuple):
        raise BadData(
            f"{name} is a {type(leaf).__name__} of Python values, which Keras 3 does not take."
            f" Write np.array({_bare(name)}) instead."
        )
    if hasattr(leaf, "tocsr"):
        raise NotSupported(f"{name} is a sparse matrix; pass {_bare(name)}.toarray().")
    columns = getattr(leaf, "dtypes", None)
    if hasattr(leaf, "columns") and columns is not None:
        pairs = zip(leaf.columns, columns, strict=True)
        wrong = [repr(name) for name, dtype in pairs if _no_number(dtype)]
        if wrong:
            raise BadData(
                f"{name} has columns that do not hold numbers: {', '.join(wrong)}. Encode them as"
                " numbers, or leave them out."
            )
    elif not adapter.are_arrays(leaf) or not hasattr(leaf, "shape"):
        raise BadData(f"{name} is a {type(leaf).__name__}; fit takes arrays.")
    elif None in leaf.shape:
        raise BadData(f"{name} is a {type(leaf).__name__}, a place for data and none themselves; fit"
                      " takes arrays.")
    elif (kind := getattr(leaf.dtype, "kind", None)) in ("M", "m"):
        raise BadData(
            f"{name} holds {'times' if kind == 'M' else 'durations'} ({leaf.dtype}), which are no"
            " numbers to Keras. Make numbers of them that mean something to the task: days since the"
            " first, the hour, the day of the week.")
    elif kind == "c":
        raise NotSupported(
            f"{name} holds complex numbers ({leaf.dtype}), of which Keras's layers take the real part"
            f" alone. Write np.concatenate([{_bare(name)}.real, {_bare(name)}.imag], axis=-1).")
    elif getattr(leaf.dtype, "names", None):
        raise BadData(
            f"{name} is an array of records with fields ({', '.join(leaf.dtype.names)}); fit takes"
            f" numbers. Put the fields side by side: np.stack([{_bare(name)}[f] for f in …], -1).")
    elif _no_number(leaf.dtype):
        raise BadData(
            f"{name} has the dtype {leaf.dtype}, which does not hold numbers. Encode words as"
            " numbers; where it does hold numbers, rows of different lengths or a missing value"
            f" made it so: look at it, then convert it with {_bare(name)}.astype('float32').",
            change=_as_numbers(_bare(name), np.asarray(leaf)))
    if len(leaf.shape) == 0:
        raise BadData(f"{name} is a single number; fit takes an array with one row per example.")
    if leaf.shape[0] == 0:
        raise BadData(f"{name} has no rows: its shape is {tuple(leaf.shape)}.")
    if 0 in leaf.shape:
        raise BadData(f"{name} has rows without a number in them: its shape is {tuple(leaf.shape)}.")


def _as_numbers(name: str, values: Any) -> str:
    """What makes numbers of an array that holds none, by what it does hold."""
    flat = values.reshape(-1)
    if all(isinstance(value, str | bytes) for value in flat):
        return f"np.unique({name}, return_inverse=True)[1], the number of each word" if (
            values.ndim == 1) else ""
    lengths = {len(value) for value in flat if hasattr(value, "__len__")}
    if len(lengths) > 1:
        return (f"keras.utils.pad_sequences({name}, dtype='float32'): its rows have {min(lengths)} to"
                f" {max(lengths)} numbers")
    missing = sum(value is None for value in flat)
    return f"a number for each of {missing:,} None, then {name}.astype('float32')" if missing else ""


def _bare(name: str) -> str:
    return name.rpartition(": ")[2]


def _no_number(dtype: Any) -> bool:
    kind = getattr(dtype, "kind", None)
    return kind in ("O", "S", "U", "T", "M", "m", "V")


def _present(tree: Tree) -> list[Any]:
    return [leaf for leaf in keras.tree.flatten(tree) if leaf is not None]


def _check_lists_of_rows(x: Tree, y: Tree, prefix: str) -> None:
    """Refuse a list with an array for each row: Keras takes its entries for inputs or outputs."""
    for name, given, other, ends in (("x", x, y, "inputs"), ("y", y, x, "outputs")):
        rows = other.shape[0] if hasattr(other, "shape") else 0
        if isinstance(given, list | tuple) and len(given) == rows > 1 and (
                getattr(given[0], "shape", (rows,))[:1] != (rows,)):
            raise BadData(
                f"{prefix}{name} is a list of {rows} arrays, one for each row, which Keras takes for"
                f" {rows} {ends} of the model. Write np.array({name}).")


def _check_lengths(leaves: list[tuple[str, Any]]) -> None:
    lengths = {name: int(leaf.shape[0]) for name, leaf in leaves}
    if len(set(lengths.values())) > 1:
        told = [
            f"{name} has {n} row{'s' * (n != 1)} {tuple(leaf.shape)}"
            for (name, n), (_, leaf) in zip(lengths.items(), leaves, strict=True)
        ]
        if len(told) > MOST_TOLD:
            told[MOST_TOLD:] = [f"and so on, {len(told)} arrays in all"]
        raise BadData(
            f"The arrays are of different lengths: {', '.join(told)}. Each example needs one row in"
            " all of them."
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0]
