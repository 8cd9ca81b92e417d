"""Diagnoses whose trainings are real: placebos of small dense networks, and injected faults.

The native engine trains some ten thousand of these networks a second, so that a thousand diagnoses
with twenty arms each take minutes.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from calibration_drawn import Change, judged
from numpy.typing import NDArray

from unstuck.base.progress import Progress
from unstuck.base.ranks import rank_sum
from unstuck.base.stats import mcnemar
from unstuck.capture import capture_model, capture_script, capture_text
from unstuck.diagnosis.diagnosis import Options, diagnose_captured
from unstuck.goal import Goal, begun, make_goal
from unstuck.interventions import apply_all
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.placebo import Placebo
from unstuck.interventions.widths import Widths
from unstuck.network.horizon import Horizon
from unstuck.network.recipe import Recipe
from unstuck.population.chunks import Chunks
from unstuck.population.native_engine.engine import NativeEngine
from unstuck.search.budget import Budget
from unstuck.search.candidates import Candidate
from unstuck.search.experiment import Experiment
from unstuck.search.proof import PUT_BACK
from unstuck.search.ranking import CURED
from unstuck.search.search import Search
from unstuck.search.trial import PutBack, Trial, judge

ARMS = 20
FEW_ARMS, ROOM, FEW_PAIRS = 8, 90, 8
"""Changes of a diagnosis with room for few trainings, that room, and pairs of a rank sum."""
PAIRS = 64
"""Pairs of a placebo whose p-value is looked at once."""
BITS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
XOR = np.array([[0], [1], [1], [0]], np.float32)
FAULTY = ("xor", "iris")
"""Healthy scripts of `specimens/` that faults are put into: each trains in milliseconds."""
Tell = Callable[[int], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A training without any cause among the changes that are tried: they change nothing."""

    name: str
    recipe: Recipe
    goal: Goal


def cases() -> list[Case]:
    """Trainings that are fragile, stuck, and nearly healthy."""
    return [_case("XOR, 4 ReLU units", XOR, 60, 0.05, 1, keras.layers.Dense(4, "relu")),
            _case("XOR, 2 tanh units", XOR, 100, 0.05, 1, keras.layers.Dense(2, "tanh")),
            _case("XOR, 8 ReLU units", XOR, 60, 0.05, 1, keras.layers.Dense(8, "relu")),
            _case("XOR, no hidden layer", XOR, 60, 0.05, 1),
            _case("two bits through two", BITS, 100, 0.03, 2, keras.layers.Dense(4, "relu"),
                  keras.layers.Dense(2, "relu"))]


def _case(
    name: str, y: NDArray[Any], epochs: int, rate: float, batch: int, *hidden: keras.layers.Layer
) -> Case:
    model = keras.Sequential([keras.Input((2,)), *hidden, keras.layers.Dense(y.shape[1], "sigmoid")])
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="binary_crossentropy")
    recipe = capture_model(model, BITS, y, batch_size=batch, epochs=epochs).recipe
    return Case(name=name, recipe=recipe, goal=make_goal(recipe))


