"""What Keras keeps for a whole process: names given, seeds and policies, set aside and put back."""

from __future__ import annotations

import contextlib
import copy
import random
import threading
from collections.abc import Iterator

import keras
import numpy as np

from .private import global_state


@contextlib.contextmanager
def fresh_session() -> Iterator[None]:
    """Keras's session state as in a new process: no names given, no seed, default policies.

    Afterwards the state is as it was, the random numbers of Python and numpy included.
    """
    trackers = global_state.GLOBAL_STATE_TRACKER, global_state.GLOBAL_SETTINGS_TRACKER
    settings = keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()
    python, numpy = random.getstate(), np.random.get_state()
    global_state.GLOBAL_STATE_TRACKER = threading.local()
    global_state.GLOBAL_SETTINGS_TRACKER = threading.local()
    try:
        yield
    finally:
        global_state.GLOBAL_STATE_TRACKER, global_state.GLOBAL_SETTINGS_TRACKER = trackers
        keras.config.set_floatx(settings[0])
        keras.config.set_epsilon(settings[1])
        keras.config.set_image_data_format(settings[2])
        random.setstate(python)
        np.random.set_state(numpy)


@contextlib.contextmanager
def random_state_kept() -> Iterator[None]:
    """The random states of Python, numpy and Keras, and Keras's name counters, stay as before."""
    tracker = global_state.GLOBAL_STATE_TRACKER
    attributes = dict(vars(tracker))
    contents = {name: copy.copy(v) for name, v in attributes.items() if isinstance(v, dict | list)}
    seeds = attributes.get("global_seed_generator")
    seed = None if seeds is None else np.array(seeds.state.value)
    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        global_state.GLOBAL_STATE_TRACKER = tracker
        vars(tracker).clear()
        vars(tracker).update(attributes)
        for name, content in contents.items():
            attributes[name].clear()
            add = attributes[name].update if isinstance(content, dict) else attributes[name].extend
            add(content)
        if seeds is not None:
            seeds.state.assign(seed)
