"""What was found, as plain data: the JSON contract.

`results` is what a diagnosis says, `pictures` what a report draws, `documents` writes both as JSON and
reads them, `schema.json` describes that for others.
Nothing here computes, trains or imports Keras.

May import: base.
Others take: `results`, `documents` and `pictures`.
"""
