"""Makes sick cases of healthy scripts, one fault in each, in the format that `accuracy.py` counts.

    python benchmarks/injected.py FOLDER [--scripts iris xor …] [--operators learning_rate …]
                                         [--specimens] [--replicas 32]
    python benchmarks/accuracy.py FOLDER

Operators are those of DeepCrime (Humbatova et al. 2021, doi 10.1145/3460319.3464825) as far as they
are one line of a script. Each mutant is trained as a population and judged by the yardstick of the
healthy script: a mutation that lowers nothing is no fault, and its case says that nothing is wrong.
`--specimens` adds the project's own sick and healthy scripts as cases.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

from unstuck.base.errors import UnstuckError
from unstuck.capture import Captured, capture_script, capture_text
from unstuck.goal import Goal, make_goal
from unstuck.interventions import Intervention, edits_for
from unstuck.interventions import _network as network
from unstuck.interventions import _source as source
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.initializers import Initializers
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.loss import Loss
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.width import Width
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engine_for
from unstuck.script import Edit, Script

ROOT = Path(__file__).parent.parent
HEALTHY = ROOT / "specimens" / "healthy"
LOWERED = 0.2
"""A mutation counts as a fault if it lowers the share of replicas that learn by this much."""

Edits = tuple[Edit, ...] | None


@dataclass(frozen=True, kw_only=True)
class Operator:
    """A mutation: the kind of fault it is, the checks that state it as a fact, and its edits."""

    kind: str
    make: Callable[[Script, Recipe], Edits]
    checks: tuple[str, ...] = ()


def changed(change: Callable[[Recipe], Intervention]) -> Callable[[Script, Recipe], Edits]:
    """The edits of an intervention of ours, for the worse."""

    def make(script: Script, recipe: Recipe) -> Edits:
        made = change(recipe)
        made.apply(recipe)
        return edits_for((made,), script, recipe)

    return make


def rate_times(factor: float) -> Callable[[Recipe], Intervention]:
    """Another learning rate."""
    return lambda recipe: LearningRate.of(recipe, (recipe.optimizer.learning_rate or 0) * factor)


def before_fit(code: str) -> Callable[[Script, Recipe], Edits]:
    """A line before `fit`, in which X and Y stand for its arguments."""

    def make(script: Script, recipe: Recipe) -> Edits:
        names = fit_names(script, recipe)
        call = source.method_call(script, recipe, "fit")
        if names is None or call is None:
            return None
        if "Y" in code and recipe.y.ndim > 1 and recipe.y.shape[1] > 1 and "labels" in code:
            return None
        numpy, imports = script.module_alias("numpy", call.span)
        line = code.replace("NP", numpy).replace("X", names[0]).replace("Y", names[1])
        statement = call.insert_statement_before(line)
        return None if statement is None else (*imports, *statement)

    return make


def layer_argument(name: str, code: str) -> Callable[[Script, Recipe], Edits]:
    """An argument of every hidden dense layer."""

    def make(script: Script, recipe: Recipe) -> Edits:
        edits: tuple[Edit, ...] = ()
        for layer in network.hidden_layers(recipe):
            found = source.set_layer_argument(script, recipe, layer, name, code)
            if layer.kind != "Dense" or found is None:
                return None
            edits += found
        return edits or None

    return make


def dropout_behind_hidden(script: Script, recipe: Recipe) -> Edits:
    """Strong dropout behind every hidden layer."""
    edits: tuple[Edit, ...] = ()
    for layer in network.hidden_layers(recipe):
        call = source.layer_call(script, recipe, layer)
        if call is None:
            return None
        name, imports = source.keras_name(script, call, "layers.Dropout")
        found = source.insert_behind(script, recipe, layer, f"{name}(0.95)")
        if found is None:
            return None
        edits += (*imports, *found)
    return edits or None


def clipped(script: Script, recipe: Recipe) -> Edits:
    """SGD whose steps are cut to nearly nothing."""
    call = source.method_call(script, recipe, "compile")
    if call is None:
        return None
    name, imports = source.keras_name(script, call, "optimizers.SGD")
    edits = call.set_argument("optimizer", f"{name}(0.1, momentum=0.9, clipnorm=1e-5)", position=0)
    return None if edits is None else (*imports, *edits)


def narrow(recipe: Recipe) -> Intervention:
    """One unit in the last hidden layer."""
    return Width.of(recipe, network.hidden_layers(recipe)[-1].name, 1)


def other_output(script: Script, recipe: Recipe) -> Edits:
    """An output activation that does not belong to the loss."""
    layer = network.output_activation(recipe)
    return source.set_layer_word(script, recipe, layer, "activation",
                                 "relu" if layer.activation != "linear" else "sigmoid")


OPERATORS: dict[str, Operator] = {
    "rate_too_low": Operator(kind="learning_rate", make=changed(rate_times(1e-4))),
    "rate_too_high": Operator(kind="learning_rate", make=changed(rate_times(1e3))),
    "one_epoch": Operator(kind="epochs", make=changed(lambda r: Epochs.of(r, 1))),
    "batching_disabled": Operator(
        kind="batch_size", make=changed(lambda r: BatchSize.of(r, r.train.rows))),
    "hidden_linear": Operator(
        kind="activation", make=changed(lambda r: HiddenActivations.of(r, "linear"))),
    "hidden_sigmoid": Operator(
        kind="activation", make=changed(lambda r: HiddenActivations.of(r, "sigmoid"))),
    "output_activation": Operator(kind="activation", make=other_output,
                                  checks=("output-cannot-reach-targets",
                                          "loss-does-not-suit-targets")),
    "initializer_zeros": Operator(
        kind="initializer", make=changed(lambda r: Initializers.of(r, "zeros"))),
    "initializer_ones": Operator(
        kind="initializer", make=changed(lambda r: Initializers.of(r, "ones"))),
    "optimizer_adadelta": Operator(kind="optimizer", make=changed(
        lambda r: UseOptimizer(name="Adadelta", learning_rate=1e-3))),
    "optimizer_sgd": Operator(kind="optimizer", make=changed(
        lambda r: UseOptimizer(name="SGD", learning_rate=1e-3))),
    "loss_cosine": Operator(kind="loss", make=changed(lambda r: Loss(value="cosine_similarity"))),
    "clipping": Operator(kind="clipping", make=clipped),
    "dropout": Operator(kind="regularization", make=dropout_behind_hidden),
    "penalty": Operator(kind="regularization",
                        make=layer_argument("kernel_regularizer", '"l1"')),
    "constraint": Operator(kind="regularization",
                           make=layer_argument("kernel_constraint", '"non_neg"')),
    "narrow": Operator(kind="capacity", make=changed(narrow)),
    "frozen": Operator(kind="architecture", make=layer_argument("trainable", "False")),
    "inputs_unscaled": Operator(kind="input_scale", make=before_fit("X = 1000.0 * X + 5000.0")),
    "inputs_noisy": Operator(
        kind="labels", checks=("targets-say-nothing", "noisy-labels"),
        make=before_fit("X = X + 20 * X.std() * NP.random.default_rng(0).normal(size=X.shape)")),
    "labels_shuffled": Operator(
        kind="labels", checks=("targets-say-nothing",),
        make=before_fit("Y = NP.random.default_rng(0).permutation(Y)")),
    "labels_shifted": Operator(
        kind="labels", checks=("targets-say-nothing", "rows-out-of-step"),
        make=before_fit("Y = NP.roll(Y, 1, axis=0)")),
    "rows_sorted": Operator(
        kind="shuffle", checks=("rows-in-order",),
        make=before_fit("X, Y = X[NP.argsort(Y.ravel())], NP.sort(Y.ravel())  # labels")),
}


def fit_names(script: Script, recipe: Recipe) -> tuple[str, str] | None:
    """The names that `fit` is called with for inputs and targets; `None` where they are no names."""
    call = source.method_call(script, recipe, "fit")
    given = () if call is None else (call.argument("x", 0), call.argument("y", 1))
    codes = [part.code for part in given if part is not None and part.code.isidentifier()]
    return (codes[0], codes[1]) if len(codes) == 2 else None


def goal_of(script: Script, recipe: Recipe, goal: Goal) -> dict[str, Any] | None:
    """The yardstick as an expression over the script's own names, for `accuracy.py`."""
    names = fit_names(script, recipe)
    if names is None or len(goal.tasks) > 1 or recipe.loss_config[1].get("from_logits"):
        return None
    x, y = names
    out = f"model.predict({x}, verbose=0)"
    if goal.task.kind == "real":
        how = f"1 - unexplained({y}, {out})"
    elif goal.task.kind == "binary" and goal.task.levels is not None:
        middle = sum(goal.task.levels) / 2
        how = (f"float((({out}.reshape(len({y}), -1) > {middle})"
               f" == (np.asarray({y}).reshape(len({y}), -1) > {middle})).mean())")
    else:
        how = f"accuracy({y}, {out})"
    return {"how": how, "at_least": goal.threshold}


