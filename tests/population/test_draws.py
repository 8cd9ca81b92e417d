"""Everything random about a replica: as Keras draws it, and a pure function of its seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from scipy import stats

from unstuck.capture import capture_model
from unstuck.network.layers import Insertion
from unstuck.population.draws import initial_weights, mask_seeds, orders
from unstuck.population.keras_engine.program import Program

INITIALIZERS: dict[str, Any] = {
    "glorot_uniform": keras.initializers.GlorotUniform,
    "glorot_normal": keras.initializers.GlorotNormal,
    "he_uniform": keras.initializers.HeUniform,
    "he_normal": keras.initializers.HeNormal,
    "lecun_uniform": keras.initializers.LecunUniform,
    "lecun_normal": keras.initializers.LecunNormal,
    "variance_scaling_untruncated": lambda **k: keras.initializers.VarianceScaling(
        0.7, "fan_out", "untruncated_normal", **k),
    "variance_scaling_fan_avg": lambda **k: keras.initializers.VarianceScaling(
        2.5, "fan_avg", "truncated_normal", **k),
    "random_normal": lambda **k: keras.initializers.RandomNormal(0.3, 0.2, **k),
    "random_uniform": lambda **k: keras.initializers.RandomUniform(-0.1, 0.4, **k),
    "truncated_normal": lambda **k: keras.initializers.TruncatedNormal(-0.2, 0.5, **k),
    "orthogonal": lambda **k: keras.initializers.Orthogonal(1.3, **k),
}
SHAPES = {"dense": (7, 5), "convolution": (3, 3, 2, 6), "recurrent": (4, 16), "long": (3, 2, 4)}
DRAWS = 150


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("name", INITIALIZERS)
def test_weights_are_distributed_as_keras_draws_them(name: str, shape: tuple[int, ...]) -> None:
    make = INITIALIZERS[name]
    ours = initial_weights(make(), shape, range(DRAWS), "dense/kernel")
    theirs = np.stack([np.asarray(make(seed=seed)(shape)) for seed in range(DRAWS)])
    assert ours.shape == theirs.shape
    assert ours.dtype == np.float32
    assert stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > 1e-3
    # The spread within each draw as well: it would not show if draws were scaled one by one.
    each = [a.reshape(DRAWS, -1).std(1) for a in (ours, theirs)]
    assert stats.ks_2samp(*each).pvalue > 1e-3
    assert len(np.unique(ours.reshape(DRAWS, -1), axis=0)) == DRAWS


def test_orthogonal_weights_are_orthogonal() -> None:
    tall, wide = (initial_weights(keras.initializers.Orthogonal(), shape, [3], "a")[0]
                  for shape in ((3, 2, 4), (4, 16)))
    np.testing.assert_allclose(tall.reshape(6, 4).T @ tall.reshape(6, 4), np.eye(4), atol=1e-6)
    np.testing.assert_allclose(wide @ wide.T, np.eye(4), atol=1e-6)


@pytest.mark.parametrize("initializer", [
    keras.initializers.Zeros(), keras.initializers.Ones(), keras.initializers.Constant(0.3),
    keras.initializers.Identity(2.0), keras.initializers.STFT(),
], ids=lambda i: type(i).__name__)
def test_constants_are_keras_constants(initializer: Any) -> None:
    shape = (8, 1, 5) if isinstance(initializer, keras.initializers.STFT) else (4, 4)
    drawn = initial_weights(initializer, shape, [1, 2], "a")
    for one in drawn:
        np.testing.assert_array_equal(one, np.asarray(initializer(shape)))


def test_every_initialiser_of_keras_is_covered() -> None:
    drawn = {type(make()) for make in INITIALIZERS.values()}
    constant = {getattr(keras.initializers, n) for n in
                ("Zeros", "Ones", "Constant", "Identity", "STFT")}
    known = {thing for thing in vars(keras.initializers).values() if isinstance(thing, type)}
    assert known - drawn - constant == {keras.initializers.Initializer}


class Doubled(keras.initializers.RandomNormal):  # type: ignore[misc]
    """A user's own initialiser that inherits from one of Keras's."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Twice a normal."""
        return 100 + super().__call__(shape, dtype)


