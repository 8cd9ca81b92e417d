"""The search on a laboratory whose networks are a truth table, so that nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import keras
import numpy as np
import pytest

from recipes import dense, two_bits
from recipes import recipe as make_recipe
from unstuck.checks import Certainty, Finding, all_checks
from unstuck.goal import make_goal
from unstuck.interventions import Intervention
from unstuck.interventions.activation import Activation
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.placebo import Placebo
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.widths import Widths
from unstuck.network.optimizer import Optimizer
from unstuck.population.native_engine.engine import WIDEST_BLOCK
from unstuck.population.population import Engine, Population
from unstuck.search import candidates
from unstuck.search.budget import Budget, BudgetSpent
from unstuck.search.candidates import Candidate, likeliest
from unstuck.search.costs import too_wide
from unstuck.search.experiment import FRESH, Experiment
from unstuck.search.looks import Looks
from unstuck.search.proof import PROOF, Cure, Proofs
from unstuck.search.search import Search


@dataclass(frozen=True, kw_only=True)
class Switch(Intervention):
    """A change that does nothing but be there: it adds its mark to the recipe."""

    kind: ClassVar[str] = "other"
    cost: ClassVar[float] = 1
    name: str

    @property
    def label(self):
        return self.name

    @property
    def conflicts(self):
        return frozenset({self.name})

    def apply(self, recipe):
        return replace(recipe, left_out=(*recipe.left_out, self.name),
                       order_salt=recipe.order_salt + 2 ** (3 + ord(self.name[-1]) - ord("a")))

    def edit(self, script, before, after):
        return None


class TruthTable(Engine):
    """Replicas learn by a rule on the marks of their recipe, and on luck that belongs to the seed."""

    name = "table"

    def __init__(self, rule, score=None):
        self.rule, self.score, self.trained = rule, score, 0

    def refuses(self, recipe):
        return None

    def train(self, recipe, seeds, yardstick, **_):
        self.trained += len(seeds)
        luck = np.random.default_rng(5).uniform(size=4096)[np.asarray(seeds) % 4096]
        long = {"long"} if recipe.epochs >= 80 else {"longer"} if recipe.epochs >= 20 else set()
        learned = luck < self.rule(frozenset({*recipe.left_out, *long}))
        reached = 1.0 if self.score is None else self.score(frozenset(recipe.left_out))
        score = np.repeat(np.where(learned, reached, 0.5)[:, None], 3, axis=1)
        loss = np.where(learned, 0.0, 0.5).astype(np.float32)
        return Population(seeds=tuple(seeds), loss=loss[:, None], final_loss=loss, score=score,
                          engine="table", strategy="", block=64, seconds=1e-4 * len(seeds))


def search(monkeypatch, rule, *, names="abcdef", strong=None, singles_only=False, budget="60s",
           certain="", more=(), score=None, plain=None):
    engine = TruthTable(rule, score)
    for place in ("experiment", "pace"):
        monkeypatch.setattr(f"unstuck.search.{place}.engine_for", lambda *_, **__: (engine, None))
    switches = [Switch(name=name) for name in names]
    monkeypatch.setattr("unstuck.search.search.strong_sets",
                        lambda *_, **__: [tuple(switches if strong is None else strong)])
    recipe = two_bits(8, balanced=True)
    goal = make_goal(recipe)
    if plain is not None:  # the data is no measure of itself, and plain methods come so far
        goal = replace(goal, patterns=False, ceiling=plain, threshold=0.5 + 0.9 * (plain - 0.5))
    experiment = Experiment(recipe, goal, budget=Budget.parse(budget))
    experiment.run(experiment.control, 64, probes=True)
    found = Search(experiment, [Candidate(change=s, checks=("sure",) * (s.name in certain),
                                          certain=s.name in certain, stated=s.name in certain)
                                for s in switches]
                   + [Candidate(change=change) for change in more],
                   singles_only=singles_only)
    found.run(sick=experiment.control.rate < 0.95)
    return found


def repairs(found):
    return [{c.label for c in cure.arm.changes} for cure in found.proofs.cures]


def verdicts(found):
    return {j.trial.changes[0].label: j.verdict for j in found.verdicts.judged()}


@pytest.mark.parametrize(("plainly", "others"), [(0.0, "no effect alone"), (0.3, "acquitted")])
def test_a_single_cause_is_found_and_all_else_had_no_effect(monkeypatch, plainly, others):
    found = search(monkeypatch, lambda marks: 1.0 if "c" in marks else plainly)
    assert repairs(found)[0] == {"c"}
    said = verdicts(found)
    assert said.pop("c") == "cause"
    assert set(said.values()) == {others}


def test_without_a_cure_and_where_nothing_learns_nothing_is_acquitted(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.0)
    assert found.proofs.cures == []
    assert "acquitted" not in verdicts(found).values()


@pytest.mark.parametrize("needed", [{"b", "e"}, {"a", "c", "f"}, {"a", "b", "d", "e"}])
def test_causes_that_hide_each_other_are_found_together(monkeypatch, needed):
    found = search(monkeypatch, lambda marks: 1.0 if needed <= marks else 0.0)
    assert repairs(found)[0] == needed
    said = verdicts(found)
    assert {name for name, verdict in said.items() if verdict == "needs company"} == needed
    cure = found.proofs.cures[0]
    assert {back.change.label for back in cure.put_backs} == needed
    assert all(back.effect.difference == 1.0 for back in cure.put_backs)
    fresh = [found.experiment._seed + FRESH + n for n in range(len(cure.put_backs[0].whole))]
    assert list(cure.proof.seeds[:len(fresh)]) == fresh, "no search has seen what proves the need"


def test_a_change_that_a_cure_turns_out_not_to_need_leaves_it(monkeypatch):
    found = search(monkeypatch, lambda m: 1.0 if {"a", "b"} <= m else 0.0)
    a, b, c = (Switch(name=name) for name in "abc")
    proofs = Proofs(found.experiment, found.ranking, lambda: 64)
    arm = found.experiment.run(found.experiment.arm((a, b, c)), 64)
    proofs._keep(Cure(arm=arm))
    (cure,) = proofs.cures
    assert {change.label for change in cure.arm.changes} == {"a", "b"}
    assert {back.change.label for back in cure.put_backs} == {"a", "b"}
    assert cure.rate.trials == PROOF


def test_what_a_cure_needs_is_kept_when_the_budget_ends_among_it(monkeypatch):
    found = search(monkeypatch, lambda m: 1.0 if {"a", "b"} <= m else 0.0)
    proofs = Proofs(found.experiment, found.ranking, lambda: 64)
    arm = found.experiment.run(found.experiment.arm((Switch(name="a"), Switch(name="b"))), 64)
    real, asked = found.experiment.fresh, []

    def fresh(arm, replicas, **given):
        asked.append(arm)
        if len(asked) == 3:
            raise BudgetSpent
        return real(arm, replicas, **given)

    monkeypatch.setattr(found.experiment, "fresh", fresh)
    with pytest.raises(BudgetSpent):
        proofs._keep(Cure(arm=arm))
    assert len(proofs.cures) == 1
    assert len(proofs.cures[0].put_backs) == 1


def test_with_single_changes_only_they_stay_hidden(monkeypatch):
    found = search(monkeypatch, lambda marks: 1.0 if {"b", "e"} <= marks else 0.0,
                   singles_only=True)
    assert found.proofs.cures == []


def test_the_smaller_of_two_sufficient_sets_comes_first(monkeypatch):
    found = search(monkeypatch, lambda m: 1.0 if "d" in m or {"a", "b"} <= m else 0.0)
    assert repairs(found)[0] == {"d"}


def test_a_pair_that_no_strong_arm_holds_is_found(monkeypatch):
    found = search(monkeypatch, lambda m: 1.0 if {"a", "b"} <= m else 0.0, strong=[Switch(name="f")])
    assert repairs(found)[0] == {"a", "b"}


def test_the_placebo_never_goes_with_anything(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.6)
    placebos = [arm for arm in found.experiment.tried if arm.is_placebo]
    assert [len(arm.changes) for arm in placebos] == [1]
    assert placebos[0].rate > 0.5


def test_inputs_and_targets_are_scaled_at_once_where_checks_ask_for_both(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.0)
    scales = [Candidate(change=ScaleInputs(), checks=("unscaled-inputs",)),
              Candidate(change=ScaleTargets(), checks=("unscaled-targets",))]
    looked = []
    monkeypatch.setattr(found.experiment, "arm", lambda changes: changes)
    monkeypatch.setattr(found.looks, "at", lambda arms: looked.append(list(arms)) or [["an arm"]])
    assert found._scales(scales) == ["an arm"]
    linear = Activation.of(found.experiment.recipe, "dense_2", "linear")
    assert looked == [[(linear, ScaleInputs(), ScaleTargets())]], "which scaled targets ask for"
    assert found._scales(scales[:1]) == []
    assert len(looked) == 1


def test_the_first_wish_of_each_check_comes_before_the_second_of_any(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.0, singles_only=True)
    a, b, c, d, e = (Switch(name=name) for name in "ghijk")
    found.candidates = [
        Candidate(change=a, checks=("one",)), Candidate(change=b, checks=("one",)),
        Candidate(change=c, checks=("one", "two")), Candidate(change=d),
        Candidate(change=e, checks=("one",), certain=True)]
    monkeypatch.setattr("unstuck.search.costs.Costs.dear", True)
    raced = []
    monkeypatch.setattr(found, "_race", lambda changes: raced.extend(changes))
    found._seek()
    assert list(dict.fromkeys(raced)) == [e, c, a, b, d]


def test_a_check_with_few_wishes_knows_better_than_one_with_many(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.0, singles_only=True)
    a, b, c = (Switch(name=name) for name in "ghi")
    found.candidates = [Candidate(change=a, checks=("vague",)), Candidate(change=b, checks=("vague",)),
                        Candidate(change=c, checks=("sure",))]
    assert [candidate.change for candidate in likeliest(found.candidates)] == [c, a, b]


def test_a_cause_comes_before_what_it_explains(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.0, singles_only=True)
    a, b, c = (Switch(name=name) for name in "ghi")
    found.candidates = [Candidate(change=a, checks=("dead-relu",)),
                        Candidate(change=b, checks=("narrow-layer", "dead-relu")),
                        Candidate(change=c, checks=("posterior-collapse",))]
    assert next(iter(likeliest(found.candidates))).change == c
    found.candidates = found.candidates[:2]
    assert [one.change for one in likeliest(found.candidates)] == [b, a]  # two checks ask for b
    for name, check in all_checks().items():
        assert not {name} & {*check.explains}
        assert {*check.explains} <= all_checks().keys()


def test_where_a_look_is_dear_the_likeliest_comes_before_the_placebo(monkeypatch):
    order = []
    monkeypatch.setattr("unstuck.search.looks.Looks.are_dear", True)
    looks = Looks.at
    monkeypatch.setattr("unstuck.search.looks.Looks.at", lambda self, arms, **given: (
        order.append([arm.is_placebo for arm in few]) or few
        for few in looks(self, arms, **given)))
    found = search(monkeypatch, lambda marks: 1.0 if "c" in marks else 0.0)
    assert repairs(found)[0] == {"c"}
    assert order[0] == [True]  # nothing was suspected
    order.clear()
    found = search(monkeypatch, lambda marks: 1.0 if "c" in marks else 0.0, certain="c")
    assert order[:2] == [[False], [True]]


def test_only_what_nearly_cures_is_extended(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.0, singles_only=True)
    sets = len(found.experiment.tried)
    assert not found._extend(found._singles)
    assert len(found.experiment.tried) == sets


def test_nothing_helps_and_nothing_is_claimed(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.1)
    assert found.proofs.cures == []
    assert set(verdicts(found).values()) == {"acquitted"}


def test_what_makes_it_worse_is_called_harmful(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.0 if "a" in marks else 0.5)
    assert verdicts(found)["a"] == "harmful"


def test_a_repair_is_measured_on_seeds_that_no_search_has_seen(monkeypatch):
    found = search(monkeypatch, lambda marks: 1.0 if "c" in marks else 0.0)
    cure = found.proofs.cures[0]
    assert set(cure.proof.seeds).isdisjoint(cure.arm.population.seeds)
    assert set(cure.proof.seeds).isdisjoint(found.experiment.control.population.seeds)


def test_a_budget_of_trainings_is_kept(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.0, budget="400runs")
    assert found.experiment.trainings <= 400


def test_the_placebo_runs_in_every_search(monkeypatch):
    for rate in (0.1, 1.0):
        found = search(monkeypatch, lambda marks, rate=rate: rate)
        assert any(isinstance(arm.changes[0], Placebo) for arm in found.experiment.tried)


def test_sets_of_changes_are_never_tried_when_they_set_the_same_thing():
    recipe = two_bits(8, balanced=True)
    goal = make_goal(recipe)
    for changes in candidates.strong_sets(recipe, goal, [], most=lambda batch: 10**6):
        slots = [slot for change in changes for slot in change.conflicts]
        assert len(slots) == len(set(slots))


@pytest.mark.parametrize(("settings", "kind"), [
    ({"learning_rate": 1e-5}, "learning_rate"),
    ({"learning_rate": 1e-5, "epsilon": 1.0}, "optimizer"),
])
def test_an_adam_that_has_but_another_rate_gets_another_rate(
    settings: dict[str, float], kind: str
) -> None:
    own = replace(two_bits(8, balanced=True), optimizer=Optimizer.named("Adam", **settings))
    sets = candidates.strong_sets(own, make_goal(own), [], most=lambda batch: 10**6)
    kinds = {change.kind for changes in sets for change in changes}
    assert kinds & {"learning_rate", "optimizer"} == {kind}


def test_what_the_budget_cut_short_is_tried_for_longer(monkeypatch):
    found = search(monkeypatch, lambda marks: 1.0 if {"a", "long"} <= marks else 0.0, strong=[
        Switch(name="a"), Switch(name="b"), Epochs(value=20, was=12)])
    assert repairs(found)[0] == {"a", "epochs 12 → 80"}


def test_a_longer_training_that_nearly_cures_is_made_longer_still(monkeypatch):
    rates = {"longer": 0.6, "long": 1.0}
    found = search(monkeypatch, lambda marks: max((rates.get(m, 0.0) for m in marks), default=0.0),
                   names="ab", more=[Epochs(value=20, was=12)])
    assert repairs(found)[0] == {"epochs 12 → 80"}


def test_large_batches_are_made_smaller_where_updates_are_few():
    rows = np.random.default_rng(0).normal(size=(2000, 2)).astype("float32")
    large = replace(two_bits(8), x=rows, y=np.abs(rows.clip(-1, 1)), batch_size=1000, epochs=2,
                    validation_split=0.0)
    goal = make_goal(large)
    for most, epochs in ((10**6, 50), (200, 4)):
        for changes in candidates.strong_sets(large, goal, [], most=lambda batch, most=most: most):
            said = [change.label for change in changes]
            assert "batch size 1000 → 32" in said
            assert f"epochs 2 → {epochs}" in said
    usual = replace(large, batch_size=32)
    sets = candidates.strong_sets(usual, goal, [], most=lambda batch: 10**6)
    assert not [change for changes in sets for change in changes if change.kind == "batch_size"]
    # As long as the script trains come before longer ones, two at a time.
    longer = ["epochs 2 → 50" in [change.label for change in changes] for changes in sets]
    assert longer == [False, False, True, True] * 2


def test_what_checks_ask_for_is_tried_without_more_epochs_first():
    rows = np.random.default_rng(0).normal(size=(2000, 2)).astype("float32")
    usual = replace(two_bits(8), x=rows, y=np.abs(rows.clip(-1, 1)), epochs=2, validation_split=0.0)
    longer, width = Epochs(value=20, was=2), Widths.of(usual, at_least=32)
    asked = [candidates.Candidate(change=change, checks=("some-check",)) for change in (
        longer, width, LearningRate.of(usual, 0.03))]
    goal = make_goal(usual)
    first, second, *_ = candidates.strong_sets(usual, goal, asked, most=lambda batch: 10**6)
    assert longer not in first
    assert set(second) - set(first) == {longer}
    short = replace(usual, batch_size=1000)
    first, *_ = candidates.strong_sets(short, goal, asked, most=lambda batch: 10**6)
    assert longer in first


def test_what_only_describes_a_failure_makes_no_wish_certain():
    recipe = two_bits(8)
    change = LearningRate.of(recipe, 0.03)
    for check, certain in (("constant-output", False), ("unscaled-inputs", True)):
        fact = Finding(check=check, message="", certainty=Certainty.FACT, interventions=(change,))
        found = candidates.singles(recipe, make_goal(recipe), [fact])
        assert [(one.certain, one.stated) for one in found if one.change == change] == [(certain, True)]


def test_classes_that_lack_outputs_get_them_with_everything_else():
    x = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    sick = make_recipe(model, x, np.arange(60) % 4)
    goal = make_goal(sick)
    outputs = "4 softmax outputs with sparse_categorical_crossentropy"
    for changes in candidates.strong_sets(sick, goal, [], most=lambda batch: 10**6):
        assert outputs in [change.label for change in changes]
    assert outputs in [c.change.label for c in candidates.singles(sick, goal, ())]


def test_a_very_wide_network_is_trained_one_by_one_within_a_short_budget(monkeypatch):
    recipe = two_bits(8)
    goal = make_goal(recipe)
    assert Experiment(recipe, goal, budget=Budget.parse("60s")).first == WIDEST_BLOCK
    monkeypatch.setattr("unstuck.search.costs.NATIVE_PACE", 1.0)
    experiment = Experiment(recipe, goal, budget=Budget.parse("60s"))
    assert experiment.first == 1
    experiment.run(experiment.control, 2)
    assert experiment.control.population.engine == "keras"
    assert "28 parameters is better trained a few times one by one" in experiment.engine_note
    assert Experiment(recipe, goal, budget=Budget.parse("400runs")).first == WIDEST_BLOCK


def test_a_recurrent_network_has_a_pace_of_its_own(monkeypatch):
    x = np.zeros((8, 4, 1), np.float32)
    model = keras.Sequential([keras.Input((4, 1)), keras.layers.LSTM(2), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    recipe = make_recipe(model, x, x[:, 0])
    assert not too_wide(recipe, Budget.parse("60s"))
    monkeypatch.setattr("unstuck.search.costs.NATIVE_PACE", 1.0)
    assert not too_wide(recipe, Budget.parse("60s"))
    monkeypatch.setattr("unstuck.search.costs.RECURRENT_PACE", 1.0)
    assert too_wide(recipe, Budget.parse("60s"))


def test_many_weights_and_a_row_at_a_time_wait_for_memory():
    """So many replicas of 298,000 weights side by side move more than any cache holds."""
    rows = np.zeros((1200, 4), np.float32)
    made = make_recipe(dense(512, 512, 1, inputs=4), rows, rows[:, 0], batch_size=1)
    assert too_wide(made, Budget.parse("2m"))
    assert not too_wide(replace(made, batch_size=32), Budget.parse("2m"))
    small = make_recipe(dense(16, 16, 1, inputs=4), rows, rows[:, 0], batch_size=1)
    assert not too_wide(small, Budget.parse("2m"))


def test_smaller_batches_are_dearer_but_not_by_as_much_as_there_are_more_of_them(monkeypatch):
    found = search(monkeypatch, lambda marks: 0.0, names="a")
    experiment = found.experiment
    made = experiment.arm((BatchSize.of(experiment.recipe, 2),))
    more = experiment.arm((Epochs.of(experiment.recipe, 4 * experiment.recipe.epochs),))
    base = experiment.costs.of(experiment.control, 64)
    known = experiment.costs.compilation
    assert experiment.costs.of(more, 64) - known == pytest.approx(4 * base)
    assert base < experiment.costs.of(made, 64) - known < 3 * base


def better_with_both(marks):
    return 0.62 if marks == {"a"} else 0.99 if {"b", "c"} <= marks else 0.6


@pytest.mark.parametrize(("holds", "repair"), [(True, {"b", "c"}), (False, {"a"})])
def test_a_cure_is_held_to_what_a_network_shows_of_the_data(monkeypatch, holds, repair):
    """Plain methods see little here; what comes far beyond them counts if it holds for other rows."""
    monkeypatch.setattr("unstuck.search.search.held_out_score", lambda *_, **__: 0.97 if holds else 0.5)
    found = search(
        monkeypatch, lambda marks: 1.0 if "a" in marks or {"b", "c"} <= marks else 0.0,
        score=better_with_both, plain=0.62, strong=[Switch(name="b"), Switch(name="c")])
    assert repairs(found)[0] == repair
    goal = found.experiment.goal
    assert goal.ceiling == (0.97 if holds else 0.62)
    assert goal.threshold == pytest.approx(0.5 + 0.9 * (goal.ceiling - 0.5))
    assert ("by plain methods alone it would be 0.608" in goal.why) is holds
    # What was trained before is judged by it too.
    assert found.experiment.arm((Switch(name="a"),)).rate == (0.0 if holds else 1.0)


def test_where_plain_methods_do_well_a_cure_is_a_cure(monkeypatch):
    asked = []
    monkeypatch.setattr("unstuck.search.search.held_out_score", lambda *_, **__: asked.append(1))
    found = search(monkeypatch, lambda marks: 1.0 if "a" in marks else 0.0, plain=0.95)
    assert repairs(found)[0] == {"a"}
    assert not asked


def test_a_change_goes_by_the_name_of_the_cause_not_of_what_follows_from_it():
    x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "elu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    recipe = make_recipe(model, x, 1e6 * x.sum(1, keepdims=True), epochs=4)
    change = ScaleTargets()
    asked = [Finding(check=name, message="", certainty=Certainty.SUSPICION, interventions=(change,))
             for name in ("exploding-gradient", "few-updates", "unscaled-targets")]
    found = candidates.singles(recipe, make_goal(recipe, seed=0), asked)
    assert next(c.checks for c in found if c.change == change) == (
        "unscaled-targets", "exploding-gradient", "few-updates")


def test_one_change_that_cures_is_a_repair_beside_those_that_cure_with_more_to_spare(monkeypatch):
    found = search(monkeypatch, lambda marks: 1.0 if marks & {"c"} or {"a", "b"} <= marks else 0.0,
                   plain=0.95, score=lambda marks: 1.0 if {"a", "b"} <= marks else 0.91)
    assert repairs(found)[0] == {"a", "b"}
    assert {"c"} in repairs(found)
    assert all(len(cure.proof.seeds) for cure in found.proofs.cures)
    assert verdicts(found)["c"] == "cause"
    # What holds more than a cure, and has more to spare than it, stays too, behind it.
    found = search(monkeypatch, lambda marks: 1.0 if "c" in marks else 0.0, plain=0.95,
                   score=lambda marks: 1.0 if {"b", "c"} <= marks else 0.91)
    assert repairs(found)[:2] == [{"c"}, {"b", "c"}]


def test_two_cures_that_come_to_be_one_are_told_once(monkeypatch):
    found = search(monkeypatch, lambda m: 1.0 if "a" in m else 0.0)
    proofs = Proofs(found.experiment, found.ranking, lambda: 64)
    a, b = (Switch(name=name) for name in "ab")
    for changes in ((a, b), (a,)):
        proofs._keep(Cure(arm=found.experiment.run(found.experiment.arm(changes), 64)))
    proofs._tidy()
    assert [[c.label for c in cure.arm.changes] for cure in proofs.cures] == [["a"]]


def test_where_trainings_are_counted_a_proof_takes_its_share_of_them(monkeypatch):
    found = search(monkeypatch, lambda m: 1.0 if {"a", "b"} <= m else 0.0, names="ab",
                   budget="1200runs")
    (cure,) = found.proofs.cures
    assert 16 <= cure.rate.trials <= 256
    assert {back.change.label for back in cure.put_backs} == {"a", "b"}
    assert found.experiment.trainings <= 1200


@pytest.mark.parametrize(("place", "shown"), [(0, {"a"}), (1, set())])
def test_that_the_best_cure_needs_its_changes_is_shown_with_what_is_left(monkeypatch, place, shown):
    found = search(monkeypatch, lambda marks: 1.0 if {"a", "b"} <= set(marks) else 0.0, names="ab",
                   budget="1200runs")
    proofs, experiment = found.proofs, found.experiment
    proofs.cures = [replace(proofs.cures[0], put_backs=()) for _ in range(2)]
    experiment.trainings = experiment.budget.trainings - 3
    proofs._shown_needed(place)
    assert {back.change.label for back in proofs.cures[place].put_backs} == shown
