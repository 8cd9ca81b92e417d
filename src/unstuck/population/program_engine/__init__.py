"""Any network natively, without a compiler: its traced step, run in C++, one replica a thread.

`tracing` is all that knows JAX's own language; it makes a `graph`, which `simplify` makes smaller.
`lowering` turns its equations into instructions over `views` of memory, a family of them a file:
`pointwise`, `shaping`, `reductions`, `contractions`, `lookups`, `randomness`, `loops`. `fusion` puts
elementwise steps together, `planning` says where each array lies, `writing` writes the words, and
`program` is the way through all of it. `strategy` trains replicas with that, `engine` is the contract.
The machine's sources are in `cpp/`: `code.hpp` is its language; `elementwise`, `moves`, `reduce`,
`product`, `convolution`, `windows`, `indexing`, `ordering` and `random` are its operations;
`kernel.cpp` goes through a program, compiled once for each instruction set; `driver` keeps the memory
of a thread, `bindings` are the Python module `machine`.
"""
