"""Torch's formulas, held to torch itself: one update and twenty, and what layers give in training."""

from __future__ import annotations

import jax
import keras
import numpy as np
import pytest

from unstuck.network.torch_numbers import layers, optimizers
from unstuck.network.torch_numbers.initializers import OfKernel, OfUnits, resolved
from unstuck.network.torch_numbers.losses import BCELoss

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

OPTIMIZERS = [
    ("SGD", {"lr": 0.1}, {"learning_rate": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}, {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True},
     {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1},
     {"learning_rate": 0.1, "momentum": 0.9, "dampening": 0.5, "l2": 0.1}),
    ("Adam", {"lr": 0.01}, {"learning_rate": 0.01}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True},
     {"learning_rate": 0.01, "l2": 0.1, "amsgrad": True}),
    ("AdamW", {"lr": 0.01}, {"learning_rate": 0.01}),
    ("RMSprop", {}, {}),
    ("RMSprop", {"momentum": 0.9, "centered": True, "weight_decay": 0.1},
     {"momentum": 0.9, "centered": True, "l2": 0.1}),
    ("Adagrad", {"lr_decay": 0.1}, {"lr_decay": 0.1}),
    ("Adadelta", {"weight_decay": 0.1}, {"l2": 0.1}),
    ("Adamax", {}, {}),
    ("NAdam", {"weight_decay": 0.1}, {"l2": 0.1}),
    ("NAdam", {"momentum_decay": 0.1}, {"momentum_decay": 0.1}),
    ("RAdam", {}, {"learning_rate": 1e-3}),
]


@pytest.mark.parametrize("size", [1.0, 1e-6], ids=["usual", "tiny"])
@pytest.mark.parametrize(("kind", "theirs", "ours"), OPTIMIZERS)
def test_an_optimizer_moves_weights_as_torchs(kind, theirs, ours, size):
    draw = np.random.default_rng(0)
    begin = draw.normal(size=5).astype("float32")
    parameter = torch.nn.Parameter(torch.tensor(begin))
    variable = keras.Variable(begin)
    optimizer = getattr(torch.optim, kind)([parameter], **theirs)
    mine = getattr(optimizers, kind)(**ours)
    mine.build([variable])
    for update in range(20):
        gradient = (size * draw.normal(size=5)).astype("float32")
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        mine.apply([keras.ops.convert_to_tensor(gradient)])
        moved = np.abs(parameter.detach().numpy() - begin).max()
        np.testing.assert_allclose(np.asarray(variable.value), parameter.detach().numpy(),
                                   rtol=2e-6, atol=2e-6 * moved + 5e-7, err_msg=f"update {update + 1}")


def test_groups_of_parameters_and_a_momentum_that_moves():
    draw = np.random.default_rng(0)
    begin = [draw.normal(size=4).astype("float32") for _ in range(2)]
    parameters = [torch.nn.Parameter(torch.tensor(one)) for one in begin]
    variables = [keras.Variable(one, name=f"weight_{i}") for i, one in enumerate(begin)]
    theirs = torch.optim.AdamW([{"params": parameters[:1]}, {
        "params": parameters[1:], "lr": 0.03, "weight_decay": 0.5}], lr=0.01)
    momenta = [0.9, 0.8, 0.7, 0.6]
    mine = optimizers.AdamW(learning_rate=0.01, momenta=momenta, groups={
        variables[1].path: {"rate": 3.0, "weight_decay": 0.5}})
    mine.build(variables)
    for momentum in momenta:
        gradients = [draw.normal(size=4).astype("float32") for _ in range(2)]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = torch.tensor(gradient)
        for group in theirs.param_groups:
            group["betas"] = (momentum, 0.999)
        theirs.step()
        mine.apply([keras.ops.convert_to_tensor(one) for one in gradients])
        for variable, parameter in zip(variables, parameters, strict=True):
            np.testing.assert_allclose(np.asarray(variable.value), parameter.detach().numpy(),
                                       rtol=5e-6, atol=1e-6)


