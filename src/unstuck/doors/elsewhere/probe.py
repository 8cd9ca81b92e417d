"""Run by the Python that `--python` names: prints why unstuck cannot run there, or nothing.

    python probe.py "cpython 3.11"

Any Python from 3.4 has to understand this file: no annotations, no f-strings.
"""

import os
import sys
import sysconfig

TRAINED_WITH = ("keras", "tensorflow", "torch")


def obstacle(wanted):
    """What is in the way, as the end of a sentence; empty where nothing is."""
    found = "{} {}.{}".format(sys.implementation.name, *sys.version_info[:2])
    if found != wanted:
        return "it is {} and unstuck runs on {}: compiled packages fit one only".format(found, wanted)
    from importlib.machinery import PathFinder

    borrowed = os.environ["UNSTUCK_BORROWED"].split(os.pathsep)
    own = {path for path in sys.path if path not in borrowed}
    own |= {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    if not any(PathFinder.find_spec(name, list(own)) for name in TRAINED_WITH):
        return "it has none of Keras, TensorFlow and PyTorch, so the script does not train there"
    return unsuitable()


def unsuitable():
    """The first package that does not suit unstuck, or what unstuck needs; empty where all do."""
    from importlib.metadata import PackageNotFoundError, distribution, requires

    from packaging.requirements import Requirement

    try:
        left = [("unstuck", text) for text in requires("unstuck") or ()]
    except PackageNotFoundError:  # a checkout that is not installed
        return ""
    seen = set()
    while left:
        by, text = left.pop(0)
        need = Requirement(text)
        if text in seen or (need.marker is not None and not need.marker.evaluate({"extra": ""})):
            continue
        seen.add(text)
        wanted = str(need.name) + str(need.specifier)
        try:
            there = distribution(need.name)
        except PackageNotFoundError:
            return "{} needs {}, which is neither there nor where unstuck is".format(by, wanted)
        if not need.specifier.contains(there.version, prereleases=True):
            return "{} {} is there, and {} needs {}: {} -m pip install '{}'".format(
                need.name, there.version, by, wanted, sys.executable, wanted
            )
        left += [(need.name, inner) for inner in there.requires or ()]
    return ""


if __name__ == "__main__":
    sys.stdout.write(obstacle(sys.argv[1]))
