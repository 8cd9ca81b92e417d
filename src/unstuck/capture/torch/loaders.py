"""What a DataLoader tells of the rounds to come, so that a loop over many rows need not run on.

Where a loader goes through its dataset in order, or shuffled without replacement, its rows are known
before they come. The batches that were trained on have to be rows of it, each with its own targets: a
dataset that draws its rows anew each time it is asked does not have them.
"""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
    default_collate,
)

from unstuck.network.adapter import random_state_kept

from ..tape import MOST_BYTES
from ..weights import digest
from .loaded import Loaded
from .ops import array
from .parts import parts_of
from .trainings import Training

MOST_SECONDS = 30.0
"""As long at most as all rows of a dataset are asked for."""


def loaded(training: Training, loader: Any) -> Loaded | None:
    """What the loader of a training's only round so far holds; `None` where it does not tell all.

    Args:
        training: with more batches than the shadow check takes, all of one size.
        loader: the one that gives them.
    """
    given = _tensors(loader)
    if given is None:
        return None
    parts = parts_of(training.batches[0].graph)
    seen = [(parts.rows_of(one.graph), parts.targets_of(one.graph)) for one in training.batches]
    first = [*seen[0][0], *seen[0][1]]
    if any(len(one) != loader.batch_size for one in first):
        return None
    held = _in_roles(given, first)
    if held is None:
        return None
    shuffled = isinstance(loader.sampler, RandomSampler)
    count = len(seen) * loader.batch_size
    known = _marks([part if shuffled else part[:count] for part in held])
    came = [mark for rows, targets in seen for mark in _marks([*rows, *targets])]
    if not (set(came) <= set(known) if shuffled else came == known):
        return None
    return Loaded(rows=held[: len(seen[0][0])], targets=held[len(seen[0][0]):],
                  batch_size=loader.batch_size, shuffled=shuffled, first_round=len(seen))


def _tensors(loader: Any) -> list[NDArray[Any]] | None:
    """The arrays of a loader that gives all of its rows in each round, and nothing else."""
    dataset = loader.dataset if type(loader) is DataLoader else None
    if dataset is None or isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        return None
    plain = (type(loader.batch_sampler) is BatchSampler and loader.collate_fn is default_collate
             and loader.batch_size is not None)
    sampler, rows = loader.sampler, len(loader.dataset)
    whole = type(sampler) is SequentialSampler or (
        type(sampler) is RandomSampler and not sampler.replacement and len(sampler) == rows)
    if not plain or not whole or (loader.drop_last and rows % loader.batch_size):
        return None
    if type(loader.dataset) is TensorDataset:
        return [array(one) for one in loader.dataset.tensors]
    return _fetched(loader.dataset)


def _fetched(dataset: Any) -> list[NDArray[Any]] | None:
    """All rows of a dataset, each asked for once; `None` for too many, or for what is no tensors.

    What is drawn at random meanwhile is not drawn from what the script draws from.
    """
    rows, found, size = len(dataset), [], 0
    until = time.monotonic() + MOST_SECONDS
    state = torch.get_rng_state()
    try:
        with random_state_kept():
            if not _are_equal(default_collate([dataset[0]]), default_collate([dataset[0]])):
                return None
            for i in range(rows):
                found.append(default_collate([dataset[i]]))
                size += sum(one.nbytes for one in found[-1] if isinstance(one, torch.Tensor))
                if size > MOST_BYTES or time.monotonic() > until:
                    return None
    except Exception:  # it holds what no batch is made of
        return None
    finally:
        torch.set_rng_state(state)
    if not all(isinstance(one, list | tuple) and all(isinstance(part, torch.Tensor) for part in one)
               for one in found):
        return None
    return [array(torch.cat(parts)) for parts in zip(*found, strict=True)]


def _are_equal(one: Any, other: Any) -> bool:
    parts = zip(keras.tree.flatten(one), keras.tree.flatten(other), strict=True)
    return all(isinstance(a, torch.Tensor) and torch.equal(a, b) for a, b in parts)


def _marks(arrays: list[NDArray[Any]]) -> list[bytes]:
    """A mark of each row of several arrays together."""
    return [digest(b"".join(np.ascontiguousarray(part).tobytes() for part in row))
            for row in zip(*arrays, strict=True)]


def _in_roles(
    given: list[NDArray[Any]], wanted: list[NDArray[Any]]
) -> list[NDArray[Any]] | None:
    """The arrays that batches of these shapes and types were taken from, each once."""
    found, left = [], list(given)
    for one in wanted:
        alike = [part for part in left if part.shape[1:] == one.shape[1:] and part.dtype == one.dtype]
        if not alike:
            return None
        found.append(alike[0])
        left = [part for part in left if part is not alike[0]]
    return found
