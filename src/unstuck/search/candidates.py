"""What to try: the changes that checks propose, those that people try anyway, and all at once.

`singles` are changes of one thing; symptoms only order them, they never leave one out. `strong_sets`
are arms in which everything is done that a careful person would do: if one of them learns, the
search can shrink it to what is necessary, and causes that hide each other come out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from unstuck.base.errors import NotSupported
from unstuck.checks import Certainty, Finding, all_checks, causes_first
from unstuck.goal import Goal
from unstuck.interventions import Changes, Intervention, apply_all, compatible
from unstuck.interventions._network import output_activation
from unstuck.interventions.activation import Activation
from unstuck.interventions.at_output import AtOutput
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.placebo import Placebo
from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.standardize_data import StandardizeData
from unstuck.network.recipe import Recipe

from .common_advice import battery, careful

LEAST_UPDATES = 100
"""Adam at 0.001 moves a weight by 0.1 at most in so many, less than most start with: with fewer,
nothing is tried that does not train longer too."""
STEP = ("optimizer", "learning_rate")
OF_THE_END = frozenset({"epochs", "batch_size", "validation_split"})
"""Kinds of changes of which a training's first updates tell nothing: how many updates there are, and
what is held back. Nothing of these kinds is tried, or said, where trainings are not whole."""
USUAL = (("elu", 1e-3), ("tanh", 1e-2), ("relu", 3e-3), ("elu", 1e-2))
"""Activations of hidden layers and rates of Adam with which small networks learn."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A change to try, and the checks that asked for it.

    - `certain`: one of them had a fact to show that says why the training fails.
    - `stated`: one of them had a fact to show, be it only how it fails.
    """

    change: Intervention
    checks: tuple[str, ...] = ()
    certain: bool = False
    stated: bool = False


def placebo() -> Intervention:
    """The arm in which nothing but the shuffling is another."""
    return Placebo()


def singles(recipe: Recipe, goal: Goal, findings: Iterable[Finding]) -> list[Candidate]:
    """Every change of one thing that is worth a trial, those that checks ask for first."""
    asked: dict[Intervention, tuple[str, ...]] = {}
    certain: set[Intervention] = set()
    stated: set[Intervention] = set()
    known = all_checks()
    for finding in findings:
        for wish in finding.interventions:
            change = wish if not isinstance(wish, Activation) else (
                HiddenActivations.made_by_one_call(recipe, wish))
            asked[change] = (*asked.get(change, ()), finding.check)
            if finding.certainty is Certainty.FACT:
                stated.add(change)
                if not known[finding.check].describes:
                    certain.add(change)
    for change in battery(recipe, goal):
        asked.setdefault(change, ())
    same: dict[str, Candidate] = {}
    for change, checks in asked.items():
        if not (_is_seen(change, goal) and _applies(change, recipe)
                and _comparable(change, recipe, goal)):
            continue
        # Two names for one change are one arm, under the plainer name.
        signature = change.apply(recipe).signature
        other, sure, shown = same.get(signature), change in certain, change in stated
        if other is not None:
            checks, sure, shown = (*other.checks, *checks), sure or other.certain, shown or other.stated
            change = min(other.change, change, key=lambda c: c.cost)
        same[signature] = Candidate(
            change=change, checks=causes_first(checks), certain=sure, stated=shown)
    return list(same.values())


def likeliest(candidates: Sequence[Candidate]) -> list[Candidate]:
    """What checks ask for: the first wish of each before the second of any, odd values last.

    Among these, what may be a cause of what others saw, then those of a check that has few
    wishes: it knows better what is wrong.
    """
    known = all_checks()
    symptoms = {name for c in candidates for check in c.checks if check in known
                for name in known[check].explains}
    wishes: Counter[str] = Counter()
    of_each = Counter(check for c in candidates for check in c.checks)
    order: list[tuple[tuple[float, ...], Candidate]] = []
    for c in candidates:
        if c.checks:
            turn = min(wishes[check] for check in c.checks)
            fewest = min(of_each[check] for check in c.checks)
            order.append(((c.change.oddity, not c.certain, turn, symptoms >= {*c.checks}, fewest,
                           c.change.kind not in STEP, -len(c.checks)), c))
            wishes.update(c.checks)
    return [c for _, c in sorted(order, key=lambda one: one[0])]


def scales_together(recipe: Recipe, likely: Sequence[Candidate]) -> Changes:
    """Inputs and targets scaled at once, and the output made to reach them, where checks ask for it:
    none shows without the others, and what cures in their place is a detour.

    Where both are the same table, one change scales both. Empty where there are not two such changes.
    """
    def scales(change: Intervention, kinds: Any) -> bool:
        return isinstance(change.change if isinstance(change, AtOutput) else change, kinds)

    scaled = [c.change for c in likely if scales(c.change, StandardizeData)][:1] or [
        c.change for c in likely if scales(c.change, ScaleInputs | ScaleTargets)]
    if any(scales(change, ScaleTargets | StandardizeData) for change in scaled):
        asked = [c.change for c in likely if c.certain and "activation" in c.change.touches]
        scaled = [*(asked or _linear_output(recipe))[:1], *scaled]
    return tuple(scaled) if len(scaled) > 1 and compatible(scaled) else ()


def _linear_output(recipe: Recipe) -> list[Intervention]:
    """The output without its activation, which scaled targets are no longer made for."""
    with suppress(NotSupported):
        output = output_activation(recipe)
        if output.activation != "linear":
            return [Activation.of(recipe, output.name, "linear")]
    return []


def strong_sets(
    recipe: Recipe, goal: Goal, candidates: Iterable[Candidate], *,
    most: Callable[[int], int], widen: bool = True,
) -> list[Changes]:
    """Arms in which everything sensible is done at once, the likeliest first.

    First what the facts ask for, then what the checks ask for, then what a careful person would do
    without looking.

    Args:
        recipe: the control.
        goal: the yardstick.
        candidates: the single changes, those that checks asked for first.
        most: updates of batches of so many rows that the budget allows in one training.
        widen: make narrow layers wide, which costs time.
    """
    listed = list(candidates)
    found: list[Changes] = []

    def fits(change: Intervention, longer: bool) -> bool:
        if not _is_seen(change, goal) or (not longer and isinstance(change, Epochs)):
            return False
        return not goal.by_loss or (
            _applies(change, recipe) and _comparable(change, recipe, goal))

    def add(*wishes: list[Intervention]) -> None:
        """Sets of these changes: each as long as the script trains first, then longer."""
        for longer in (False, True):
            for wished in wishes:
                if longer or recipe.updates >= LEAST_UPDATES:
                    together = compatible_part(
                        recipe, (change for change in wished if fits(change, longer)))
                    if together and together not in found:
                        found.append(together)

    for picked in ([c for c in listed if c.certain], [c for c in listed if c.checks]):
        add(_together(recipe, [c.change for c in picked], most(recipe.batch_size)))
    usual = [careful(recipe, goal, activation, rate, most, widen=widen)
             for activation, rate in USUAL]
    for i in range(0, len(usual), 2):
        add(*usual[i : i + 2])
    return found


def _together(
    recipe: Recipe, changes: Iterable[Intervention], most_updates: int
) -> list[Intervention]:
    """What checks ask for as one set: no layer taken out, no longer than the budget allows."""
    longest = max(most_updates, recipe.updates)
    return [
        change for change in changes
        if not isinstance(change, RemoveLayer)
        and not (isinstance(change, Epochs | BatchSize) and change.apply(recipe).updates > longest)
    ]


def compatible_part(recipe: Recipe, changes: Iterable[Intervention]) -> Changes:
    """As many of these as go together, the earlier before the later."""
    taken: list[Intervention] = []
    for change in changes:
        if compatible([*taken, change]) and _applies(change, recipe, taken):
            taken.append(change)
    return tuple(taken)


def _is_seen(change: Intervention, goal: Goal) -> bool:
    """False where only the first updates are trained, and those show nothing of such a change."""
    return not (goal.early and change.touches & OF_THE_END)


def _applies(change: Intervention, recipe: Recipe, among: Iterable[Intervention] = ()) -> bool:
    """True where it can be made, after `among`, and changes something."""
    try:
        before = apply_all(among, recipe)
        after = apply_all([*among, change], recipe)
    except (NotSupported, KeyError):
        return False
    return after.signature != before.signature


def _comparable(change: Intervention, recipe: Recipe, goal: Goal) -> bool:
    """False where the loss is the yardstick and a change makes it one of something else.

    In other units the loss is another number; where nothing says what the output should be, other data
    are another task.
    """
    if goal.asked is None or goal.asked[0] != "loss":
        return True
    after = change.apply(recipe)
    units = after.target_units == recipe.target_units and (
        not goal.by_loss or (after.data_units, after.filled) == (recipe.data_units, recipe.filled))
    return after.loss is recipe.loss and after.loss_weights == recipe.loss_weights and units
