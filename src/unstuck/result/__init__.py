"""What was found, as plain data: the JSON contract.

`results` is what a diagnosis says, `pictures` what a report draws, `schema.json` both, for others.
Nothing here computes, trains or imports Keras.

May import: base.
Others take: `results` and `pictures`.
"""
