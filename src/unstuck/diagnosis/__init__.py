"""One diagnosis, from a recipe to a result.

`diagnosis` has the two entrances, `diagnose` and `diagnose_script`; `steps` is the order of the steps,
`account` puts what was run into words and numbers, `outcome` into one word, `modes` are the ways in
which trainings end, `scenes` what the page draws. A `repair` becomes a file, an `applied_repair` a
network of this process, `encoder_decoder` the halves of an autoencoder, `saved` a file of a result.

Beside it, with the same trainings and looks: `checking` (a few seconds), `planning` (what to try),
`comparing` (one training against another), `guarding` (one against what it was).

May import: search and every room below it.
Others take: `diagnosis`, `steps`, `account`, `repair`, `saved`, `encoder_decoder`.
"""
