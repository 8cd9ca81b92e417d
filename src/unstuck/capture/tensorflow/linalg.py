"""`tf.linalg`: products, norms and decompositions of matrices."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import jax.scipy.linalg
import numpy as np
from keras import ops

from .math import functions as of_math
from .signatures import Functions, Table, all_spelled, numbers
from .tensors import eye, tensor_of

_TABLE: Table = {
    "inv": (ops.inv, "input"),
    "det": (ops.det, "input"),
    "trace": (lambda x: ops.trace(x, axis1=-2, axis2=-1), "x"),
    "qr": (lambda input, full_matrices=False: ops.qr(
        input, mode="complete" if full_matrices else "reduced"), "input full_matrices="),
    "eigh": (ops.eigh, "tensor"),
    "eigvalsh": (lambda tensor: ops.eigh(tensor)[0], "tensor"),
    "lstsq": (ops.lstsq, "matrix rhs"),
    "pinv": (jnp.linalg.pinv, "a"),
    "expm": (jax.scipy.linalg.expm, "input"),
    "logdet": (lambda matrix: jnp.linalg.slogdet(matrix)[1], "matrix"),
    "slogdet": (jnp.linalg.slogdet, "input"),
    "matrix_rank": (jnp.linalg.matrix_rank, "a"),
    "cross": (ops.cross, "a b"),
    "matrix_transpose": (lambda a: ops.swapaxes(a, -1, -2), "a"),
}


def functions() -> Functions:
    """Everything of `tf.linalg`."""
    shared = {name: of_math()[name] for name in ("global_norm", "l2_normalize")}
    return {**all_spelled(_TABLE), **shared, **_OWN}


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False,
           adjoint_a: bool = False, adjoint_b: bool = False, a_is_sparse: bool = False,
           b_is_sparse: bool = False, output_type: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.matmul`."""
    a, b = (x if isinstance(x, list) is False else tensor_of(x) for x in (a, b))
    a = ops.swapaxes(a, -1, -2) if transpose_a or adjoint_a else a
    b = ops.swapaxes(b, -1, -2) if transpose_b or adjoint_b else b
    return ops.matmul(a, b)


def matvec(a: Any, b: Any, transpose_a: bool = False, name: str | None = None, **options: Any) -> Any:
    """TensorFlow's `tf.linalg.matvec`."""
    return ops.squeeze(matmul(a, ops.expand_dims(b, -1), transpose_a=transpose_a), -1)


def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool | None = None,
         name: str | None = None) -> Any:
    """TensorFlow's `tf.norm`: of all numbers, unless an axis is given."""
    tensor, keep = tensor_of(tensor), bool(keepdims)
    if ord in ("euclidean", "fro", 2) and not (ord == 2 and isinstance(axis, list | tuple)):
        return ops.sqrt(ops.sum(ops.square(tensor), axis=axis, keepdims=keep))
    if axis is None:
        found = ops.norm(ops.reshape(tensor, (-1,)), ord=ord)
        return ops.reshape(found, (1,) * len(tensor.shape)) if keep else found
    return ops.norm(tensor, ord=ord, axis=axis, keepdims=keep)


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True,
        name: str | None = None) -> Any:
    """TensorFlow's `tf.linalg.svd`, which gives the values first and V itself."""
    found = ops.svd(tensor, full_matrices=full_matrices, compute_uv=compute_uv)
    if not compute_uv:
        return found
    u, s, v = found
    return s, u, ops.swapaxes(v, -1, -2)


def diag(diagonal: Any, name: str | None = None, k: int = 0, **options: Any) -> Any:
    """TensorFlow's `tf.linalg.diag`."""
    diagonal = tensor_of(diagonal)
    return ops.multiply(ops.expand_dims(diagonal, -1), ops.eye(diagonal.shape[-1],
                                                                dtype=diagonal.dtype))


def diag_part(input: Any, name: str | None = None, k: int = 0, **options: Any) -> Any:
    """TensorFlow's `tf.linalg.diag_part`."""
    return ops.diagonal(input, offset=k, axis1=-2, axis2=-1)


def set_diag(input: Any, diagonal: Any, name: str | None = None, **options: Any) -> Any:
    """TensorFlow's `tf.linalg.set_diag`."""
    size = min(input.shape[-2:])
    there = ops.eye(*input.shape[-2:], dtype="bool")
    full = ops.pad(diag(diagonal), [[0, 0]] * (len(input.shape) - 2)
                   + [[0, n - size] for n in input.shape[-2:]])
    return ops.where(there, full, input)


def band_part(input: Any, num_lower: int, num_upper: int, name: str | None = None) -> Any:
    """TensorFlow's `tf.linalg.band_part`."""
    rows, columns = input.shape[-2:]
    below = np.arange(rows)[:, None] - np.arange(columns)[None, :]
    kept = ((num_lower < 0) | (below <= num_lower)) & ((num_upper < 0) | (-below <= num_upper))
    return ops.where(kept, input, ops.zeros_like(input))


def cholesky(input: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.linalg.cholesky`."""
    return ops.cholesky(tensor_of(input))


def solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Any:
    """TensorFlow's `tf.linalg.solve`."""
    return ops.solve(ops.swapaxes(matrix, -1, -2) if adjoint else matrix, rhs)


def triangular_solve(matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False,
                     name: str | None = None) -> Any:
    """TensorFlow's `tf.linalg.triangular_solve`."""
    return jax.scipy.linalg.solve_triangular(
        numbers(matrix), numbers(rhs), lower=lower, trans=int(adjoint))


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.tensordot`."""
    return ops.tensordot(a, b, axes=axes)


def einsum(equation: str, *inputs: Any, **options: Any) -> Any:
    """TensorFlow's `tf.einsum`."""
    return ops.einsum(equation, *inputs)


_OWN: Functions = {
    "matmul": matmul, "matvec": matvec, "norm": norm, "svd": svd, "diag": diag, "diag_part": diag_part,
    "tensor_diag": diag, "tensor_diag_part": diag_part, "set_diag": set_diag, "band_part": band_part,
    "cholesky": cholesky, "solve": solve, "triangular_solve": triangular_solve, "eye": eye,
    "tensordot": tensordot, "einsum": einsum,
}
