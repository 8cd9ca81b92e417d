"""What everyone stands on; nothing here knows networks.

`errors` in the user's words, `stats` (success rates, paired effects, intervals, sequential looks),
`ranks` (an exact test on scores), `journal` (what was trained, kept so that a run goes on) and the
`records` in its file, `digests` of bytes, `interrupts`, `atomic` files, `progress`, modules that are
loaded `later`, and `registry`, which finds checks, interventions and report formats by their files'
names.

May import: nothing of unstuck.
Others take: any of these modules.
"""
