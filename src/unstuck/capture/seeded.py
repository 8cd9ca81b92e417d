"""The random numbers that a script draws without a seed of its own: the same in every run."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.random import bit_generator


@contextlib.contextmanager
def drawing_from(seed: int) -> Iterator[None]:
    """Within, Python's and numpy's random numbers, and so Keras's, come from that seed.

    A script that sets none then draws the same data as the last time with that number, and the same
    diagnosis is made of it. One that does set seeds draws what it always draws.
    """
    python, state = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    source: Any = bit_generator
    # What `default_rng()` begins with where it is given nothing; another numpy may ask elsewhere.
    asked = getattr(source, "randbits", None)
    if asked is not None:
        source.randbits = random.Random(seed).getrandbits
    try:
        yield
    finally:
        if asked is not None:
            source.randbits = asked
        random.setstate(python)
        np.random.set_state(state)
