"""Keras is imported here first, without what few scripts use of it.

`keras.wrappers` takes as long to import as JAX does, since it imports scikit-learn, `scipy.stats` and,
where it is installed, pandas. It is there as ever, and loaded when a script first asks it for anything.
"""

from unstuck.base.later import loaded_later

with loaded_later("keras.wrappers", "keras._tf_keras.keras.wrappers"):
    import keras as keras
