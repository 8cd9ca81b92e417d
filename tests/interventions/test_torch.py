"""Edits in torch's spelling: what is written, captured again, is the recipe that was tried."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unstuck.base.errors import NotSupported
from unstuck.capture import capture_text
from unstuck.interventions import edits_for
from unstuck.interventions.activation import Activation
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.dropout import NoDropout
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.initializers import Initializers
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.loss import Loss
from unstuck.interventions.loss_weight import LossWeight
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.shuffle import Shuffle
from unstuck.interventions.target_shape import TargetShape
from unstuck.interventions.train_as_fit import TrainAsFit
from unstuck.interventions.trained_through import TrainedThrough
from unstuck.interventions.unfreeze import Unfreeze
from unstuck.interventions.width import Width
from unstuck.interventions.widths import Widths

pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore:Using a target size:UserWarning"),
              pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")]

SEQUENTIAL = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
x = 5 + 3 * torch.randn(40, 4)
y = 100 + 20 * x[:, :1] * x[:, 1:2]
loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=True)
model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 1))
loss_fn = nn.MSELoss()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    for xb, yb in loader:
        opt.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        opt.step()
"""
CLASS = """
import torch
import torch.nn.functional as F
torch.manual_seed(0)
x = torch.randn(40, 4) * 8
y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()

class Net(torch.nn.Module):
    def __init__(self, hidden=6):
        super().__init__()
        self.first = torch.nn.Linear(4, hidden)
        self.second = torch.nn.Linear(hidden, hidden)
        self.end = torch.nn.Linear(hidden, 3)

    def forward(self, x):
        x = F.relu(self.first(x))
        x = torch.sigmoid(self.second(x))
        return torch.softmax(self.end(x), dim=1)

model = Net()
for p in model.parameters():
    if p.dim() > 1:
        torch.nn.init.normal_(p, 0.0, 2.0)
opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
for epoch in range(5):
    for i in range(0, 40, 10):
        loss = F.nll_loss(model(x[i:i + 10]), y[i:i + 10])
        opt.zero_grad()
        loss.backward()
        opt.step()
"""
VARIATIONAL = """
import torch
from torch import nn
torch.manual_seed(0)
x = torch.rand(40, 4)

class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean, self.spread, self.out = nn.Linear(4, 2), nn.Linear(4, 2), nn.Linear(2, 4)

    def forward(self, x):
        mean, spread = self.mean(x), self.spread(x)
        code = mean + torch.randn_like(spread) * torch.exp(0.5 * spread)
        return torch.sigmoid(self.out(code)), mean, spread

model = Coder()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(5):
    for i in range(0, 40, 10):
        out, mean, spread = model(x[i:i + 10])
        loss = nn.functional.binary_cross_entropy(out, x[i:i + 10]) + 0.1 * (
            mean ** 2 + spread.exp() - spread - 1).sum(1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
"""
CUT = CLASS.replace("torch.sigmoid(self.second(x))", "torch.tanh(torch.nn.Linear(6, 6)(x)).detach()")
FROZEN = CLASS.replace("opt = torch", "for p in model.first.parameters():\n"
                       "    p.requires_grad = False\nopt = torch")
LATE = CLASS.replace("for epoch", "model.end = torch.nn.Linear(6, 3)\nfor epoch")
PAIRS = SEQUENTIAL.replace("y = 100 + 20 * x[:, :1] * x[:, 1:2]", "y = x[:, 0]")


def _without_clearing(text: str) -> str:
    return text.replace("        opt.zero_grad()\n", "")


