"""A training loop of one's own that leaves out what `fit` does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.train_as_fit import TrainAsFit, What, left_out
from unstuck.network import adapter
from unstuck.network.loops import Loop

from . import Check, Family, Finding, Observation, measured


@dataclass(frozen=True)
class LoopLeavesOut(Check):
    """A loop that is written by hand trains as it is written, and no more.

    ## What it sees
    What a hand-written loop does otherwise than `fit`: some trainable variables get no gradient; the
    forward pass runs in the mode of inference, without dropout and with the running averages of batch
    normalisation; what regularisers say is not part of the loss; the optimizer is made anew again and
    again. All of it is read off the loop's first updates, and repeated in every replica.

    ## Why learning stops
    Variables without a gradient stay as they were drawn. Batch normalisation in the mode of inference
    divides by averages that nobody has measured. A new optimizer has forgotten its averages of
    gradients, so that under Adam each first step is as long as the learning rate, wherever it leads.

    ## What it tries
    Each of these as `fit` does it, one at a time.

    ## Example
        grads = tape.gradient(loss, head.trainable_variables)     # sick
        grads = tape.gradient(loss, model.trainable_variables)    # cured

    ## When it is wrong
    In transfer learning a part is left untrained on purpose, and a loss without penalties may be
    meant. Then the trial acquits it.

    ## References
    Keras guide, Writing a training loop from scratch.
    """

    family: ClassVar[Family] = Family.OPTIMIZER

    def look(self, seen: Observation) -> Iterator[Finding]:
        """Each thing that the loop leaves out."""
        loop = seen.recipe.loop
        if loop is None:
            return
        for what in left_out(loop):
            message, count = _told(what, loop, seen)
            yield self.fact(
                message, measured("updates in which it is left out", count, 0, "updates"),
                site=TrainAsFit(what=what).site, tries=(TrainAsFit(what=what),))


def _told(what: What, loop: Loop, seen: Observation) -> tuple[str, int]:
    """What is left out, in a sentence, and in how many updates."""
    updates = seen.recipe.updates
    if what == "untrained":
        sizes = seen.recipe.architecture.trainable_sizes
        names = sorted({path.split("/")[-2] for path in loop.untrained if "/" in path})
        numbers = sum(sizes.get(path, 0) for path in loop.untrained)
        return (f"The loop takes no gradient by {', '.join(names)}: {numbers:,} weights stay as they"
                " were drawn.", updates)
    if what == "training":
        kinds = sorted({type(layer).__name__ for layer in adapter.flat_layers(
            seen.recipe.architecture.source) if adapter.acts_in_training(layer)})
        return (f"The loop calls the model without training=True: {', '.join(kinds)} work as in"
                " inference while it is trained.", updates)
    if what == "regularised":
        return ("The loop leaves model.losses out of its loss: the penalties of the layers are"
                " computed, and nothing minimises them.", updates)
    return (f"The loop makes its optimizer anew after every {loop.optimizer_for} updates, which forgets"
            " what it has gathered of the gradients.", updates // max(1, loop.optimizer_for or 1))