def mutants(
    captured: Captured, name: str, asked: list[str], replicas: int
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each case of a healthy script: its name, its text, its truth."""
    recipe, script = captured.recipe, captured.script
    assert script is not None
    goal = make_goal(recipe)
    expression = goal_of(script, recipe, goal)
    if expression is None:
        return
    healthy = share(recipe, goal, replicas)
    for operator_name in asked:
        operator = OPERATORS[operator_name]
        try:
            edits = operator.make(script, recipe)
            if not edits:
                continue
            text = script.apply(edits).text
            rate = share(capture_text(text).recipe, goal, replicas)
        except (UnstuckError, IndexError, ValueError, AttributeError) as error:
            print(f"{name}-{operator_name}: cannot be made ({str(error).splitlines()[0][:90]})")
            continue
        is_fault = rate <= healthy - LOWERED
        faults = [{"kind": operator.kind, "checks": list(operator.checks)}] if is_fault else []
        print(f"{name}-{operator_name}: {healthy:.0%} → {rate:.0%}"
              f"{'' if is_fault else ', no fault'}", flush=True)
        yield f"{name}-{operator_name}", text, {
            "symptom": f"{name}.py with {operator_name}", "faults": faults, "goal": expression,
            "rate_before": healthy, "rate_after": rate}


def share(recipe: Recipe, goal: Goal, replicas: int) -> float:
    """The share of replicas that learn by a yardstick that need not be the recipe's own."""
    engine, _ = engine_for(recipe)
    return float(goal.learned(engine.train(recipe, range(replicas), goal, probes=False)).mean())


def specimens() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The project's own scripts as cases; a sick one's fault is the check of its name."""
    for path in sorted((ROOT / "specimens").glob("**/*.py")):
        captured = capture_script(path)
        assert captured.script is not None
        expression = goal_of(captured.script, captured.recipe, make_goal(captured.recipe))
        if expression is None:
            continue
        sick = path.parent != HEALTHY
        text = path.read_text(encoding="utf-8")
        checks = [path.stem.replace("_", "-")] if sick else []
        faults = [{"kind": "other", "checks": checks}] if sick else []
        measured = text.splitlines()[1]
        yield f"{'sick' if sick else 'healthy'}-{path.stem}", text, {
            "symptom": measured, "faults": faults, "goal": expression,
            "curable": "; with " in measured}


def main() -> None:
    """Write the cases."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scripts", nargs="*", default=[], help="healthy scripts by name")
    parser.add_argument("--operators", nargs="*", default=[], choices=list(OPERATORS))
    parser.add_argument("--specimens", action="store_true")
    parser.add_argument("--replicas", type=int, default=32)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    written = 0

    def write(name: str, text: str, truth: dict[str, Any]) -> None:
        folder = asked.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "case.py").write_text(text, encoding="utf-8")
        (folder / "truth.json").write_text(json.dumps(truth, indent=1), encoding="utf-8")

    for path in sorted(HEALTHY.glob("*.py")):
        if asked.scripts and path.stem not in asked.scripts:
            continue
        if asked.specimens and not asked.scripts:
            break
        for case in mutants(capture_script(path), path.stem, asked.operators or list(OPERATORS),
                            asked.replicas):
            write(*case)
            written += 1
    if asked.specimens:
        for case in specimens():
            write(*case)
            written += 1
    print(f"{written} cases in {asked.folder}")


if __name__ == "__main__":
    main()
