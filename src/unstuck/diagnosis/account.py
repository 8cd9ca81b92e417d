"""From what was run to what is said: an experiment and its search as a `Result`.

Nothing is trained here and nothing is judged that `trial` has not judged; places in the source are
looked up and repairs are written as edits.
"""

from __future__ import annotations

import hashlib
import math
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from numpy.typing import NDArray

import unstuck
from unstuck.base.errors import NotSupported
from unstuck.base.stats import success_rate
from unstuck.capture import Captured
from unstuck.checks import Certainty, Finding, all_checks
from unstuck.goal import Goal
from unstuck.interventions import (
    Changes,
    Intervention,
    all_interventions,
    edits_for,
    own_names,
    touched,
)
from unstuck.network.recipe import Recipe
from unstuck.network.stacks import stacks
from unstuck.network.torch_numbers import SPELLING
from unstuck.network.torch_numbers.words import LABELS, in_torchs_words, loss_told
from unstuck.population.identity import code_digest, data_digest
from unstuck.population.population import Population
from unstuck.result import results
from unstuck.script import Edit, Script, Span
from unstuck.script.formatting import formatted
from unstuck.search.arms import Arm
from unstuck.search.candidates import Candidate
from unstuck.search.experiment import Experiment
from unstuck.search.proof import Cure, same_network
from unstuck.search.trial import Judged, is_needed

from .changes import stored
from .encoder_decoder import code_layer
from .modes import modes_of, rung_text, table

SMALL_TABLE = 16
"""Most distinct rows that are shown one by one."""


def tool() -> results.Tool:
    """Versions and device."""
    device = jax.devices()[0]
    return results.Tool(
        unstuck=unstuck.__version__, keras=keras.__version__, jax=jax.__version__,
        numpy=np.__version__, python=platform.python_version(), device=device.platform,
        cores=os.cpu_count() or 1,
    )


def identity(
    path: Path | None, argv: Sequence[str], asked: Mapping[str, Any]
) -> dict[str, Any]:
    """What must agree for one run to go on where another stopped, before the script is run.

    `asked` are the options that change what comes out, as JSON values; `path` is `None` for a model
    without a script. Raises OSError.
    """
    seen = tool()
    script = None if path is None else hashlib.sha256(path.read_bytes()).hexdigest()
    return {
        **asked, "script": script, "arguments": list(argv),
        "device": seen.device,
        "versions": [seen.unstuck, seen.keras, seen.jax, seen.numpy, seen.python],
    }


def data(captured: Captured) -> str:
    """A digest of the data, and of the code of the user's own that stands in other files."""
    return f"{data_digest(captured.recipe)} {code_digest(captured.recipe)}"


def script_info(captured: Captured, argv: Sequence[str]) -> results.ScriptInfo:
    """The user's script."""
    script = captured.script
    return results.ScriptInfo(
        path=None if script is None or script.path is None else str(script.path),
        sha256=None if script is None else hashlib.sha256(script.data).hexdigest(),
        argv=tuple(argv), exit_code=captured.exit_code,
    )


def fit_info(captured: Captured, goal: Goal, rows_asked: int | None = None) -> results.Fit:
    """The `fit` in question, on so many rows where that was asked for."""
    recipe = captured.recipe
    return results.Fit(
        line=captured.line, index=captured.index, of=captured.of, call=captured.call,
        model=captured.model_kind, parameters=captured.parameters, rows=recipe.trained_rows,
        distinct_rows=goal.distinct_rows, updates=recipe.updates, batch_size=recipe.batch_size,
        epochs=recipe.epochs, loss=_loss_told(recipe), optimizer=recipe.optimizer.kind,
        left_out=recipe.left_out, rows_asked=rows_asked,
    )


def _loss_told(recipe: Recipe) -> str:
    return loss_told(*recipe.loss_config) if recipe.written_for == SPELLING else recipe.loss_name


def goal_info(goal: Goal, asked: str | None) -> results.GoalInfo:
    """The yardstick; `asked` is the user's own goal as written."""
    return results.GoalInfo(
        metric=goal.metric, threshold=goal.threshold, why=goal.why, floor=goal.floor,
        baseline=goal.baseline,
        ladder=tuple(results.Rung(loss=r.loss, merged=rung_text(goal, r)) for r in goal.ladder),
        references=dict(goal.references), asked=asked,
        levels=tuple(results.Level(name=v.name, loss=v.loss, bound=v.bound, wrong=v.wrong, here=v.here)
                     for v in goal.levels),
        noise=None if goal.noise is None else goal.noise.text, shown=goal.shown,
    )


