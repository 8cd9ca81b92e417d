"""What a dotted name of another year is in Keras of today: its name, or what to do by hand.

Questions about names alone, answered from the tables of `spellings`; no source is looked at.
"""

from __future__ import annotations

from .spellings import (
    BACKEND_TODAY,
    BY_HAND,
    FUNCTIONS,
    OPS,
    STILL_THERE,
    TENSORFLOW,
    TENSORFLOW_KERAS,
    modern_module,
    modern_name,
)


def last(dotted: str) -> str:
    """The last part of a dotted name."""
    return dotted.rpartition(".")[2]


def is_renamed(dotted: str) -> bool:
    """Whether the thing itself, not only its module, is called otherwise today."""
    today = modern_name(dotted)
    if last(dotted) in STILL_THERE or last(today) == last(dotted):
        return False
    return modern_module(dotted) == dotted or today in FUNCTIONS.values()


def twin(dotted: str) -> str:
    """The name in Keras of today of a thing of Keras or of TensorFlow; "" if it has none."""
    if dotted in TENSORFLOW:
        return TENSORFLOW[dotted]
    today = modern_name(dotted)
    if last(dotted) in STILL_THERE:
        today = f"{today.rpartition('.')[0]}.{last(dotted)}"
    module, _, name = today.rpartition(".")
    if module == "keras.backend" and name in OPS:
        return f"keras.ops.{name}"
    return today if f"{today}.".startswith("keras.") else ""


def has_twin(dotted: str) -> bool:
    """Whether Keras of today has this very thing, with nothing left to do by hand."""
    return bool(twin(dotted)) and not hint(dotted)


def hint(dotted: str) -> str:
    """What people write instead of a thing that has no twin; "" where nothing is to be done by hand."""
    module, _, name = dotted.rpartition(".")
    for package, today in TENSORFLOW_KERAS.items():
        if f"{dotted}.".startswith(f"{package}."):
            module = (today + dotted[len(package):]).rpartition(".")[0]
    if modern_module(module) == "keras.backend" and name not in {*OPS, *BACKEND_TODAY}:
        return BY_HAND.get(f"keras.backend.{name}", "look for its like in keras.ops")
    return BY_HAND.get(f"{module}.{name}", "") or BY_HAND.get(f"{modern_module(module)}.{name}", "")


def year_of(dotted: str) -> str:
    """The package that had this name: "Keras 1", "Keras 2" or "tf.keras"."""
    if dotted.startswith(("tensorflow", "tf_keras")):
        return "tf.keras"
    return "Keras 1" if dotted.startswith(("keras.objectives", "keras.initializations")) else "Keras 2"
