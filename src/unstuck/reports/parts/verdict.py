"""The verdict in one line, and how far it goes; the same words in every report."""

from __future__ import annotations

import math

from unstuck.result.results import NOTHING_TO_LEARN, RIVALS, Arm, Outcome, Result

from . import horizon, words

HEADLINES: dict[Outcome, str] = {
    "LEARNS": "LEARNS",
    "BEGINS": "LEARNING BEGINS",
    "LATE": "LEARNS LATE",
    "FRAGILE": "FRAGILE",
    "STUCK": "STUCK",
    "DIVERGES": "DIVERGES",
    "OVERFITS": "OVERFITS",
    "NO_SIGNAL": "NO SIGNAL",
    "AT_FLOOR": "AT THE FLOOR",
    "INCONCLUSIVE": "DON’T KNOW",
    "ERROR": "ERROR",
}
HEALTHY: frozenset[Outcome] = frozenset({"LEARNS", "AT_FLOOR", "BEGINS", "LATE"})
_SICK: frozenset[Outcome] = frozenset({"STUCK", "FRAGILE", "DIVERGES", "OVERFITS"})
_SMALL_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def verdict(result: Result, *, luck: bool = True) -> tuple[str, str]:
    """The outcome's word and the sentences that follow it; with `luck`, what another run would show.

    A result's own `outcome_text` is only taken where there are no figures to word.
    """
    text = _sentence(result)
    if luck and result.outcome == "FRAGILE":
        text = f"{text} {_luck(result)}"
    if result.outcome in _SICK and not has_cause(result) and not placebo_worked(result):
        vain = _in_vain(result)
        text = (f"{text} What is certain is listed as a fact; {vain}." if result.facts
                else f"{text} I don’t know why: {vain}.")
    return HEADLINES[result.outcome], text


def nothing_found(result: Result) -> str:
    """What is said of a training that is well."""
    changes = tried(result)
    looked = f", though {words.count(changes, 'change')} were tried" if changes else ""
    return f"Nothing was found that keeps it from {horizon.learning(result)}{looked}."


def rate_of(result: Result) -> str:
    """How often the script as it is learned: "48 of 256 trainings … learned (19 %, …)"."""
    control = result.population
    whole = words.rate(control.successes, control.replicas, control.ci95)
    head, _, ci = whole.partition(" (")
    if not ci:
        return "No training has ended yet"
    if result.horizon is not None:
        within = words.first_upper(horizon.within(result))
        return f"{within}, learning begins in {head} trainings of your script ({ci}"
    return f"{head} trainings of your script learned ({ci}"


def has_cause(result: Result) -> bool:
    """True where something was proved: a cause, changes that cure together, or a repair."""
    return bool(result.repairs or result.proved) and placebo_worked(result) is None


def tried(result: Result) -> int:
    """How many changes were tried, the placebo not counted."""
    return sum(arm.kind != "placebo" for arm in result.arms)


def placebo_worked(result: Result) -> Arm | None:
    """The placebo where it changed the result, which it must not."""
    placebo = result.placebo
    moved = placebo is not None and placebo.verdict in ("cause", "contributes", "harmful")
    return placebo if moved else None


def loss_between(result: Result) -> str:
    """Where the loss ends between what the data allows and what a constant output gives."""
    own, goal = result.own_run, result.goal
    if own is not None and own.loss is not None:
        text = f"Your loss ends at {words.number(own.loss)}"
    else:
        ends = "The loss ends at" if result.horizon is None else "The loss has then come to"
        text = f"{ends} {words.number(result.population.loss.median)} (median)"
    around = []
    if goal.floor is not None:
        around.append(f"the floor of this data is {words.number(goal.floor)}")
    if goal.baseline is not None:
        around.append(f"a constant output gives {words.number(goal.baseline)}")
    return f"{text}; {words.listed(around)}." if around else f"{text}."


def _sentence(result: Result) -> str:
    rate = rate_of(result)
    match result.outcome:
        case "LEARNS" | "BEGINS":
            return f"{rate}. {loss_between(result)}"
        case "LATE":
            return (f"{rate}, but whole trainings learn: {words.of(*_whole(result))}. What looks like"
                    " standing still ends by itself.")
        case "AT_FLOOR":
            limit = ("Your loss is not high" if result.goal.noise is None
                     else "Noise, not the network, is the limit")
            return f"{limit}: {_first_lower(loss_between(result))} {rate}."
        case "FRAGILE":
            return f"{rate}; they differ only in the random seed."
        case "STUCK":
            return f"{rate}." if result.population.successes else f"{rate}, whatever the random seed."
        case "DIVERGES":
            return f"{_divergence(result)} {rate}."
        case "OVERFITS":
            return f"The rows trained on are learned, the validation rows are not. {rate}."
        case "NO_SIGNAL" if result.outcome_text == NOTHING_TO_LEARN:
            return ("Every row has the same target: there is nothing to learn, and the best answer"
                    " ignores the input. No cause was looked for in the training; look at how the"
                    " targets were made.")
        case "NO_SIGNAL":
            return (
                "Nothing shows that the inputs say anything about the targets: on rows held out, plain"
                f" methods do no better than a constant output, and neither does your network. {rate}."
            )
        case "INCONCLUSIVE" if result.outcome_text == RIVALS:
            return (f"In this script {RIVALS}. So no change was tried, and nothing is called a cause."
                    f" Facts of {result.population.replicas} trainings are below.")
        case "INCONCLUSIVE":
            return f"{rate}, and {_in_vain(result)}."
        case "ERROR":
            return f"The diagnosis could not be completed. {result.outcome_text}".strip()


def _whole(result: Result) -> tuple[int, int]:
    """How many whole trainings of the script as it is learned, and of how many."""
    full = None if result.horizon is None else result.horizon.full
    return (0, 0) if full is None else (full.own, full.replicas)


def _in_vain(result: Result) -> str:
    number, sets = tried(result), result.budget.sets
    if sets:
        alone = f"{words.count(number, 'change')} and " if number else ""
        return (f"none of the {alone}{words.count(sets, 'set')} of changes tried was shown to"
                " help enough")
    if number == 0:
        return "no change was tried"
    if number == 1:
        return "the one change tried was not shown to help enough"
    return f"none of the {number} changes tried was shown to help enough"


def _luck(result: Result) -> str:
    low, high = result.population.ci95
    share = result.population.success_rate
    if high < 0.5 and share > 0:
        return f"Another run would probably fail too; {_one_in(share)} looks fine."
    if low > 0.5:
        return f"Most runs look fine, but {_one_in(1 - share)} fails."
    return "Whether a run learns is a matter of luck."


def _one_in(share: float) -> str:
    """A share as "one in five", or "more than one in two"."""
    number = round(1 / share)
    small = 2 <= number <= len(_SMALL_NUMBERS) + 1
    return f"about one in {_SMALL_NUMBERS[number - 2] if small else number}"


def _divergence(result: Result) -> str:
    population = result.population
    lost = sum(words.mode_count(m, result) for m in population.modes if not math.isfinite(m.loss))
    if lost:
        some = words.of(lost, population.replicas)
        return f"In {some} trainings the loss ends infinite or as no number at all."
    baseline = result.goal.baseline
    against = "" if baseline is None else f", a constant output at {words.number(baseline)}"
    return f"The loss runs away: it ends at {words.number(population.loss.median)}{against}."


def _first_lower(text: str) -> str:
    return text[:1].lower() + text[1:]