class OfTheirOwn(keras.initializers.Initializer):  # type: ignore[misc]
    """A user's own initialiser that asks Keras for random numbers without a seed."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Normal numbers around 100."""
        return 100 + keras.random.normal(shape, dtype=dtype)


@pytest.mark.parametrize("kind", [Doubled, OfTheirOwn])
def test_an_initialiser_of_the_users_own_is_called(kind: type) -> None:
    keras.utils.set_random_seed(5)
    before = np.random.get_state()[1].tolist()  # type: ignore[union-attr, index]
    drawn = initial_weights(kind(), (6, 3), [1, 2, 3], "a")
    assert np.random.get_state()[1].tolist() == before  # type: ignore[union-attr, index]
    assert abs(drawn.mean() - 100) < 1
    assert len(np.unique(drawn.reshape(3, -1), axis=0)) == 3
    np.testing.assert_array_equal(drawn[1:2], initial_weights(kind(), (6, 3), [2], "a"))


def test_a_draw_depends_on_its_seed_and_path_only() -> None:
    glorot = keras.initializers.GlorotUniform()
    many = initial_weights(glorot, (4, 3), [5, 6, 7], "dense/kernel")
    np.testing.assert_array_equal(many[1], initial_weights(glorot, (4, 3), [6], "dense/kernel")[0])
    assert (many[1] != initial_weights(glorot, (4, 3), [6], "dense_1/kernel")[0]).all()


def test_a_seed_of_the_users_own_ties_layers_together() -> None:
    seeded = keras.initializers.GlorotUniform(seed=8)
    one, two = (initial_weights(seeded, (4, 3), [5, 6], path) for path in ("a", "b"))
    np.testing.assert_array_equal(one, two)
    assert (one[0] != one[1]).all()


def network(width: int, activation: str = "relu") -> keras.Model:
    model = keras.Sequential([
        keras.Input((3,)),
        keras.layers.Dense(4, activation="relu", name="one"),
        keras.layers.Dropout(0.2, name="drop"),
        keras.layers.Dense(width, activation=activation, name="two"),
        keras.layers.Dense(2, name="three"),
    ])
    model.compile("adam", "mse")
    return model


def test_changing_a_layer_moves_no_other_draw() -> None:
    x = np.zeros((8, 3), np.float32)
    recipe = capture_model(network(5), x, x[:, :2]).recipe
    states = {}
    for name, changed in (("control", recipe), ("wider", recipe.with_layer("two", units=9)),
                          ("linear", recipe.with_layer("two", activation="linear")),
                          ("without", recipe.without_layer("two"))):
        program = Program(changed)
        state = program.initial_state(changed, [3, 4], None)
        states[name] = dict(zip(program.paths, [*state[0], *state[1]], strict=True))
    control = states.pop("control")
    for state in states.values():
        for path in ("one/kernel", "one/bias", "drop/seed_generator_0"):
            np.testing.assert_array_equal(control[path], state[path])
    np.testing.assert_array_equal(control["two/kernel"], states["linear"]["two/kernel"])
    np.testing.assert_array_equal(control["three/kernel"], states["linear"]["three/kernel"])


def test_layers_of_one_name_in_nested_models_are_drawn_apart() -> None:
    def inner(name: str) -> keras.Model:
        entry = keras.Input((3,))
        return keras.Model(entry, keras.layers.Dense(3, name="same")(entry), name=name)

    entry = keras.Input((3,))
    model = keras.Model(entry, inner("one")(inner("two")(entry)))
    model.compile("sgd", "mse")
    x = np.zeros((8, 3), np.float32)
    recipe = capture_model(model, x, x).recipe
    program = Program(recipe)
    weights = program.initial_state(recipe, [1], None)[0]
    kernels = [w[0] for w in weights if w.ndim == 3]
    assert len(set(program.paths)) == len(program.paths) == 4
    assert (kernels[0] != kernels[1]).all()
    assert Program(recipe).paths == program.paths