def population_info(goal: Goal, control: Population) -> results.PopulationInfo:
    """The control."""
    rate = success_rate(goal.learned(control))
    finite = control.final_loss[np.isfinite(control.final_loss)].astype(float)
    spread = np.quantile(finite, [0.05, 0.25, 0.5, 0.75, 0.95]) if len(finite) else [math.nan] * 5
    distinct = {}
    if goal.patterns and "end" in control.readings:
        readings = control.readings["end"]
        distinct = {layer: float(np.median(readings.of("distinct", layer)))
                    for layer in readings.layers}
    return results.PopulationInfo(
        replicas=rate.trials, successes=rate.successes, success_rate=rate.share,
        ci95=(rate.low, rate.high),
        loss=results.LossSpread(
            median=float(spread[2]),
            quantiles=(float(spread[0]), float(spread[1]), float(spread[3]), float(spread[4]))),
        modes=() if goal.undecided else modes_of(goal, control),
        engine=control.engine, strategy=control.strategy,
        seeds=(control.seeds[0], control.seeds[-1]), distinct_by_layer=distinct,
    )


def finding_info(
    finding: Finding, script: Script | None, experiment: Experiment
) -> results.FindingInfo:
    """A fact or a suspicion, with its place; of a fact that no change was tried for, the change."""
    recipe = experiment.recipe
    return results.FindingInfo(
        check=finding.check,
        message=in_torchs_words(finding.message) if recipe.written_for == SPELLING else finding.message,
        evidence=tuple(results.EvidenceInfo(
            quantity=e.quantity, value=float(e.value),
            threshold=None if e.threshold is None else float(e.threshold), unit=e.unit,
            replicas=e.replicas, of=e.of) for e in finding.evidence),
        location=_at(script, recipe.sites.get(finding.site)) if finding.site else None,
        kinds=tuple(sorted(touched(finding.interventions))),
        untried=_untried(finding, script, experiment),
        family=all_checks()[finding.check].family.value,
    )


def names(script: Script | None, recipe: Recipe) -> dict[str, str]:
    """What reports call layers, and a torch script's losses and initialisers, by Keras's names."""
    return own_names(script, recipe) | (LABELS if recipe.written_for == SPELLING else {})


def _untried(
    finding: Finding, script: Script | None, experiment: Experiment
) -> results.Untried | None:
    """The first change that a fact asks for, where none of its changes was tried in any set."""
    tried = {change for arm in experiment.tried for change in arm.changes}
    if finding.certainty is not Certainty.FACT or script is None or tried & {*finding.interventions}:
        return None
    for change in finding.interventions:
        edits = edits_for((change,), script, experiment.recipe)
        if edits and change.label not in experiment.untestable:
            return results.Untried(intervention=change.label, diff=script.diff(script.apply(edits)))
    return None


def findings_info(
    findings: Sequence[Finding], certainty: Certainty, script: Script | None, experiment: Experiment
) -> tuple[results.FindingInfo, ...]:
    """Those of one certainty."""
    return tuple(finding_info(f, script, experiment) for f in findings if f.certainty is certainty)


def arm_info(judged: Judged, experiment: Experiment, script: Script | None) -> results.Arm:
    """One change and its verdict."""
    change, recipe = judged.trial.changes[0], experiment.recipe
    rate, effect = judged.trial.rate, judged.effect
    edits = None if script is None else edits_for((change,), script, recipe)
    control = success_rate(judged.trial.control)
    return results.Arm(
        intervention=change.label, title=_title(judged), kind=change.kind,
        checks=judged.trial.checks or (intervention_name(change),),
        verdict=judged.verdict, replicas=effect.pairs, successes=rate.successes,
        success_rate=rate.share, difference=effect.difference, ci95=(effect.low, effect.high),
        rescued=effect.rescued, broken=effect.broken, p=effect.p_value, p_holm=judged.p_holm,
        control_rate=control.share, location=_place(change, edits, script, recipe),
        edits=_edit_info(edits), company=judged.company, to_decide=judged.to_decide,
        added_parameters=added_parameters(experiment, (change,)),
        change=(stored((change,)) or (None,))[0], fresh=judged.trial.fresh,
    )


