"""What is trained and how, and Keras's private corners.

A `recipe` is one training: network, compile arguments, data, fit arguments. `architecture` is the
user's model with a list of changes, `outputs` looks at each output of several, `callback_rules` are the
callbacks that take part in a training, for many replicas at once, `serialized` tells what a saved or
sent object may be made of. `adapter` is a package, the only place that imports what is private in
Keras; `backend` says at once if Keras runs on anything but JAX.

May import: script and base.
Others take: any of these modules; most take `recipe`.
"""
