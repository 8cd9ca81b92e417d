"""Replicas are independent of each other and of how they are computed; what cannot be, is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from unstuck.base.errors import NotSupported
from unstuck.capture import capture_model
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.network.optimizer import Optimizer
from unstuck.network.recipe import Recipe, Units
from unstuck.population.keras_engine import choice as keras_choice
from unstuck.population.keras_engine.choice import BLOCK_BYTES, BLOCK_SECONDS, block_size, choose
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.keras_engine.program import Program, program_key
from unstuck.population.keras_engine.strategies import STRATEGIES, Strategy
from unstuck.population.native_engine.engine import NativeEngine
from unstuck.population.population import Engine, Population

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.random.default_rng(1).normal(size=(20, 2)).astype("float32")


class Rows:
    """A yardstick whose score is the first output of the first row."""

    keeps_outputs = keeps_codes = True
    inputs = X[:4]

    def score(self, recipe: Any, outputs: Any, final_loss: Any) -> Any:
        """One number in three parts."""
        return np.repeat(np.asarray(outputs)[:, 0, :1], 3, axis=1).astype(np.float64)


def made(*inner: keras.Layer, optimizer: Any = "adam", **fit: Any) -> Recipe:
    """A network with a dropout layer."""
    inner = inner or (layers.Dense(4, activation="tanh", name="one"), layers.Dropout(0.5, name="drop"))
    model = keras.Sequential([keras.Input((3,)), *inner, layers.Dense(2, name="last")])
    model.compile(optimizer, "mse")
    return capture_model(model, X, Y, **{"batch_size": 4, "epochs": 2, **fit}).recipe


@pytest.fixture(scope="module")
def engine() -> KerasEngine:
    """One engine, so that its compiled programs are shared."""
    return KerasEngine()


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """One recipe, so that its compiled program is shared."""
    return made(validation_split=0.2)


def train(engine: KerasEngine, recipe: Recipe, seeds: Any, **more: Any) -> Population:
    return engine.train(recipe, list(seeds), Rows(), keep_weights=True, **more)


def assert_same(one: Population, two: Population) -> None:
    """Bit for bit."""
    for name in ("loss", "val_loss", "final_loss", "score", "outputs"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)
    assert one.weights is not None
    assert two.weights is not None
    for path, value in one.weights.items():
        np.testing.assert_array_equal(value, two.weights[path], err_msg=path)
    for moment, readings in one.readings.items():
        for probe in ("dead", "distinct", "gradient_norm", "weight_norm", "spread"):
            np.testing.assert_array_equal(
                getattr(readings, probe), getattr(two.readings[moment], probe))


def test_one_call_or_two_make_the_same_population(engine: KerasEngine, recipe: Recipe) -> None:
    whole = train(engine, recipe, range(128))
    halves = train(engine, recipe, range(64)).joined(train(engine, recipe, range(64, 128)))
    odd = train(engine, recipe, range(37)).joined(train(engine, recipe, range(37, 128)))
    assert_same(whole, halves)
    assert_same(whole, odd)
    assert whole.seeds == odd.seeds == tuple(range(128))
    assert len(np.unique(whole.final_loss)) == 128


def test_the_same_seeds_make_the_same_population_again(engine: KerasEngine) -> None:
    again = KerasEngine()
    assert_same(train(engine, made(), [8, 3]), train(again, made(), [8, 3]))


def test_masks_differ_between_replicas_and_between_layers() -> None:
    # Rate 0, equal weights, equal order: only the masks are left to tell replicas apart.
    recipe = made(layers.Dropout(0.5, name="a"), layers.Dropout(0.5, name="b"),
                  optimizer=keras.optimizers.SGD(0.0), epochs=1)
    program = Program(recipe)
    state = program.initial_state(recipe, [1], None)
    start = {path: np.repeat(value, 24, 0) for path, value in
             zip(program.paths, [*state[0], *state[1]], strict=True) if "seed_" not in path}
    order = np.tile(np.arange(20, dtype=np.int32), (24, 1, 1))
    population = KerasEngine().train(recipe, range(24), Rows(), start=start, order=order)
    assert len(np.unique(population.loss)) == 24
    assert len(np.unique(population.final_loss)) == 1
    # Two layers with one mask would let half of the inputs through, not a quarter.
    seeds = [value for path, value in zip(program.paths[2:], state[1], strict=True)
             if "seed_" in path]
    assert (seeds[0] != seeds[1]).any()


def test_a_replica_that_diverges_leaves_the_others_alone(
    engine: KerasEngine, recipe: Recipe
) -> None:
    healthy = train(engine, recipe, range(6))
    program = Program(recipe)
    state = program.initial_state(recipe, range(6), None)
    start = dict(zip(program.paths, [*state[0], *state[1]], strict=True))
    start["one/kernel"][2, 0, 0] = np.nan
    population = train(engine, recipe, range(6), start=start)
    assert population.diverged.tolist() == [False, False, True, False, False, False]
    keep = np.array([0, 1, 3, 4, 5])
    np.testing.assert_array_equal(population.loss[keep], healthy.loss[keep])
    np.testing.assert_array_equal(population.final_loss[keep], healthy.final_loss[keep])
    assert np.isnan(population.loss[2]).all()


def test_every_strategy_makes_the_same_replicas() -> None:
    recipe = made(validation_split=0.2, epochs=3)
    one, two, three = (train(KerasEngine(strategy=name), recipe, range(5)) for name in STRATEGIES)
    for other in (two, three):
        np.testing.assert_allclose(one.loss, other.loss, rtol=1e-5)
        np.testing.assert_allclose(one.val_loss, other.val_loss, rtol=1e-5)
        np.testing.assert_allclose(one.final_loss, other.final_loss, rtol=1e-5)
        np.testing.assert_allclose(one.outputs, other.outputs, rtol=1e-4, atol=1e-6)
        for moment in ("start", "end"):
            np.testing.assert_allclose(one.readings[moment].gradient_norm,
                                       other.readings[moment].gradient_norm, rtol=1e-4)
    assert len({p.strategy for p in (one, two, three)}) == 3


SHARED = {
    "rate": lambda r: r.with_optimizer(learning_rate=0.1),
    "epochs": lambda r: replace(r, epochs=5),
    "salt": lambda r: replace(r, order_salt=7),
    "inputs": lambda r: replace(r, x=r.x + 1),
    "targets": lambda r: replace(r, y=2 * r.y),
}


@pytest.mark.parametrize("change", SHARED.values(), ids=SHARED)
def test_numbers_alone_share_a_program(
    engine: KerasEngine, recipe: Recipe, change: Any
) -> None:
    assert program_key(change(recipe)) == program_key(recipe)
    before = train(engine, recipe, range(3))
    shared = train(engine, change(recipe), range(3))
    assert shared.compile_seconds == 0
    assert shared.loss.shape != before.loss.shape or (shared.loss != before.loss).any()


def test_optimizers_of_one_kind_share_a_program(recipe: Recipe) -> None:
    """Keras numbers their names in a process: "adam", "adam_1", …"""
    slow, fast = (replace(recipe, optimizer=Optimizer.named("Adam", learning_rate=rate))
                  for rate in (0.001, 0.01))
    again = replace(recipe, optimizer=Optimizer.named("Adam"))
    assert program_key(slow) == program_key(fast)
    assert slow.signature == again.signature != fast.signature


def test_a_shared_program_trains_each_recipe_as_it_is(engine: KerasEngine, recipe: Recipe) -> None:
    for change in SHARED.values():
        recipe = change(recipe)
    assert_same(train(engine, recipe, range(3)), train(KerasEngine(), recipe, range(3)))


@pytest.mark.parametrize("change", [
    lambda r: r.with_layer("one", activation="relu"),
    lambda r: r.without_layer("drop"),
    lambda r: r.with_optimizer(beta_1=0.5),
    lambda r: replace(r, optimizer=Optimizer.named("Nadam")),
    lambda r: replace(r, loss="mae"),
    lambda r: replace(r, loss=keras.losses.Huber(0.5)),
    lambda r: replace(r, loss_weights=[3.0]),
    lambda r: replace(r, batch_size=5),
    lambda r: replace(r, validation_split=0.0),
    lambda r: replace(r, sample_weight=np.linspace(0, 1, 20, dtype="float32")),
    lambda r: replace(r, class_weight={0: 2.0}),
    lambda r: replace(r, metrics=["mae"]),
    lambda r: replace(r, weighted_metrics=["mae"]),
])
def test_another_structure_is_another_program(recipe: Recipe, change: Any) -> None:
    assert program_key(change(recipe)) != program_key(recipe)


@pytest.mark.parametrize("strategy", ["vmap", "steps"])
@pytest.mark.parametrize("loss", [
    "mse", keras.losses.MeanSquaredError(reduction="sum"),
    keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"),
], ids=["mean", "sum", "weighted mean"])
def test_the_final_loss_is_that_of_evaluate(loss: Any, strategy: str) -> None:
    weights = np.linspace(0.1, 2, 20, dtype="float32")
    recipe = replace(made(epochs=1), loss=loss, sample_weight=weights)
    population = train(KerasEngine(strategy=strategy), recipe, [1, 2])
    built = recipe.build().model
    assert population.weights is not None
    for path, variable in zip(Program(recipe).paths, [
        *built.trainable_variables, *built.non_trainable_variables], strict=True):
        variable.assign(population.weights[path][1])
    wanted = built.evaluate(recipe.x, recipe.y, sample_weight=weights, batch_size=4, verbose=0)
    assert population.final_loss[1] == pytest.approx(wanted, rel=1e-5)


def test_progress_is_told_in_replicas_times_epochs(engine: KerasEngine, recipe: Recipe) -> None:
    told: list[tuple[int, int]] = []
    train(engine, recipe, range(70), progress=lambda done, of: told.append((done, of)))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert {of for _, of in told} == {140}
    assert told[-1][0] == 140

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(engine, recipe, range(3), progress=stop)
    assert train(engine, recipe, range(3)).replicas == 3


def small(kind: str, epochs: int = 1) -> Recipe:
    """A network with that kind of layer."""
    first = {"convolution": layers.Conv1D(4, 3, padding="same"),
             "lstm": layers.LSTM(4, name="lstm")}[kind]
    model = keras.Sequential([keras.Input((6, 2)), first, layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(16, 6, 2)).astype("float32")
    return capture_model(model, x, x[:, 0, :1], batch_size=4, epochs=epochs).recipe


@pytest.mark.parametrize("kind", ["convolution", "lstm"])
def test_the_strategy_is_measured_where_it_is_not_plain(kind: str) -> None:
    known: dict[Any, Any] = {}
    long = small(kind, epochs=20_000)
    strategy, choice = choose(Program(long), known)
    assert choice.name == strategy.name
    assert choice.phrase.startswith(f"{strategy.name}: ")
    assert "ms an update of a replica (" in choice.phrase
    again, remembered = choose(Program(long), known)
    assert remembered is choice
    assert again.name == strategy.name


@pytest.mark.parametrize("kind", ["convolution", "lstm"])
def test_loops_are_not_compiled_where_they_cannot_pay(kind: str) -> None:
    strategy, choice = choose(Program(small(kind)), {})
    assert strategy.name == choice.name == "steps"
    assert "to compile others would take longer" in choice.phrase


def test_another_width_batch_or_layer_around_is_not_measured_anew(monkeypatch: Any) -> None:
    timed = []
    real = keras_choice.seconds_per_update
    monkeypatch.setattr(keras_choice, "seconds_per_update",
                        lambda strategy: timed.append(1) or real(strategy))
    known: dict[Any, Any] = {}
    recipe = small("lstm")
    _, choice = choose(Program(recipe), known)
    measured = len(timed)
    for changed in (recipe.with_layer("lstm", units=8), replace(recipe, batch_size=8),
                    ScaleInputs().apply(replace(recipe, x=3 * recipe.x))):
        assert choose(Program(changed), known)[1].name == choice.name
    assert len(timed) == measured
    wide = choose(Program(recipe.with_layer("lstm", units=10)), known)[1]
    assert choice.seconds is not None and wide.seconds is not None
    assert choice.seconds < wide.seconds < 4 * choice.seconds
    choose(Program(recipe.with_layer("lstm", units=64)), known)
    assert len(timed) > measured


def test_small_dense_networks_go_side_by_side(recipe: Recipe) -> None:
    strategy, choice = choose(Program(recipe), {})
    assert choice.phrase == "vmap: small dense layers"
    assert strategy.compile_seconds == 0


def test_blocks_fit_into_memory(recipe: Recipe) -> None:
    program = Program(recipe)
    assert block_size(program, STRATEGIES["vmap"](program)) == 32
    wide = Program(recipe.with_layer("one", units=1_000_000))
    size = block_size(wide, STRATEGIES["vmap"](wide))
    assert size < 16
    # Weights, Adam's two moments and gradients of a replica: 4 times 6 million numbers of 4 bytes.
    assert size * 4 * 4 * 6_000_000 <= 2 * BLOCK_BYTES


def test_blocks_of_long_trainings_are_small(recipe: Recipe) -> None:
    program = Program(recipe)
    strategy = STRATEGIES["vmap"](program)
    each = BLOCK_SECONDS / recipe.updates
    assert block_size(program, strategy, seconds=each / 32) == 32
    assert block_size(program, strategy, seconds=each / 31) == 16
    assert block_size(program, strategy, seconds=each / 5) == 4
    assert block_size(program, strategy, seconds=each) == 1
    assert block_size(program, strategy, seconds=9 * each) == 1


def test_many_updates_that_are_all_overhead_are_timed(recipe: Recipe) -> None:
    known: dict[Any, Any] = {}
    long = replace(recipe, epochs=100_000)
    assert KerasEngine().pace(recipe) is None
    engine = KerasEngine()
    assert engine.block(long) < 32
    pace = engine.pace(long)
    assert pace is not None and 0 < pace < 0.1
    _, choice = choose(Program(long), known)
    assert choose(Program(long), known)[1] is choice


@pytest.mark.parametrize("strategy", ["vmap", "map"])
def test_no_epoch_counts_as_compilation(recipe: Recipe, strategy: str, monkeypatch: Any) -> None:
    calls = []
    original = Strategy._call

    def counted(self: Any, key: Any, make: Any, *arguments: Any) -> Any:
        if key == "stretch":
            calls.append((key in self._compiled, int(arguments[2])))
        return original(self, key, make, *arguments)

    monkeypatch.setattr(Strategy, "_call", counted)
    KerasEngine(strategy=strategy, threads=1).train(recipe, [1, 2], Rows(), probes=False)
    assert [epochs for known, epochs in calls if not known] == [0]
    assert {epochs for known, epochs in calls if known} == {recipe.epochs}


def test_sizeable_convolutions_go_step_by_step() -> None:
    model = keras.Sequential([
        keras.Input((16, 16, 3)), layers.Conv2D(16, 3), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((16, 16, 16, 3), np.float32)
    strategy, choice = choose(Program(capture_model(model, x, x[:, 0, 0, :1]).recipe), {})
    assert choice.phrase == "steps: sizeable convolutions"
    assert strategy.compile_seconds == 0


class Silent(keras.Model):  # type: ignore[misc]
    """A model whose own step tells no loss."""

    def train_step(self, state: Any, data: Any) -> Any:
        """Nothing is learned and nothing told."""
        return {"speed": 1.0}, state


def test_a_step_that_tells_no_loss_is_refused_by_name() -> None:
    entry = keras.Input((3,))
    model = Silent(entry, layers.Dense(2)(entry))
    model.compile("sgd", "mse")
    recipe = capture_model(model, X, Y, batch_size=4).recipe
    with pytest.raises(NotSupported, match="train_step returns no 'loss'"):
        KerasEngine().train(recipe, [1], Rows())


def test_a_layer_that_keeps_its_state_is_refused_by_name() -> None:
    model = keras.Sequential([keras.Input(batch_shape=(4, 3, 1)),
                              layers.LSTM(2, stateful=True, name="memory"), layers.Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(NotSupported, match=r"The layer 'memory' .* \(stateful=True\)"):
        capture_model(model, X[:, :, None], Y, batch_size=4, shuffle=False)


def test_a_fixed_batch_size_does_not_bind_the_yardstick() -> None:
    model = keras.Sequential([keras.Input(batch_shape=(4, 3)), layers.Dense(2)])
    model.compile("sgd", "mse")
    recipe = capture_model(model, X, Y, batch_size=4).recipe
    assert train(KerasEngine(), recipe, [1, 2]).outputs.shape == (2, 4, 2)  # type: ignore[union-attr]


def test_a_split_that_leaves_no_rows_is_refused(engine: KerasEngine, recipe: Recipe) -> None:
    none = replace(recipe, x=X[:0], y=Y[:0])
    with pytest.raises(NotSupported, match="No rows are left"):
        train(engine, none, [1])


def test_replicas_do_not_depend_on_the_number_of_threads(recipe: Recipe) -> None:
    one, three = (train(KerasEngine(strategy="vmap", threads=n), recipe, range(50)) for n in (1, 3))
    assert_same(one, three)


@pytest.mark.parametrize("engine", [KerasEngine(strategy="vmap"), NativeEngine()])
def test_scaled_data_are_judged_in_the_units_of_the_user(engine: Engine) -> None:
    recipe = made(layers.Dense(4, activation="tanh", name="one"))
    by_hand = replace(recipe, x=X / 16, y=Y / 16)
    scaled = engine.train(replace(recipe, data_units=Units(mean=0.0, spread=16.0)), range(4), Rows())
    small = Rows()
    small.inputs = X[:4] / 16
    expected = engine.train(by_hand, range(4), small)
    np.testing.assert_allclose(scaled.loss, expected.loss, rtol=1e-5)
    assert expected.outputs is not None
    np.testing.assert_allclose(scaled.outputs, expected.outputs * 16, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["convolution", "lstm", "dense"])
def test_where_no_clock_may_decide_it_does_not(kind: str, recipe: Recipe, monkeypatch: Any) -> None:
    """Whatever a step takes, in whatever order networks come: counted budgets need the same numbers."""
    chosen = set()
    long = replace(recipe, epochs=100_000) if kind == "dense" else small(kind, epochs=20_000)
    for seconds in (1e-9, 1.0, 1e-5):
        monkeypatch.setattr(keras_choice, "seconds_per_update", lambda strategy, s=seconds: s)
        strategy, choice = choose(Program(long), {}, timed=False)
        chosen.add((strategy.name, choice))
        assert block_size(strategy.program, strategy, seconds=choice.seconds) == block_size(
            strategy.program, strategy)
    ((name, choice),) = chosen
    assert name == choice.name == ("vmap" if kind == "dense" else "steps")
    assert choice.seconds is None
