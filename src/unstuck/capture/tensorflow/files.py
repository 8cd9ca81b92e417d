"""`tf.io` without TensorFlow: whole files, and pictures in them."""

from __future__ import annotations

import builtins
import glob
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from . import image
from .namespace import Lookup, Namespace


def path_of(given: Any) -> str:
    """A file's name, as text, bytes, or a tensor of them."""
    name = given.item() if hasattr(given, "item") else given
    return name.decode() if isinstance(name, bytes) else os.fspath(name)


def read_file(filename: Any, name: str | None = None) -> Any:
    """TensorFlow's `tf.io.read_file`."""
    return np.asarray(Path(path_of(filename)).read_bytes(), object)


def write_file(filename: Any, contents: Any, name: str | None = None) -> None:
    """TensorFlow's `tf.io.write_file`."""
    data = contents.item() if hasattr(contents, "item") else contents
    Path(path_of(filename)).write_bytes(data.encode() if isinstance(data, str) else data)


def _named(pattern: Any) -> list[str]:
    return sorted(glob.glob(path_of(pattern)))


def namespaces(otherwise: Lookup | None) -> dict[str, Namespace]:
    """`tf.io` and `tf.io.gfile`, by the names they have in `tf`.

    Args:
        otherwise: asked for what they lack, such as parsers of records.
    """
    gfile = Namespace("tensorflow.io.gfile", {
        "glob": _named, "exists": os.path.exists, "isdir": os.path.isdir, "listdir": os.listdir,
        "makedirs": lambda path: os.makedirs(path, exist_ok=True), "mkdir": os.mkdir,
        "remove": os.remove, "rmtree": shutil.rmtree, "join": os.path.join, "GFile": builtins.open,
        "copy": lambda src, dst, overwrite=False: shutil.copy(src, dst)})
    decoders = {name: made for name, made in image.functions().items() if name.startswith("decode_")}
    return {"io": Namespace("tensorflow.io", {
        "read_file": read_file, "write_file": write_file, "matching_files": _named, "gfile": gfile,
        **decoders}, otherwise), "gfile": gfile}
