"""A population packed as a document and plain arrays, and unpacked: for the journal, and to travel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .population import Moment, Population, Readings

Arrays = dict[str, NDArray[Any]]
_PLAIN = ("engine", "strategy", "code_layer", "block", "seconds", "compile_seconds")
_SINGLE = ("loss", "final_loss", "score", "val_loss", "outputs", "codes", "added")
_PROBES = tuple(entry.name for entry in fields(Readings) if entry.name != "layers")
_MOMENTS: tuple[Moment, ...] = ("start", "end")


def packed(population: Population) -> tuple[dict[str, Any], Arrays]:
    """The document and the arrays of a population; its weights are left out."""
    document: dict[str, Any] = {name: getattr(population, name) for name in _PLAIN}
    document["seeds"] = list(population.seeds)
    arrays = {name: np.asarray(value) for name in _SINGLE
              if (value := getattr(population, name)) is not None}
    arrays |= {f"metrics/{name}": np.asarray(a) for name, a in population.metrics.items()}
    if population.stopped is not None:
        arrays["stopped"] = population.stopped.astype(np.float32)
    document["layers"] = {m: list(r.layers) for m, r in population.readings.items()}
    arrays |= {f"{moment}/{probe}": getattr(readings, probe)
               for moment, readings in population.readings.items() for probe in _PROBES}
    return document, arrays


def unpacked(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Population:
    """The population again.

    Raises:
        ValueError: something is missing, of another type, or does not fit the rest.
    """
    try:
        return _unpacked(document, arrays)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no population: {error!r}") from error


def _unpacked(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Population:
    seeds = document["seeds"]
    if not (isinstance(seeds, list) and seeds and all(type(s) is int and s >= 0 for s in seeds)
            and len(set(seeds)) == len(seeds)):
        raise ValueError("its seeds are none")
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not array.ndim or len(array) != len(seeds):
            raise ValueError(f"{name!r} does not belong to {len(seeds)} replicas")
    shapes = {"loss": 2, "final_loss": 1, "score": 2}
    if any(arrays[name].ndim != ndim for name, ndim in shapes.items()) or (
            arrays["score"].shape[1] != 3):
        raise ValueError("its arrays have other shapes")
    for name, kind in (("engine", str), ("strategy", str), ("block", int)):
        if not isinstance(document[name], kind):
            raise ValueError(f"{name!r} is {document[name]!r}")
    if document["block"] < 1 or not (document["code_layer"] is None
                                     or isinstance(document["code_layer"], str)):
        raise ValueError("its block or its code layer is none")
    times = {name: float(document[name]) for name in ("seconds", "compile_seconds")}
    if not all(math.isfinite(t) and t >= 0 for t in times.values()):
        raise ValueError("its times are none")
    readings: dict[Moment, Readings] = {}
    for moment in _MOMENTS:
        if moment in document["layers"]:
            layers = tuple(map(str, document["layers"][moment]))
            found = {probe: arrays[f"{moment}/{probe}"] for probe in _PROBES}
            if any(a.shape != (len(seeds), len(layers)) for a in found.values()):
                raise ValueError("its readings have other shapes")
            readings[moment] = Readings(layers=layers, **found)
    metrics = {name.removeprefix("metrics/"): a for name, a in arrays.items()
               if name.startswith("metrics/")}
    plain: dict[str, Any] = {**{name: document[name] for name in _PLAIN}, **times,
                             **{name: arrays.get(name) for name in _SINGLE}}
    if "stopped" in arrays:
        plain["stopped"] = arrays["stopped"].astype(np.int32)
    return Population(seeds=tuple(seeds), readings=readings, metrics=metrics, **plain)


def in_order(parts: Sequence[Population], seeds: Sequence[int]) -> Population:
    """Some populations as one, its replicas in the order of `seeds`, which are all of theirs."""
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.joined(part)
    if whole.seeds == tuple(seeds):
        return whole
    place = {seed: i for i, seed in enumerate(whole.seeds)}
    rows = np.asarray([place[seed] for seed in seeds])

    def taken(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value[rows]
        if isinstance(value, Readings):
            return replace(value, **{probe: getattr(value, probe)[rows] for probe in _PROBES})
        if isinstance(value, Mapping):
            return {key: taken(entry) for key, entry in value.items()}
        return value

    changed = {entry.name: taken(getattr(whole, entry.name)) for entry in fields(whole)
               if entry.name != "seeds"}
    return Population(seeds=tuple(seeds), **changed)
