"""What is trained and how, and Keras's private corners.

A `recipe` is one training: network, compile arguments, data, fit arguments. It holds an `architecture`,
which is the user's model with a list of changes to its `layers`; `data`, which are rows; an `optimizer`
as configured; and `callback_rules`, the callbacks that take part in a training, for many replicas at
once. `rebuilding` makes a fresh model of an architecture, `loss_names` tells what a loss is called,
`outputs` looks at each output of several, `bottleneck` tells a network's narrowest place, `drawing`
gives generators to what draws without a seed, `terms` tells what a step adds up, `rivals` of two
trainings in one, `alone` takes one of them, `horizon` the first updates of a training and `picking`
some of its rows, `serialized` what a saved or sent object may be made of. `adapter` is a package, the
only place that imports what is private in Keras, `torch_numbers` holds what torch computes otherwise;
`backend` says at once if Keras runs on anything but JAX.

May import: script, result and base.
Others take: any of these modules; most take `recipe` and `layers`.
"""
