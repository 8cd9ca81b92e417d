"""Files that are no scripts: saved models, told from their first bytes."""

from __future__ import annotations

from pathlib import Path

from unstuck.base.errors import NotSupported

_PICKLES = (".pkl", ".pickle", ".joblib", ".sav")
_HDF5, _ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
_ADVICE = (
    " Diagnosing needs the training as well: write a script that makes the data, gets the model,"
    " compiles it and calls fit, and run unstuck on that script."
)


def refuse_models(path: Path) -> None:
    """Say what to do with a file that is a saved model, where a script was asked for.

    Raises:
        NotSupported: it is one.
        OSError: it cannot be read.
    """
    refuse_unsafe(path)
    if not path.is_dir() and _is_keras(path):
        raise NotSupported(
            f"{path} is a saved model, not a script.{_ADVICE} In it,"
            f" unstuck.load_model({path.name!r}) gets the model, whoever it is from. Or give it with"
            f" the data to unstuck.diagnose({path.name!r}, x, y)."
        )


def refuse_unsafe(path: Path) -> None:
    """Say what to do with a saved model of a kind whose opening may run code.

    Raises:
        NotSupported: it is one.
        OSError: it cannot be read.
    """
    if path.is_dir():
        if (path / "saved_model.pb").exists():
            raise NotSupported(
                f"{path} is a TensorFlow SavedModel. Opening one can run code, so unstuck does not."
                f" {_conversion(path)}{_ADVICE}"
            )
        return
    start, suffix = _start(path), path.suffix.lower()
    if suffix in (".h5", ".hdf5") or start == _HDF5:
        raise NotSupported(
            f"{path} is a model in HDF5, a form in which Keras cannot keep code from running, so"
            f" unstuck does not open it. {_conversion(path)}{_ADVICE}"
        )
    if suffix in _PICKLES or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"):
        raise NotSupported(
            f"{path} is a pickle. Opening one runs whatever code is in it, so unstuck does not."
            f" {_conversion(path)}{_ADVICE}"
        )


def _is_keras(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix == ".keras" or (_start(path).startswith(_ZIP) and suffix != ".py")


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(8)


def _conversion(path: Path) -> str:
    return (
        f"If you trust where it comes from, load it as before and convert it with"
        f" model.save({path.stem + '.keras'!r})."
    )