def test_clipping_by_the_norm_is_torchs():
    draw = np.random.default_rng(1)
    gradients = [draw.normal(size=shape).astype("float32") for shape in ((3, 2), (4,))]
    parameters = [torch.nn.Parameter(torch.zeros(g.shape)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = torch.tensor(gradient)
    torch.nn.utils.clip_grad_norm_(parameters, 0.5)
    mine = optimizers.SGD(learning_rate=1.0, global_clipnorm=0.5)
    variables = [keras.Variable(np.zeros(g.shape, "float32")) for g in gradients]
    mine.build(variables)
    mine.apply([keras.ops.convert_to_tensor(g) for g in gradients])
    for variable, parameter in zip(variables, parameters, strict=True):
        np.testing.assert_allclose(-np.asarray(variable.value), parameter.grad.numpy(), rtol=1e-6)


def test_a_rate_for_each_update_holds_on_at_the_end():
    rates = optimizers.Rates([0.3, 0.2, 0.1], 2)
    assert [round(float(rates(step)), 6) for step in range(8)] == [0.3, 0.3, 0.2, 0.2, *[0.1] * 4]


@pytest.mark.parametrize("shape", [(6, 3), (6, 3, 4), (6, 3, 4, 2)])
def test_batch_normalisation_keeps_torchs_running_averages(shape):
    x = np.random.default_rng(0).normal(500, 40, size=shape).astype("float32")
    theirs = getattr(torch.nn, f"BatchNorm{max(1, len(shape) - 2)}d")(3)
    mine = layers.BatchNormalization(axis=1, momentum=0.9, epsilon=1e-5)
    mine.build(shape)
    for _ in range(3):
        np.testing.assert_allclose(
            np.asarray(mine(x, training=True)), theirs(torch.tensor(x)).detach().numpy(), atol=2e-5)
    np.testing.assert_allclose(np.asarray(mine.moving_mean.value), theirs.running_mean, rtol=1e-5)
    np.testing.assert_allclose(np.asarray(mine.moving_variance.value), theirs.running_var, rtol=1e-5)
    np.testing.assert_allclose(
        np.asarray(mine(x)), theirs.eval()(torch.tensor(x)).detach().numpy(), atol=2e-5)


def test_a_bias_is_drawn_by_the_size_of_its_kernel():
    layer = keras.layers.Dense(4, bias_initializer=OfKernel())
    cell = keras.layers.GRU(9, kernel_initializer=OfUnits(3), bias_initializer=OfUnits(3))
    model = keras.Sequential([keras.Input((5, 25)), cell, layer])
    given = {id(layer.bias): layer.bias_initializer, id(cell.cell.kernel): cell.cell.kernel_initializer,
             id(cell.cell.bias): cell.cell.bias_initializer}
    found = resolved(model, given)
    assert found[id(layer.bias)].maxval == pytest.approx(1 / 3)
    assert found[id(cell.cell.kernel)].maxval == pytest.approx(1 / 3)
    assert found[id(cell.cell.bias)].minval == pytest.approx(-1 / 3)


def test_a_cut_and_a_layer_made_anew_can_be_undone():
    cut = layers.Detach()
    assert layers.Detach.from_config(cut.get_config()).cuts is True
    anew = layers.Dense(3)
    anew.build((None, 2))
    x = np.ones((1, 2), "float32")
    assert not np.allclose(anew(x), anew(x))
    kept = layers.Dense.from_config({**anew.get_config(), "made_anew": False})
    kept.build((None, 2))
    assert np.allclose(kept(x), kept(x))


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum"])
def test_a_binary_cross_entropy_cuts_logarithms_and_has_torchs_slope(reduction):
    outputs = np.float32([[0, 1e-37, 1e-13, 1e-8, 0.3, 1 - 6e-8, 1]] * 3).reshape(-1, 1)
    targets = np.repeat(np.float32([0, 1, 0.4]), 7).reshape(-1, 1)
    given = torch.tensor(outputs, requires_grad=True)
    loss = torch.nn.BCELoss(reduction="sum" if reduction == "sum" else "mean")(
        given, torch.tensor(targets))
    loss.backward()
    mine, slopes = jax.value_and_grad(lambda y: BCELoss(reduction=reduction)(targets, y))(outputs)
    np.testing.assert_allclose(mine, loss.item(), rtol=1e-6)
    np.testing.assert_allclose(slopes, given.grad.numpy(), rtol=1e-5, atol=1e-20)