def placebo_p_values(case: Case, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """P-values of so many placebos, each on fresh seeds: as reported, made continuous; discordance.

    An exact test's p-value has steps, and so cannot be uniform: it is at most as often small as a
    uniform one. A point drawn evenly within its step is uniform if the test is right.
    """
    engine, draw = NativeEngine(), np.random.default_rng(len(case.name))
    control = case.goal.learned(engine.train(
        case.recipe, range(count * PAIRS), case.goal, probes=False)).reshape(count, PAIRS)
    treated = case.goal.learned(engine.train(
        replace(case.recipe, order_salt=1), range(count * PAIRS), case.goal, probes=False)
    ).reshape(count, PAIRS)
    rescued = (treated & ~control).sum(1)
    broken = (control & ~treated).sum(1)
    exact = np.array([mcnemar(int(b), int(c)) for b, c in zip(rescued, broken, strict=True)])
    next_less = np.array([
        mcnemar(low - 1, int(b + c) - low + 1) if (low := int(min(b, c))) else 0.0
        for b, c in zip(rescued, broken, strict=True)])
    spread = next_less + draw.uniform(size=count) * (exact - next_less)
    return exact, spread, float((treated != control).mean())


def placebo_diagnoses(case: Case, count: int, tell: Tell = lambda done: None) -> list[Counter[str]]:
    """The verdicts of each of so many diagnoses in which no change changes anything.

    The whole search at the default budget; each diagnosis has a base seed of its own.
    """
    found = []
    for number in range(count):
        said = judged(case.recipe, case.goal, Chunks(), ARMS, budget="2m", seed=number + 1)
        found.append(Counter(j.verdict for j in said))
        tell(number)
    return found


def put_back(case: Case, width: int, count: int) -> dict[str, Any]:
    """A placebo put back into a repaired network, so many times: how often is it shown to be needed?

    The repair is a hidden layer of that width; the placebo is a member of it that does nothing. It is
    judged as a diagnosis judges it: on `PUT_BACK` pairs of fresh seeds, corrected with `ARMS` others.
    """
    repaired = apply_all((Widths.of(case.recipe, at_least=width),), case.recipe)
    engine, seeds = NativeEngine(), range(10_000_000, 10_000_000 + count * PUT_BACK)
    learned = [case.goal.learned(engine.train(recipe, seeds, case.goal, probes=False)
                                 ).reshape(count, PUT_BACK)
               for recipe in (replace(repaired, order_salt=1), repaired)]
    idle = [Trial(changes=(Epochs(value=n + 2, was=1),), control=np.zeros(PAIRS, bool),
                  treatment=np.zeros(PAIRS, bool)) for n in range(ARMS)]
    alone = Trial(changes=(Placebo(),), control=np.zeros(PAIRS, bool), treatment=np.zeros(PAIRS, bool))
    needed = 0
    for whole, without in zip(*learned, strict=True):
        back = PutBack(change=Placebo(), company=(), whole=whole, without=without, scores=(1.0, 1.0))
        needed += judge([alone, *idle], [back])[0].verdict == "needs company"
    return {"case": case.name, "width": width, "of": count, "needed": needed,
            "rate": float(learned[0].mean())}


def few_placebos(
    case: Case, share: float, count: int, tell: Tell = lambda done: None
) -> dict[str, Any]:
    """So many diagnoses with room for `ROOM` trainings, of changes that change nothing.

    What a careful person would do is tried as in every diagnosis, after them; what it shows is true.

    Args:
        case: the training.
        share: of its updates, where each of its trainings ends.
        count: how many; each has a base seed of its own.
        tell: told how many are done.

    Returns:
        How many name one of these a cause or claim its help, how many put one to a proof; and of
        `groups` of `FEW_PAIRS` placebos beside their controls, on the same seeds, how many rank sums
        have a p-value below 5 % and below 1 %.
    """
    horizon = Horizon(updates=max(1, round(share * case.recipe.updates)))
    at_end = not horizon.shortens(case.recipe)
    goal = case.goal if at_end else begun(case.goal)
    told: Counter[str] = Counter()
    for number in range(count):
        experiment = Experiment(case.recipe, goal, budget=Budget.parse(f"{ROOM}runs"), seed=number + 1,
                                horizon=None if at_end else horizon)
        experiment.run(experiment.control, 4)
        candidates = [Candidate(change=Change(number=n + 1), checks=(f"check-{n}",))
                      for n in range(FEW_ARMS)]
        search = Search(experiment, candidates)
        search.run(sick=experiment.control.rate < CURED)
        said = {j.verdict for j in search.verdicts.judged() if isinstance(j.trial.changes[0], Change)}
        told.update(cause="cause" in said, help=bool(said & {"cause", "contributes", "needs company"}),
                    proofs=any(isinstance(change, Change) for cure in search.proofs.cures
                               for change in cure.arm.changes))
        tell(number)
    recipe, engine, groups = horizon.of(case.recipe), NativeEngine(), 5 * count
    scores = [engine.train(one, range(groups * FEW_PAIRS), goal, probes=False
                           ).score[:, 0].reshape(groups, FEW_PAIRS)
              for one in (recipe, replace(recipe, order_salt=1))]
    p_values = np.array([rank_sum(own, other) for own, other in zip(*scores, strict=True)])
    return {"case": case.name, "share": share, "of": count, **told, "groups": groups,
            "below_5": int((p_values < 0.05).sum()), "below_1": int((p_values < 0.01).sum())}


def faults(
    scripts: tuple[str, ...], operators: list[str], *, others: Callable[[int], bool],
    budget: tuple[str, str] = ("2m", "4m"),
) -> Iterator[dict[str, Any]]:
    """Injected faults, diagnosed: was each found; and does twice the budget, another seed, agree?

    `others` says of a fault's number whether it is diagnosed these two further times.
    """
    from accuracy import KINDS_ALIKE
    from injected import HEALTHY, OPERATORS, mutants

    warnings.simplefilter("ignore")
    number = 0
    for script in scripts:
        healthy = capture_script(HEALTHY / f"{script}.py")
        for name, text, truth in mutants(healthy, script, operators or list(OPERATORS), 64):
            for fault in truth["faults"]:
                alike = KINDS_ALIKE.get(fault["kind"], set()) | {fault["kind"]}

                row = {"name": name, "kind": fault["kind"], "before": truth["rate_before"],
                       "after": truth["rate_after"],
                       "default": _found(text, budget[0], 0, alike, fault["checks"])}
                if others(number):
                    row["doubled"] = _found(text, budget[1], 0, alike, fault["checks"])
                    row["seed"] = _found(text, budget[0], 1, alike, fault["checks"])
                number += 1
                yield row


def _found(text: str, budget: str, seed: int, kinds: set[str], checks: list[str]) -> dict[str, Any]:
    """Diagnose a script: whether one of these kinds or checks was named, and all verdicts."""
    from accuracy import PROVED

    options = Options(budget=Budget.parse(budget), seed=seed, pictures=False)
    result = diagnose_captured(
        capture_text(text), options=options, progress=Progress()).result
    proved = [arm for arm in result.arms if arm.verdict in PROVED]
    named = {arm.kind for arm in proved} | {kind for r in result.repairs for kind in r.kinds}
    stated = {f.check for f in result.facts} | {check for arm in proved for check in arm.checks}
    return {"found": bool(named & kinds or stated & set(checks)),
            "verdicts": {arm.intervention: arm.verdict for arm in result.arms}}
