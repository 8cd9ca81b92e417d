"""The compiled kernels of the native engine, and their sources in C++.

`plan.hpp` is what a training is made of; `vector`, `activations`, `losses`, `optimizers`, `dense`
and `network` are the arithmetic, `rows` the data and its order, `kernel.cpp` the training of one
block of replicas, compiled once for each instruction set. `program` checks and lays out a network,
`driver` spreads blocks over threads, `bindings` are the Python module `kernels`.
"""
