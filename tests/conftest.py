"""What every test may use; Keras on JAX, and no test depends on the order of the others."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile

from hypothesis import settings

os.environ["KERAS_BACKEND"] = "jax"

# Journals and fault reports of tests go where no user has any.
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="unstuck-tests-")
atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)

# A shell's `&` starts commands deaf to Ctrl-C, `nohup` to SIGHUP, and their children too: tests of
# interrupts would hang.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")