def repair_info(
    cure: Cure, judged: Sequence[Judged], experiment: Experiment, script: Script | None,
    beside: Changes = (),
) -> results.Repair:
    """A set of changes that cures, as edits where they can be written.

    `beside` are changes that no training shows, written with it where that can be done.
    """
    changes = tuple(sorted(cure.arm.changes, key=lambda c: (c.site, c.label)))
    edits, watched = (None, ()) if script is None else _edits_beside(
        changes, beside, script, experiment.recipe)
    added = added_parameters(experiment, changes)
    updates = experiment.whole(cure.arm).updates
    small = experiment.goal.keeps_outputs and experiment.goal.judged_rows <= SMALL_TABLE
    typical = 0
    if cure.proof is not None:
        losses = cure.proof.final_loss.astype(np.float64)
        typical = int(np.argmin(np.abs(losses - np.median(losses))))
    return results.Repair(
        interventions=tuple(c.label for c in changes), kinds=tuple(c.kind for c in changes),
        success_rate=cure.rate.share, ci95=(cure.rate.low, cure.rate.high),
        replicas=cure.rate.trials, successes=cure.rate.successes,
        applicability="display" if edits is None else
        "safe" if same_network(experiment, cure.arm) else "unsafe",
        edits=_edit_info(edits),
        diff="" if edits is None or script is None else script.diff(script.apply(edits)),
        cost=float(sum(c.cost + c.oddity for c in changes)), added_parameters=added,
        updates=updates,
        touches=tuple(sorted(touched(changes))),
        put_back=put_back_info(cure, changes, judged),
        outputs=table(cure.proof.outputs, typical) if small and cure.proof is not None else (),
        codes=table(cure.proof.codes, typical) if small and cure.proof is not None else (),
        changes=stored((*changes, *watched)), beside=tuple(change.label for change in watched),
        code_width=_code_widths(experiment, cure.arm), whole=cure.whole,
    )


def _code_widths(experiment: Experiment, arm: Arm) -> tuple[int, int] | None:
    """The width of an autoencoder's code without and with an arm; `None` where it stays as it is."""
    if not (experiment.goal.is_autoencoder or experiment.goal.noise is not None):
        return None
    try:
        code = code_layer(experiment.recipe)
    except NotSupported:
        return None
    was, now = (next((layer.output_shape[-1] for layer in recipe.layers if layer.name == code), None)
                for recipe in (experiment.recipe, experiment.whole(arm)))
    return None if was is None or now is None or was == now else (was, now)


def untrained(findings: Sequence[Finding]) -> Changes:
    """The changes that findings ask for and that no training shows: what is watched meanwhile."""
    return tuple(dict.fromkeys(
        change for finding in findings for change in finding.interventions if change.kind == "metric"))


def _edits_beside(
    changes: Changes, beside: Changes, script: Script, recipe: Recipe
) -> tuple[tuple[Edit, ...] | None, Changes]:
    """The edits of a repair, with as many of the changes beside it as go with it, and those."""
    taken, edits = changes, edits_for(changes, script, recipe)
    for change in beside if edits is not None else ():
        more = edits_for((*taken, change), script, recipe)
        if more is not None:
            taken, edits = (*taken, change), more
    return None if edits is None else formatted(script, edits), taken[len(changes):]


def put_back_info(
    cure: Cure, changes: Changes, judged: Sequence[Judged]
) -> tuple[results.PutBack | None, ...]:
    """What a cure loses without each of these changes; empty for a single one."""
    corrected = {back: p for j in judged for back, p in j.put_backs}
    known = {back.change: back for back in cure.put_backs}
    found: list[results.PutBack | None] = []
    for change in changes if len(changes) > 1 else ():
        back = known.get(change)
        if back is None:
            found.append(None)
            continue
        effect, p_holm = back.effect, corrected.get(back, 1.0)
        found.append(results.PutBack(
            replicas=effect.pairs, whole=float(back.whole.mean()), without=float(back.without.mean()),
            scores=back.scores,
            ci95=(effect.low, effect.high), p=effect.p_value, p_holm=p_holm,
            needed=is_needed(back, p_holm)))
    return tuple(found)


def code_map(
    goal: Goal, control: Population, cures: Sequence[Cure]
) -> results.CodeMap | None:
    """Codes of many inputs before and after the first repair; `None` where a table shows them."""
    if control.codes is None or control.code_layer is None or goal.keeps_outputs:
        return None
    proof = next((c.proof for c in cures if c.rate.share >= 0.5), None)
    before, held = _plane(control)
    after, more = ((), 0.0) if proof is None or proof.codes is None else _plane(proof)
    if not before:
        return None
    rows = np.unique(np.linspace(0, goal.judged_rows - 1, control.codes.shape[1]).astype(int))
    return results.CodeMap(layer=control.code_layer, rows=tuple(int(row) for row in rows),
                           along=_along(goal.flat_inputs[rows]), before=before, after=after,
                           held=(held, more) if after else (held,))


def _plane(population: Population) -> tuple[results.Table, float]:
    """The codes of the replica of median loss in their two principal components."""
    assert population.codes is not None
    losses = population.final_loss.astype(np.float64)
    if not np.isfinite(losses).any():
        return (), 0.0
    usual = int(np.nanargmin(np.abs(losses - np.nanmedian(losses[np.isfinite(losses)]))))
    codes = population.codes[usual].reshape(population.codes.shape[1], -1).astype(np.float64)
    if not np.isfinite(codes).all():
        return (), 0.0
    centred = codes - codes.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(codes), 2))
    points[:, : min(2, len(sizes))] = (left * sizes)[:, :2]
    squares = sizes**2
    held = float(squares[:2].sum() / squares.sum()) if squares.sum() else 0.0
    return tuple(tuple(float(f"{value:.4g}") for value in point) for point in points), held


