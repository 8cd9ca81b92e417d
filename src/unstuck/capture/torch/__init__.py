"""Torch trainings: what a script's loop does, as events, and the recipe that it is.

`listening` hears every function of torch's that the script calls; `ops` keeps those that lead to a
loss; `trainings` puts updates together from losses, gradients and steps; `parts` tells rows,
targets and outputs apart; `translating` makes a Keras graph of the operations (with the tables
`of_layers`, `of_shapes`, `of_activations`); `losses` and `optimizers` do the same for those;
`closing` makes the recipe and has the shadow check look at it. torch is imported only for a script
that imports it itself.
"""
