"""Everything that reads bytes of a stranger's, under a fuzzer.

    python tests/faults/fuzz.py journal|saved|population|model [-max_total_time=600]

Needs atheris. Any error but the ones that are promised is a find, and is printed with its bytes.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "src")]
    import atheris

    with atheris.instrument_imports(include=["unstuck"]):
        from unstuck.base import records
        from unstuck.capture import model_file
        from unstuck.diagnosis import saved
        from unstuck.population import packing
else:
    from unstuck.base import records
    from unstuck.capture import model_file
    from unstuck.diagnosis import saved
    from unstuck.population import packing

from unstuck.base.errors import BadModelFile, BadSavedFile, NotSupported


def read_journal(data: bytes) -> None:
    """Bytes as they are, after the magic line, and as a record with a right digest."""
    for tried in (data, records.MAGIC + data,
                  records.MAGIC + records._HEAD.pack(len(data), records._check(data)) + data):
        for record in records.records(tried):
            assert isinstance(record.document, dict)
            assert record.start + record.length <= len(tried)


def read_saved(data: bytes) -> None:
    """Bytes as they are, and as the header of a safetensors file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        for tried in (data, len(data).to_bytes(8, "little") + data):
            path.write_bytes(tried)
            try:
                saved.read(path)
            except BadSavedFile:
                continue


def read_population(data: bytes) -> None:
    """A record's document as bytes, with no arrays."""
    document = records._document(len(data).to_bytes(8, "little") + data)
    if document is not None:
        try:
            packing.unpacked(document, {})
        except ValueError:
            return


def read_model(data: bytes) -> None:
    """Bytes as a `.keras` file, as the architecture in one, and as the name of a class in that."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.keras"
        path.write_bytes(data)
        named = {"class_name": "Sequential", "module": "keras", "config": {"layers": [
            {"class_name": data.decode("latin-1"), "module": "keras.layers", "config": {}}]}}
        for read in (lambda: model_file.parts(path), lambda: model_file.checked(data, "a.keras"),
                     lambda: model_file.checked(json.dumps(named).encode(), "a.keras")):
            try:
                read()
            except (BadModelFile, NotSupported):
                continue


PARSERS = {"journal": read_journal, "saved": read_saved, "population": read_population,
           "model": read_model}

if __name__ == "__main__":
    name = sys.argv[1]
    os.environ.setdefault("KERAS_BACKEND", "jax")
    atheris.Setup([sys.argv[0], *sys.argv[2:]], PARSERS[name])
    atheris.Fuzz()