CASES = [
    (SEQUENTIAL, (LearningRate(value=0.1, was=0.01),)),
    (SEQUENTIAL, (Epochs(value=15, was=5),)),
    (SEQUENTIAL, (BatchSize(value=4, was=10),)),
    (SEQUENTIAL.replace(", shuffle=True", ""), (Shuffle(),)),
    (SEQUENTIAL, (UseOptimizer(name="SGD", learning_rate=0.05),)),
    (SEQUENTIAL, (Activation(layer="linear_0", value="tanh", was="relu"),)),
    (SEQUENTIAL, (Activation(layer="linear_0", value="linear", was="relu"),)),
    (SEQUENTIAL, (Activation(layer="linear_3", value="sigmoid", was="linear"),)),
    (SEQUENTIAL, (Width(layer="linear_0", value=32, was=6),)),
    (SEQUENTIAL, (Loss(value="mean_absolute_error"),)),
    (SEQUENTIAL, (NoDropout(),)),
    (SEQUENTIAL, (Width(layer="linear_0", value=32, was=6), LearningRate(value=0.1, was=0.01),
                  Activation(layer="linear_0", value="tanh", was="relu"))),
    (SEQUENTIAL, (Initializers(value="glorot_uniform", layers=("linear_0", "linear_3")),)),
    (CLASS, (LearningRate(value=0.1, was=0.01),)),
    (CLASS, (BatchSize(value=4, was=10),)),
    (CLASS.replace("opt = ", "size = 10\nopt = ").replace("40, 10)", "40, size)").replace(
        "i + 10", "i + size"), (BatchSize(value=4, was=10),)),
    (CLASS, (Shuffle(),)),
    (VARIATIONAL, (LossWeight(value=4.0),)),
    (VARIATIONAL.replace("+ 0.1 * (", "\n        loss += 0.1 * ("), (LossWeight(value=4.0),)),
    (CLASS, (UseOptimizer(name="Adam"),)),
    (CLASS, (HiddenActivations(value="tanh", layers=("first", "second")),)),
    (CLASS, (Activation(layer="first", value="linear", was="relu"),)),
    (CLASS, (Widths(widths=(("first", 16), ("second", 12))),)),
    (CLASS, (OutputAndLoss(layer="end", activation="linear", loss="sparse_categorical_crossentropy",
                           from_logits=True),)),
    (CLASS, (Initializers(value="glorot_uniform", layers=("first", "second", "end")),)),
    (FROZEN, (Unfreeze(),)),
    (LATE, (TrainAsFit(what="untrained"),)),
    (_without_clearing(CLASS), (TrainAsFit(what="clears"),)),
    (CLASS.replace("        opt.step()\n", "    opt.step()\n"), (TrainAsFit(what="steps_every"),)),
    (SEQUENTIAL.replace("opt = torch", "model.eval()\nopt = torch"), (TrainAsFit(what="training"),)),
    (PAIRS, (TargetShape(column=True),)),
]


def captured(text: str) -> object:
    return capture_text(text, filename="train.py")


@pytest.mark.parametrize(("text", "changes"), CASES, ids=[
    " and ".join(change.label for change in changes) for _, changes in CASES])
def test_what_is_written_is_what_was_tried(text, changes):
    before = captured(text)
    recipe = before.recipe
    after = recipe
    for change in changes:
        after = change.apply(after)
    edits = edits_for(changes, before.script, recipe)
    assert edits, "it cannot be written"
    again = captured(before.script.apply(edits).text).recipe
    assert told(again) == told(after)


def told(recipe):
    """What of a recipe a change may concern, whatever its layers are called."""
    layers = [(layer.config.get("units"), layer.activation or layer.kind, layer.config.get("trainable"),
               _drawn(layer.config.get("kernel_initializer")))
              for layer in recipe.layers if layer.kind not in ("InputLayer", "Activation")]
    config = {key: value for key, value in recipe.optimizer.config.items() if key != "name"}
    loss = recipe.loss_config[0]
    if loss == "custom":
        loss = type(recipe.loss).__name__
    same = {"AllPairs": "mean_squared_error"}  # where the shapes agree
    return (layers, recipe.optimizer.kind, config, same.get(loss, loss), recipe.epochs,
            recipe.batch_size, recipe.shuffle, recipe.loop, np.ravel(recipe.loss_weights or 1).tolist())


def _drawn(given):
    name = given.get("class_name") if isinstance(given, dict) else given
    return {"GlorotUniform": "glorot_uniform"}.get(name, name)


@pytest.mark.parametrize("change", [ScaleInputs(), ScaleTargets()], ids=["inputs", "targets"])
@pytest.mark.parametrize("text", [SEQUENTIAL, CLASS], ids=["sequential", "class"])
def test_scales_are_arithmetic_in_the_network(text, change):
    if text is CLASS and isinstance(change, ScaleTargets):
        text = CLASS.replace("F.nll_loss", "F.mse_loss")
        text = text.replace("y = (x", "y = 50 * torch.randn(40, 3) #")
        text = text.replace("torch.softmax(self.end(x), dim=1)", "self.end(x)").replace(
            "torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)",
            "torch.optim.Adam(model.parameters())")
    before = captured(text)
    edits = edits_for((change,), before.script, before.recipe)
    assert edits
    rewritten = before.script.apply(edits).text
    assert "torch.tensor([" in rewritten or "Scaled(" in rewritten or " * " in rewritten
    again = captured(rewritten)
    assert any("Shadow check" in note for note in again.notes)