class Own(keras.Model):  # type: ignore[misc]
    """A subclassed model, with a layer inside a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = keras.layers.Bidirectional(keras.layers.GRU(3))
        self.outer = keras.layers.Dense(3)

    def call(self, x: Any) -> Any:
        """From steps to three units."""
        return self.outer(self.inner(keras.ops.expand_dims(x, -1)))


def _stacked() -> keras.Model:
    return keras.Sequential([
        keras.Input((3,)), *(keras.layers.Dense(3, activation="tanh") for _ in range(12)),
        keras.layers.Dropout(0.1), keras.layers.Dense(3)])


def _nested() -> keras.Model:
    entry, inner = keras.Input((3,)), keras.Input((3,))
    half = keras.Model(inner, keras.layers.Dense(3)(keras.layers.Dense(3)(inner)))
    return keras.Model(entry, keras.layers.Dense(3)(half(entry)))


@pytest.mark.parametrize("make", [_stacked, _nested, Own], ids=["stacked", "nested", "subclassed"])
def test_what_else_the_process_built_moves_no_draw(make: Callable[[], keras.Model]) -> None:
    """A cell run twice, a test that runs after others: Keras numbers their layers on and on."""
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    states = []
    for others in (0, 3, 95):
        if not others:
            keras.utils.clear_session(free_memory=False)
        for kind in (keras.layers.Dense, keras.layers.Dropout, keras.layers.GRU,
                     keras.layers.Bidirectional, keras.Sequential):
            for _ in range(others):
                (kind(keras.layers.GRU(1)) if kind is keras.layers.Bidirectional else
                 kind(1) if kind is not keras.Sequential else kind())
        model = make()
        model.compile("sgd", "mse")
        recipe = capture_model(model, x, x).recipe
        last = recipe.layers[-1].name
        if recipe.architecture.is_graph:
            recipe = recipe.with_inserted(Insertion(
                anchor=last, where="after", kind="Dense", config={"units": 3}))
        state = Program(recipe).initial_state(recipe, [1, 2], None)
        states.append([*state[0], *state[1]])
    for other in states[1:]:
        for mine, theirs in zip(states[0], other, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    kernels = [w[0].tobytes() for w in states[0] if w.ndim == 3 and w[0].any() and not (w == 1).all()]
    assert len(set(kernels)) == len(kernels) > 2


def test_masks_differ_between_replicas_and_layers() -> None:
    states = np.concatenate([mask_seeds(range(500), path) for path in ("a", "b", "drop_1")])
    assert states.dtype == np.uint32
    assert (states[:, 1] == 0).all()
    assert len(np.unique(states[:, 0])) == 1500


def by_definition(seed: int, epoch: int, rows: int, salt: int) -> list[int]:
    """The order of an epoch as the docstring has it, in whole numbers of any size."""
    def mix(x: int) -> int:
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
        return x ^ (x >> 31)

    start = mix((seed + 0x9E3779B97F4A7C15 * (1 + epoch + (salt << 32))) % 2**64)
    order = list(range(rows))
    for i in range(rows - 1, 0, -1):
        drawn = mix((start + 0xD1B54A32D192ED03 * (i + 1)) % 2**64)
        j = ((drawn >> 32) * (i + 1)) >> 32
        order[i], order[j] = order[j], order[i]
    return order


def test_orders_follow_their_definition() -> None:
    made = orders([0, 7, 2**40 + 3], [0, 5], 23, salt=9)
    for r, seed in enumerate((0, 7, 2**40 + 3)):
        for e, epoch in enumerate((0, 5)):
            assert made[r, e].tolist() == by_definition(seed, epoch, 23, 9)
    assert orders([1], [0], 8)[0, 0].tolist() == [6, 2, 0, 4, 5, 3, 1, 7]


def test_every_place_is_as_likely_as_any_other() -> None:
    made = orders(range(600), range(4), 6).reshape(-1, 6)
    assert (np.sort(made, 1) == np.arange(6)).all()
    counts = np.stack([np.bincount(made[:, i], minlength=6) for i in range(6)])
    assert stats.chisquare(counts.ravel(), ddof=10).pvalue > 1e-3
    _, orders_seen = np.unique(made, axis=0, return_counts=True)
    assert len(orders_seen) > 0.9 * 720
    assert (orders(range(20), [0], 50) != orders(range(20), [0], 50, salt=1)).any(axis=2).all()
