"""A model file from anybody, as a model: nothing in it is executed.

A `.keras` file is a zip of three files. Their names and sizes are looked at first; then the
architecture, a JSON document, may name classes of Keras only, and none that runs or reads what the
file says. Only then is it opened, in a process with limits (`opening`), which hands back numbers;
the model of this process is built from the architecture that was looked at, and gets those.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import keras

from unstuck.base.errors import BadModelFile, NotSupported, UnstuckError
from unstuck.network import adapter
from unstuck.network.adapter import random_state_kept
from unstuck.network.serialized import Foreign, foreign

from . import opening
from .refused import refuse_unsafe

MEMBERS = ("metadata.json", "config.json", "model.weights.h5")
MODELS = ("Sequential", "Functional", "Model")
LARGEST = {"metadata.json": 2**16, "config.json": 2**24, "model.weights.h5": 2**32}
"""Bytes of each, unpacked."""
SECONDS = 120
"""How long the process that opens the file may compute; it is left after twice that."""
ROOM = 4096
"""MiB of address space that it may take for the model, beside six times the size of the weights; a
small model takes 0.5 to 1 GiB (JAX 0.10 on Linux)."""


def load_model(path: str | Path) -> keras.Model:
    """A model from a `.keras` file, compiled if it was; safe for files from strangers.

    Args:
        path: the file. Weights come from it, and what the optimizer has of its own.

    Raises:
        NotSupported: it is another kind of file, or needs code that is not Keras's.
        BadModelFile: it is damaged, or is more than the limits allow.
        UnstuckError: it cannot be read.
    """
    path = Path(path)
    try:
        refuse_unsafe(path)
        config, weights = parts(path)
    except OSError as error:
        raise UnstuckError(f"{path} cannot be read: {error.strerror or error}.") from error
    architecture = checked(config, path.name)
    with tempfile.TemporaryDirectory(prefix="unstuck-") as folder:
        arrays = _opened(path.name, Path(folder), config, weights)
    with random_state_kept():
        try:
            model = adapter.from_architecture(architecture)
        except Exception as error:  # the other process made it, so that this is hardly met
            raise BadModelFile(f"{path.name} cannot be built here: {error}") from error
        _fill(path.name, model.variables, arrays, "model")
        if model.compiled and model.optimizer.built:
            _fill(path.name, model.optimizer.variables, arrays, "optimizer")
    return model


def parts(path: Path) -> tuple[bytes, bytes]:
    """The architecture and the weights of a file, unpacked, their sizes known before.

    Raises:
        NotSupported: it holds more.
        BadModelFile: it is none, damaged, or too large.
        OSError: it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = sorted(entry.filename for entry in entries)
            if more := [name for name in names if name not in MEMBERS]:
                raise NotSupported(
                    f"{path.name} holds {len(more)} more than the architecture and the weights of a"
                    f" model, such as {more[0][:80]!r}: unstuck opens no such file. Load the model in"
                    " a script of your own if you trust where it comes from.")
            if names != sorted(MEMBERS):
                raise BadModelFile(f"{path.name} is damaged: it holds {', '.join(names) or 'nothing'}"
                                   f" where a .keras file holds {', '.join(MEMBERS)}.")
            for entry in entries:
                if entry.file_size > LARGEST[entry.filename]:
                    raise BadModelFile(
                        f"{path.name} would take {entry.file_size / 2**20:,.0f} MiB for"
                        f" {entry.filename}; unstuck opens at most"
                        f" {LARGEST[entry.filename] / 2**20:,.0f}.")
            return archive.read("config.json"), archive.read("model.weights.h5")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError,
            zlib.error) as error:
        raise BadModelFile(f"{path.name} is no .keras file, or a damaged one:"
                           f" {error or type(error).__name__}.") from error


def checked(config: bytes, name: str) -> dict[str, Any]:
    """An architecture, in which every class and function is one of Keras's.

    Args:
        config: the bytes of `config.json`.
        name: what messages call the file.

    Raises:
        NotSupported: it names another class or function, or one that runs or reads what it is told.
        BadModelFile: it is no JSON object.
    """
    try:
        document = json.loads(config)
    except (ValueError, RecursionError) as error:
        raise BadModelFile(f"{name} is damaged: its config.json is no JSON ({error}).") from error
    if not isinstance(document, dict) or document.get("class_name") not in MODELS:
        raise BadModelFile(f"{name} is damaged: its config.json tells no model.")
    try:
        first = next(foreign(document), None)
    except ValueError as error:
        raise BadModelFile(f"{name} is damaged: its config.json has {error}.") from error
    if first is not None:
        raise NotSupported(_refusal(first, name))
    return document


def _refusal(found: Foreign, name: str) -> str:
    shown = ".".join(part for part in (found.module, found.name) if part)[:80]
    if found.why == "runs code":
        what = "a lambda" if found.name == "__lambda__" else f"the layer {found.name}"
        return (f"{name} contains {what}, which runs code that the file brings. If you trust where it"
                " comes from, load it in a script of your own and run unstuck on that.")
    if found.why == "reads files":
        return (f"{name} contains the layer {found.name}, which reads other files. Load it in a script"
                " of your own and run unstuck on that.")
    return (f"{name} names {shown!r}, which is none of Keras's own classes and functions that models"
            " are made of. If it is yours, load the file in a script that defines it and run unstuck"
            " on that.")


def _opened(name: str, folder: Path, config: bytes, weights: bytes) -> dict[str, Any]:
    """The variables of the model, by their numbers, from a process that has opened it."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    model, target = folder / "model.keras", folder / "arrays"
    with zipfile.ZipFile(model, "w") as archive:  # what was looked at, and nothing else
        archive.writestr("metadata.json", json.dumps({"keras_version": adapter.keras_version()}))
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", weights)
    room = ROOM + 6 * len(weights) // 2**20
    try:
        done = subprocess.run(
            [sys.executable, "-P", opening.__file__, str(model), str(target), str(room),
             str(SECONDS)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "MALLOC_ARENA_MAX": "1"}, timeout=2 * SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise BadModelFile(f"{name} cannot be opened: it takes more than {2 * SECONDS} s.") from None
    if done.returncode < 0:
        raise BadModelFile(
            f"{name} cannot be opened: the process that tried it ended by signal {-done.returncode}."
            f" The file is damaged, or it wants more than {room:,} MiB or {SECONDS} s.")
    said = done.stdout.decode(errors="replace").strip()
    try:
        if done.returncode == 0:
            return dict(load_file(target))
    except (OSError, SafetensorError, ValueError) as error:
        said = str(error)
    said = "".join(c if c.isprintable() else "?" for c in said).rstrip(".") or "no reason was given"
    raise BadModelFile(f"{name} cannot be opened: {said}.")


def _fill(name: str, variables: list[Any], arrays: dict[str, Any], of: str) -> None:
    for i, variable in enumerate(variables):
        value = arrays.get(f"{of}/{i}")
        if value is None or value.shape != tuple(variable.shape):
            raise BadModelFile(f"{name} is damaged: its weights are not those of its architecture.")
        variable.assign(value)
