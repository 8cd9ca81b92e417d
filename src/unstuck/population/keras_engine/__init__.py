"""Any Keras model, many replicas at once, on JAX.

`program` makes pure functions of a recipe, `strategies` runs them for many replicas, `choice` times
which strategy is fastest, `rules` are the callbacks, `probes` the readings, `engine` is all of it.
"""