def _along(inputs: NDArray[Any]) -> tuple[float, ...]:
    """Ranks of rows along their first principal component, from 0 to 1."""
    known = np.nan_to_num(inputs.astype(np.float64))
    known -= known.mean(0)
    places = np.linalg.eigh(known @ known.T)[1][:, -1]  # cheap for rows of many numbers
    order = np.argsort(np.argsort(places, kind="stable"))
    return tuple(round(float(place), 3) for place in order / max(1, len(order) - 1))


def added_parameters(experiment: Experiment, changes: Changes) -> int:
    """Parameters that these changes add to the network (negative where they take some away)."""
    arm = experiment.arm(changes)
    if arm is None or not changes:
        return 0
    try:
        return arm.recipe.parameters - experiment.recipe.parameters
    except (NotSupported, ValueError):
        return 0


def not_tested(
    experiment: Experiment, skipped: dict[str, str], candidates: Sequence[Candidate]
) -> tuple[results.NotTested, ...]:
    """What could not be tried, and why; layers of a stack by themselves are told as one."""
    everything = {**experiment.untestable, **skipped}
    checks, kinds = all_checks(), {c.change.label: c.change.kind for c in candidates}
    told = [
        results.NotTested(what=what, reason=why, about=kinds.get(what),
                          kind="check" if what in checks else "intervention")
        for what, why in everything.items()
    ]
    repeated = stacks(experiment.recipe.architecture) if candidates else ()
    return (*told, *(results.NotTested(
        what=f"each of {stack.told}: width, activation, removal",
        reason="layers that repeat one another are changed together") for stack in repeated))


def budget_info(experiment: Experiment, parts: dict[str, float]) -> results.Budget:
    """What was given and what was spent."""
    return results.Budget(given=experiment.budget.text, spent=experiment.spent,
                          trainings=experiment.trainings, steps=experiment.steps, seconds_by_part=parts,
                          sets=sum(len(arm.changes) > 1 for arm in experiment.tried))


def rows_and_targets(goal: Goal) -> tuple[results.Table, results.Table]:
    """The distinct inputs and their targets, for small data."""
    if not goal.keeps_outputs or goal.judged_rows > SMALL_TABLE:
        return (), ()
    inputs = tuple(tuple(float(v) for v in row) for row in goal.flat_inputs)
    flat = goal.task.targets.reshape(goal.judged_rows, -1)
    return inputs, tuple(tuple(float(v) for v in row) for row in flat)


def intervention_name(change: Intervention) -> str:
    """The name of the file that defines a change."""
    by_class = {cls: name for name, cls in all_interventions().items()}
    return by_class[type(change)]


def _title(judged: Judged) -> str:
    for name in judged.trial.checks:
        check = all_checks().get(name)
        if check is not None:
            first = check.manual().strip().split("\n\n")[0]
            return " ".join(first.split()).rstrip(".")
    return judged.trial.changes[0].label


def _place(
    change: Intervention, edits: tuple[Edit, ...] | None, script: Script | None, recipe: Recipe
) -> results.Location | None:
    """The very words that the change replaces, where they are one; else the part it belongs to."""
    replaced = [e for e in edits or () if e.end > e.start]
    if script is not None and len(replaced) == 1:
        found = _span_of(script, replaced[0].start, replaced[0].end)
        if found.line == found.end_line:
            return _at(script, found)
    return _at(script, recipe.sites.get(change.site))


def _span_of(script: Script, start: int, end: int) -> Span:
    data = script.text.encode()
    def place(offset: int) -> tuple[int, int]:
        before = data[:offset]
        return before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1)
    return Span(*place(start), *place(end))


def _at(script: Script | None, span: Span | None) -> results.Location | None:
    """A span in bytes as a location in characters, counted from 1."""
    if script is None or span is None:
        return None
    first, last = script.line(span.line), script.line(span.end_line)
    return results.Location(
        line=span.line, column=len(first.encode()[: span.column].decode(errors="ignore")) + 1,
        end_line=span.end_line,
        end_column=len(last.encode()[: span.end_column].decode(errors="ignore")) + 1,
        source=first.rstrip("\r\n"),
    )


def _edit_info(edits: tuple[Edit, ...] | None) -> tuple[results.EditInfo, ...] | None:
    if edits is None:
        return None
    return tuple(results.EditInfo(start=e.start, end=e.end, replacement=e.replacement)
                 for e in edits)


