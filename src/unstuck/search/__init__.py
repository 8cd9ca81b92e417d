"""What is tried, and what it shows.

An `experiment` trains trial *arms*: the script as it is (the control) and sets of changes to it, on
the same seeds, within a `budget`. `candidates` says what to try: what checks propose,
`common_advice` (what people try anyway) and `output_layers` (what the targets ask of a network's end).
`search` spends the budget: first *looks* at arms, a few replicas each (a sequential design: more
replicas only where the last look leaves it open), `shrinking` of large sets, `proof` on fresh seeds,
`ranking` of cures, `verdicts` made sharper. `trial` is the only place that says "cause";
`memorisation` tells whether what was learned holds for other rows, `costs` what a try will take. A
`duel` is of two experiments, each with a training of its own.

May import: checks, interventions and every room below them.
Others take: `search`, `experiment`, `arms`, `budget`, `candidates`, `duel`, `proof`, `ranking`,
`trial`.
"""
