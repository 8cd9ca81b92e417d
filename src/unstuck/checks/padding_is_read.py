"""Sequences that end in zeros, which a recurrent layer reads to the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.mask_padding import MaskPadding, read_padding

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy


@dataclass(frozen=True)
class PaddingIsRead(Check):
    """A recurrent layer reads the padding behind the words, and has forgotten them at its end.

    ## What it sees
    An embedding without a mask in front of an LSTM, GRU or SimpleRNN, and rows that end in
    zeros: `least` of them and more in the usual row.

    ## Why learning stops
    Sequences of several lengths are filled up with zeros to one length. Without a mask the layer
    takes a zero for a word. What it hands on is its state after the last step: after many steps
    that are all the same, the state is nearly the same for every row, and so is the gradient that
    would reach the words.

    ## What it tries
    `mask_zero=True`: the layer stops where the words end. To pad in front (`padding="pre"`, the
    default of `pad_sequences`) does the same for the last state.

    ## Example
        layers.Embedding(5000, 32)                     # rows end in zeros: sick
        layers.Embedding(5000, 32, mask_zero=True)     # cured

    ## When it is wrong
    Short padding is read over, and a gated layer can learn to wait; then nothing is said. Where 0
    is a word like any other, it occurs between the others too, and nothing is said either.

    ## References
    Keras, Understanding masking & padding; Dwarampudi and Reddy 2019, Effects of padding on LSTMs
    and CNNs, arxiv.org/abs/1903.07288.
    """

    family: ClassVar[Family] = Family.DATA

    least: int = 5

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The padding of the usual row."""
        padding = read_padding(seen.recipe)
        if padding is None or padding.zeros < self.least:
            return
        yield self.suspicion(
            f"The usual row ends in {padding.zeros} zeros, of {padding.steps} steps, and"
            f" {anatomy.described(padding.reader)} reads them like words: its last state is what"
            " they have left of the others.",
            measured("zeros at the end of the usual row", padding.zeros, self.least, "steps"),
            site=anatomy.site(padding.embedding),
            tries=(MaskPadding(),),
        )