def test_a_change_that_only_others_make_possible_is_written_with_them():
    before = captured(PAIRS)
    with pytest.raises(NotSupported):
        ScaleTargets().apply(before.recipe)
    assert edits_for((ScaleTargets(),), before.script, before.recipe) is None
    changes = (OutputAndLoss(layer="linear_3", activation="linear", loss="mean_squared_error",
                             from_logits=False), TargetShape(column=True), ScaleTargets())
    edits = edits_for(changes, before.script, before.recipe)
    assert edits
    text = before.script.apply(edits).text
    assert "yb.unsqueeze(1)" in text and "Scaled(" in text
    assert "Identity" not in text  # the output had no activation


def test_a_loss_that_takes_targets_as_a_column_is_written_with_the_column():
    before = captured(PAIRS)
    edits = edits_for((Loss(value="mean_squared_error"),), before.script, before.recipe)
    assert edits
    assert "yb.unsqueeze(1)" in before.script.apply(edits).text


def test_rows_that_are_cut_out_of_a_tensor_are_one():
    text = SEQUENTIAL.replace("torch.randn(40, 4)", "torch.randn(60, 9)").replace(
        "nn.Linear(4, 6)", "nn.Linear(9, 6)").replace(
        "loader =", "part, values = x[:40], y[:40]\nloader =").replace("(x, y)", "(part, values)")
    before = captured(text)
    edits = edits_for((ScaleInputs(),), before.script, before.recipe)
    assert edits
    assert "part_mean, part_std = part.mean(0), part.std(0)" in before.script.apply(edits).text


def test_a_cut_and_a_layer_made_in_forward_are_written_together():
    before = captured(CUT)
    names = [layer.name for layer in before.recipe.layers
             if layer.config.get("cuts") or layer.config.get("made_anew")]
    assert len(names) == 2
    edits = edits_for([TrainedThrough(layer=name) for name in names], before.script, before.recipe)
    assert edits
    text = before.script.apply(edits).text
    assert "self.made_once = torch.nn.Linear(6, 6)" in text and ".detach()" not in text
    again = captured(text).recipe
    assert not any(layer.config.get("cuts") or layer.config.get("made_anew") for layer in again.layers)


@pytest.mark.parametrize(("was", "cut"), [
    ("x = F.relu(self.first(x))", "x = torch.from_numpy(x.detach().numpy())"),
    ("x = F.relu(self.first(x))", "x = torch.tensor(x.tolist())"),
    ("        loss = F.nll_loss(model(x[i:i + 10]), y[i:i + 10])",
     "loss = torch.tensor(loss.item(), requires_grad=True)")], ids=["numpy", "list", "item"])
def test_a_tensor_made_of_numbers_of_the_network_is_a_cut(was, cut):
    text = CLASS.replace(was, f"{was}\n        {cut}")
    before = captured(text)
    names = [layer.name for layer in before.recipe.layers if layer.config.get("cuts")]
    assert len(names) == 1
    edits = edits_for([TrainedThrough(layer=names[0])], before.script, before.recipe)
    assert edits
    assert cut not in before.script.apply(edits).text


def test_numbers_that_python_computes_with_are_no_cut_that_can_be_written():
    text = CLASS.replace("x = F.relu(self.first(x))",
                         "x = torch.FloatTensor(1 * F.relu(self.first(x)).data.numpy())")
    before = captured(text)
    (name,) = [layer.name for layer in before.recipe.layers if layer.config.get("cuts")]
    assert not edits_for([TrainedThrough(layer=name)], before.script, before.recipe)


def test_accumulation_on_purpose_is_left_alone():
    from unstuck.interventions.train_as_fit import left_out

    text = CLASS.replace("        loss = F.nll_loss(model(x[i:i + 10]), y[i:i + 10])\n"
                         "        opt.zero_grad()\n        loss.backward()\n        opt.step()\n",
                         "        loss = F.nll_loss(model(x[i:i + 10]), y[i:i + 10]) / 2\n"
                         "        loss.backward()\n        if i % 20 == 10:\n            opt.step()\n"
                         "            opt.zero_grad()\n")
    recipe = captured(text).recipe
    assert recipe.loop is not None and recipe.loop.steps_every == 2
    assert left_out(recipe.loop) == ()


def test_the_file_that_is_written_needs_no_unstuck(tmp_path: Path):
    before = captured(_without_clearing(SEQUENTIAL))
    edits = edits_for((TrainAsFit(what="clears"),), before.script, before.recipe)
    assert edits
    text = before.script.apply(edits).text
    assert "unstuck" not in text
    assert text.index("opt.zero_grad()") < text.index("loss.backward()")
