"""A training loop of one's own that leaves out what `fit` does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.interventions.train_as_fit import TrainAsFit, What, left_out
from unstuck.interventions.trained_through import TrainedThrough, flag_of
from unstuck.network import adapter
from unstuck.network.loops import Loop
from unstuck.network.torch_numbers import SPELLING

from . import Check, Family, Finding, Observation, measured


@dataclass(frozen=True)
class LoopLeavesOut(Check):
    """A loop that is written by hand trains as it is written, and no more.

    ## What it sees
    What a hand-written loop does otherwise than `fit`: some trainable variables get no gradient; the
    forward pass runs in the mode of inference, without dropout and with the running averages of batch
    normalisation; what regularisers say is not part of the loss; the optimizer is made anew again and
    again. In PyTorch also: gradients that are never cleared, or cleared before the step; a step that
    is missing, or made after the last batch of an epoch only; a network that is left in `eval()`; a
    tensor that is cut from its graph (`detach()`, `.data`, `torch.no_grad()`); a layer that
    `forward()` makes anew in every call; parameters that the optimizer does not have. All of it is
    read off the loop's updates, and repeated in every replica. Gradients that are added up over
    several batches before a step and cleared after it are no fault.

    ## Why learning stops
    Variables without a gradient stay as they were drawn. Batch normalisation in the mode of inference
    divides by averages that nobody has measured. A new optimizer has forgotten its averages of
    gradients, so that under Adam each first step is as long as the learning rate, wherever it leads.
    Gradients that add up point back at what was wrong long ago; cleared ones point nowhere.

    ## What it tries
    Each of these as `fit` does it, one at a time.

    ## Example
        grads = tape.gradient(loss, head.trainable_variables)     # sick
        grads = tape.gradient(loss, model.trainable_variables)    # cured

        loss.backward(); optimizer.step()                           # sick, in PyTorch
        optimizer.zero_grad(); loss.backward(); optimizer.step()    # cured

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
        for layer in seen.recipe.layers:
            flag = flag_of(layer.config)
            if flag is not None:
                yield self.fact(
                    _TOLD_OF_LAYERS[flag].format(layer.name),
                    measured("updates in which it is so", seen.recipe.updates, 0, "updates"),
                    site=f"layer:{layer.name}", tries=(TrainedThrough(layer=layer.name),))
        if loop is None:
            return
        for what in left_out(loop):
            message, count = _told(what, loop, seen)
            change = TrainAsFit(what=what)
            place = change.site if change.site in seen.recipe.sites else "backward"
            yield self.fact(
                message, measured("updates in which it is left out", count, 0, "updates"),
                site=place, tries=(change,))


_TOLD_OF_LAYERS = {
    "cuts": "At {} the graph is cut: nothing before it gets a gradient, and stays as it was drawn.",
    "made_anew": "{} is made anew in every call of the network: other random weights each time, which"
                 " nothing trains.",
}
_TOLD_OF_CLEARING = {
    "lost": "Gradients are cleared between backward() and the step: the optimizer gets none, and no"
            " weight ever changes.",
    "never": "Gradients are never cleared: each step goes by the sum of all batches so far.",
}


def _told(what: What, loop: Loop, seen: Observation) -> tuple[str, int]:
    """What is left out, in a sentence, and in how many updates."""
    updates, torch = seen.recipe.updates, seen.recipe.written_for == SPELLING
    if what == "untrained":
        sizes = seen.recipe.architecture.trainable_sizes
        names = sorted({path.split("/")[-2] for path in loop.untrained if "/" in path})
        numbers = sum(sizes.get(path, 0) for path in loop.untrained)
        if torch:
            return (f"The optimizer does not have the parameters of {', '.join(names)}: {numbers:,}"
                    " weights stay as they were drawn.", updates)
        return (f"The loop takes no gradient by {', '.join(names)}: {numbers:,} weights stay as they"
                " were drawn.", updates)
    if what == "training":
        kinds = sorted({type(layer).__name__ for layer in adapter.flat_layers(
            seen.recipe.architecture.source) if adapter.acts_in_training(layer)})
        if torch:
            return (f"The network is in the mode of eval() while it is trained: {', '.join(kinds)} work"
                    " as in inference.", updates)
        return (f"The loop calls the model without training=True: {', '.join(kinds)} work as in"
                " inference while it is trained.", updates)
    if what == "clears":
        return _TOLD_OF_CLEARING[loop.clears], updates
    if what == "steps_every" and not loop.steps_every:
        return "The optimizer never makes a step: no weight ever changes.", updates
    if what == "steps_every":
        lost = (" The gradients of the other batches are cleared before a step has used them."
                if loop.clears == "batch" else "")
        return (f"The optimizer makes a step after every {loop.steps_every} batches only:"
                f" {updates // loop.steps_every:,} steps in {updates:,} batches.{lost}",
                updates - updates // loop.steps_every)
    if what == "training_for":
        return (f"After {loop.training_for or 0:,} updates the network is in the mode of eval(), and"
                " stays in it while it is trained.", max(0, updates - (loop.training_for or 0)))
    if what == "regularised":
        return ("The loop leaves model.losses out of its loss: the penalties of the layers are"
                " computed, and nothing minimises them.", updates)
    return (f"The loop makes its optimizer anew after every {loop.optimizer_for} updates, which forgets"
            " what it has gathered of the gradients.", updates // max(1, loop.optimizer_for or 1))
