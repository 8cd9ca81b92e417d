"""Many replicas of one recipe, trained at once, and what was measured on them.

`population` has the result (`Population`) and the contract of engines (`Engine`); `choice` asks the
`native_engine` first (C++, one replica in each SIMD lane), then the `program_engine` (any network's
traced step in C++, one replica a thread), then the `keras_engine`, which takes any model.
`draws` is all that is random about a replica, `identity` what a training is in words that every process
understands. A *chunk* is a task of a worker: some replicas of one arm. `chunks` has it read from the
journal, trained here, or given out by `workers` to `backends` (processes, Dask, Ray) over `shipping`;
`child` is what runs there, so this file imports nothing.

May import: network and base.
Others take: `population`, `choice`, `chunks`, `workers`, and the engines' names.
"""
