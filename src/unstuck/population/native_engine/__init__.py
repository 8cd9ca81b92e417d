"""Dense and recurrent networks at hardware speed: Python's half of the native engine.

`layers` and `sequences` walk through a model and write down `nodes`, `activations`, `losses`,
`optimizers` and `rules` say the rest in the kernels' terms, `probes` reads what they hand back, and
`engine` is all of it. The kernels' sources are in `cpp/`: `plan.hpp` is what a training is made of;
`vector`, `activations`, `losses`, `optimizers`, `dense` and `recurrent` are the arithmetic, `network`
where its values lie, `forward` and `backward` the ways through it; `rows` is the data and its order,
`kernel.cpp` the training of one block of replicas, compiled once for each instruction set; `program`
checks and lays out a network, `driver` spreads blocks over threads, `bindings` are the Python module
`kernels`.
"""
