"""Torch scripts: what their loops are taken for, that the same bits come out, what is refused."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from unstuck.base.errors import NoFitCall, NotSupported, UnstuckError
from unstuck.capture import capture_script
from unstuck.network.loops import Loop

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*:UserWarning"),
    pytest.mark.filterwarnings("ignore:Using a target size:UserWarning"),
]

HEAD = """
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
torch.set_num_threads(1)
torch.manual_seed(3)
x = torch.randn(40, 6)
y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
"""
NETWORKS = {
    "sequential": "model = nn.Sequential(\n"
                  "    nn.Linear(6, 8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 3))\n",
    "class": '''
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.norm, self.two = nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)

    def forward(self, x):
        return self.two(F.leaky_relu(self.norm(self.one(x))))

model = Net()
''',
    "convolution": '''
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.end = nn.Conv1d(1, 4, 3, padding=1), nn.Linear(12, 3)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv(x.unsqueeze(1))), 2)
        return self.end(x.view(x.size(0), -1))

model = Net()
''',
    "lstm": '''
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.end = nn.LSTM(2, 5, batch_first=True), nn.Linear(5, 3)

    def forward(self, x):
        out, _ = self.cell(x.reshape(-1, 3, 2))
        return self.end(out[:, -1])

model = Net()
''',
}
STEP = """        opt.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
"""
ADAM = "opt = torch.optim.Adam(model.parameters(), lr=0.01)\n"
LOADER = "loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=True)\n"
LOOPS = {
    "loader": ADAM + LOADER + "for epoch in range(6):\n    for xb, yb in loader:\n" + STEP,
    "slices": ADAM + "for epoch in range(6):\n    for i in range(0, 40, 10):\n"
              "        xb, yb = x[i:i + 10], y[i:i + 10]\n" + STEP,
    "permutation": "opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)\n"
                   "for epoch in range(6):\n    for rows in torch.randperm(40).split(10):\n"
                   "        xb, yb = x[rows], y[rows]\n" + STEP,
    "whole": "opt = torch.optim.RMSprop(model.parameters())\nfor epoch in range(20):\n"
             "    if True:\n        xb, yb = x, y\n" + STEP,
    "function": LOADER + "def train(model, loader, epochs):\n" + "".join(
        f"    {line}\n" for line in (ADAM + "for epoch in range(epochs):\n    for xb, yb in loader:\n"
                                     + STEP).splitlines()) + "train(model, loader, epochs=6)\n",
    "validated": ADAM + LOADER + "for epoch in range(6):\n    model.train()\n"
                 "    for xb, yb in loader:\n" + STEP + "    model.eval()\n    with torch.no_grad():\n"
                 "        best = F.cross_entropy(model(x), y).item()\n",
    "stopped": ADAM + LOADER + "best, state = 9.0, None\nfor epoch in range(6):\n    total = 0.0\n"
               "    for xb, yb in loader:\n" + STEP + "        total += loss.item()\n"
               "    if total < best:\n        best = total\n"
               "        state = {k: v.clone() for k, v in model.state_dict().items()}\n",
    "scheduled": ADAM + LOADER + "plan = torch.optim.lr_scheduler.StepLR(opt, 2, 0.5)\n"
                 "for epoch in range(6):\n    for xb, yb in loader:\n" + STEP + "    plan.step()\n",
    "clipped": "opt = torch.optim.AdamW(model.parameters())\n" + LOADER
               + "for epoch in range(6):\n    for xb, yb in loader:\n" + STEP.replace(
                   "        opt.step()\n",
                   "        nn.utils.clip_grad_norm_(model.parameters(), 0.5)\n        opt.step()\n"),
    "added": ADAM + LOADER + "n = 0\nfor epoch in range(6):\n    for xb, yb in loader:\n"
             "        loss = F.cross_entropy(model(xb), yb) / 2\n        loss.backward()\n"
             "        n += 1\n        if n % 2 == 0:\n            opt.step()\n"
             "            opt.zero_grad()\n",
}
END = """
import hashlib
from pathlib import Path
state = b"".join(p.detach().numpy().tobytes() for p in model.parameters())
state += torch.get_rng_state().numpy().tobytes() + torch.rand(3).numpy().tobytes()
path = Path(__file__ + ".state")
path.write_text((path.read_text() if path.exists() else "") + hashlib.sha256(state).hexdigest() + "\\n")
"""
PAIRS = [(loop, network) for loop in LOOPS for network in NETWORKS]
FEW = [("loader", "sequential"), ("permutation", "convolution"), ("added", "class"),
       ("scheduled", "lstm")]
SLOW = pytest.mark.skipif(not os.environ.get("UNSTUCK_SLOW"), reason="UNSTUCK_SLOW is not set")


@pytest.mark.parametrize(("loop", "network"), [
    pair if pair in FEW else pytest.param(*pair, marks=[SLOW, pytest.mark.slow]) for pair in PAIRS])
def test_a_script_trains_the_same_bits_and_its_recipe_gives_its_losses(write, loop, network):
    path = write(HEAD + NETWORKS[network] + LOOPS[loop] + END)
    subprocess.run([sys.executable, str(path)], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    captured = capture_script(path, through=True)
    alone, heard = path.with_suffix(".py.state").read_text().split()
    assert alone == heard
    recipe = captured.recipe
    assert any("Shadow check" in note for note in captured.notes)
    assert (recipe.epochs, recipe.batch_size) == ((20, 40) if loop == "whole" else (6, 10))
    assert recipe.loss_name == "sparse_categorical_crossentropy"
    assert {"optimizer", "rounds", "loss", "backward", "step"} <= recipe.sites.keys()


def test_the_first_rounds_tell_the_others_and_the_script_ends_there(write):
    long = LOOPS["loader"].replace("range(6)", "range(500)")
    path = write(HEAD + NETWORKS["sequential"] + long + END)
    recipe = capture_script(path).recipe
    assert recipe.epochs == 500 and recipe.shuffle
    assert not os.path.exists(f"{path}.state")


def test_a_round_may_be_a_call_of_a_function(write):
    """Each call has a frame of its own; the loop around it is the same."""
    body = "    for xb, yb in loader:\n" + STEP
    path = write(HEAD + NETWORKS["sequential"] + ADAM + LOADER + f"def train(epoch):\n{body}"
                 + "for epoch in range(500):\n    train(epoch)\n" + END)
    assert capture_script(path).recipe.epochs == 500
    assert not os.path.exists(f"{path}.state")


def loop_of(write, old, new, *, network="sequential", loop="loader"):
    text = HEAD + NETWORKS[network] + LOOPS[loop]
    assert old in text
    return capture_script(write(text.replace(old, new))).recipe


def test_gradients_that_are_never_cleared(write):
    recipe = loop_of(write, "        opt.zero_grad()\n", "")
    assert recipe.loop == Loop(clears="never")


def test_gradients_that_are_cleared_before_the_step(write):
    recipe = loop_of(write, STEP, STEP.replace("        opt.zero_grad()\n", "").replace(
        "        opt.step()", "        opt.zero_grad()\n        opt.step()"))
    assert recipe.loop == Loop(clears="lost")


def test_a_step_for_each_epoch_only(write):
    recipe = loop_of(write, "        opt.step()\n", "    opt.step()\n")
    assert recipe.loop == Loop(clears="batch", steps_every=4)


def test_no_step_at_all(write):
    assert loop_of(write, "        opt.step()\n", "").loop == Loop(steps_every=0)


def test_a_network_left_in_the_mode_of_inference(write):
    assert loop_of(write, ADAM, "model.eval()\n" + ADAM).loop == Loop(training=False)
    recipe = loop_of(write, "    model.train()\n", "", loop="validated")
    assert recipe.loop == Loop(training_for=4)


def test_an_optimizer_that_lacks_a_layer(write):
    recipe = loop_of(write, LOADER, "model[3] = nn.Linear(8, 3)\n" + LOADER)
    assert recipe.loop is not None
    assert recipe.loop.untrained == {"linear_3/kernel", "linear_3/bias"}


def test_a_layer_that_is_frozen(write):
    recipe = loop_of(write, ADAM, "model[0].requires_grad_(False)\n" + ADAM)
    assert [layer.name for layer in recipe.layers if layer.config.get("trainable") is False] == [
        "linear_0"]


def test_a_graph_that_is_cut_and_a_layer_made_anew(write):
    recipe = loop_of(write, "self.two(F.leaky_relu(self.norm(self.one(x))))",
                     "self.two(nn.Linear(8, 8)(self.norm(self.one(x)).detach()))", network="class")
    assert [layer.kind for layer in recipe.layers if layer.config.get("cuts")] == ["Detach"]
    assert [layer.kind for layer in recipe.layers if layer.config.get("made_anew")] == ["Dense"]


def test_targets_that_meet_all_outputs(write):
    text = HEAD + """
y = x[:, 0]
weight, bias = torch.randn(6, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
opt = torch.optim.Adam([weight, bias], lr=0.01)
for epoch in range(8):
    out = x.mm(weight) + bias
    loss = ((out - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
"""
    recipe = capture_script(write(text)).recipe
    assert type(recipe.loss).__name__ == "AllPairs"
    (dense,) = (layer for layer in recipe.layers if layer.kind == "Dense")
    assert dense.config["kernel_initializer"]["class_name"] == "RandomNormal"
    assert dense.config["bias_initializer"]["class_name"] == "Zeros"


REFUSED = {
    "opt = torch.optim.LBFGS(model.parameters())": "LBFGS",
    "opt = torch.optim.SGD([{'params': model[0].parameters(), 'momentum': 0.9},"
    " {'params': model[3].parameters()}], lr=0.01)": "groups of parameters",
}


@pytest.mark.parametrize("optimizer", REFUSED)
def test_an_optimizer_that_replicas_do_not_have_is_refused_by_name(write, optimizer):
    text = HEAD + NETWORKS["sequential"] + LOADER + optimizer + """
for epoch in range(3):
    for xb, yb in loader:
        def closure():
            opt.zero_grad()
            loss = F.cross_entropy(model(xb), yb)
            loss.backward()
            return loss
        opt.step(closure)
"""
    with pytest.raises(NotSupported, match=REFUSED[optimizer]):
        capture_script(write(text))


def test_a_network_that_branches_on_its_data_is_refused_with_its_line(write):
    text = HEAD + NETWORKS["class"].replace(
        "        return self.two(", "        if x[0, 0] > 0:\n            x = torch.sin(x)\n"
        "        return self.two(") + LOOPS["loader"]
    with pytest.raises(NotSupported, match=r"branches on data"):
        capture_script(write(text))


def test_two_losses_in_turn_are_refused(write):
    text = HEAD + NETWORKS["sequential"] + ADAM + """
for epoch in range(3):
    out = model(x)
    F.cross_entropy(out, y).backward(retain_graph=True)
    out.pow(2).mean().backward()
    opt.step()
    opt.zero_grad()
"""
    with pytest.raises(NotSupported, match="two losses"):
        capture_script(write(text))


def test_an_operation_without_counterpart_is_refused_with_its_line(write):
    text = HEAD + NETWORKS["class"].replace("self.norm(self.one(x))", "torch.fft.fft(self.one(x)).real")
    with pytest.raises(NotSupported, match=r"fft.*line"):
        capture_script(write(text + LOOPS["loader"]))


def test_a_penalty_on_weights_is_that_of_the_layers(write):
    penalty = "1e-3 * sum(p.pow(2).sum() for p in model.parameters() if p.dim() > 1)"
    recipe = loop_of(write, "        loss.backward()\n",
                     f"        loss = loss + {penalty}\n        loss.backward()\n")
    (one, two) = (layer.config for layer in recipe.layers if layer.kind == "Dense")
    for config in (one, two):
        assert config["kernel_regularizer"]["config"]["l2"] == pytest.approx(1e-3)
        assert config["bias_regularizer"] is None
    assert recipe.loss_name == "sparse_categorical_crossentropy"


def test_a_penalty_of_another_kind_is_refused(write):
    with pytest.raises(NotSupported, match="sum of their squares"):
        loop_of(write, "        loss.backward()\n", "        loss = loss + 1e-3 * sum("
                "p.norm() for p in model.parameters())\n        loss.backward()\n")


def test_weights_that_are_changed_by_hand_are_refused_with_what_to_do(write):
    text = HEAD + NETWORKS["sequential"] + """
for epoch in range(3):
    F.cross_entropy(model(x), y).backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 0.1 * p.grad
            p.grad = None
"""
    with pytest.raises(NotSupported, match=r"by hand.*torch.optim.SGD"):
        capture_script(write(text))


BY_NUMBER = HEAD + NETWORKS["sequential"] + ADAM + """
first = {name: one.clone() for name, one in model.state_dict().items()}
for epoch in range(20):
    for i in range(0, 40, 10):
        xb, yb = x[i:i + 10], y[i:i + 10]
""" + STEP + "    if epoch == 15:\n        "


def test_what_a_loop_does_in_a_later_round_is_seen(write):
    """After the updates of the shadow check, and after the rounds that tell what an epoch is."""
    captured = capture_script(write(BY_NUMBER + "opt.param_groups[0]['lr'] = 1.0\n"))
    rates = captured.recipe.optimizer.config["learning_rate"]["config"]["rates"]
    assert rates == [0.01] * 16 + [1.0] * 4
    with pytest.raises(NotSupported, match="changed between two steps"):
        capture_script(write(BY_NUMBER + "model.load_state_dict(first)\n"))


def test_rounds_that_are_not_run_are_told_where_they_go_by_their_number(write, monkeypatch):
    monkeypatch.setattr("unstuck.capture.torch.hooks.LOOKS_ON", 0.0)
    captured = capture_script(write(BY_NUMBER + "opt.param_groups[0]['lr'] = 1.0\n"))
    line = BY_NUMBER.count("\n")
    assert any(f"Line {line} goes by the number of the round" in note for note in captured.notes)


def test_mixed_precision_is_left_out_and_told(write):
    text = HEAD + NETWORKS["sequential"] + LOOPS["loader"].replace(
        "        loss = F.cross_entropy(model(xb), yb)\n",
        "        with torch.autocast('cpu', dtype=torch.bfloat16):\n"
        "            loss = F.cross_entropy(model(xb), yb)\n")
    assert any("float32" in note for note in capture_script(write(text)).notes)


def test_a_loop_that_does_not_fit_into_memory_is_taped_as_far_as_there_is_room(write, monkeypatch):
    monkeypatch.setattr("unstuck.capture.torch.hooks.MOST_BYTES", 60 * 10 * 6 * 4)
    text = HEAD + NETWORKS["sequential"] + ADAM + (
        "for step in range(100):\n    if True:\n        xb = torch.randn(10, 6)\n"
        "        yb = (xb[:, 0] > 0).long()\n" + STEP)
    captured = capture_script(write(text))
    assert captured.recipe.updates == 100 and len(captured.recipe.x) < 1000
    assert any("There is room" in note for note in captured.notes)


def test_a_gradient_of_ones_own_that_is_not_followed_is_refused(write):
    """From the user's own weights every loss is right; what the updates do to the weights is not."""
    text = HEAD + """
class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, slope):
        return 2 * slope
""" + NETWORKS["class"].replace("self.norm(self.one(x))", "Doubled.apply(self.one(x))")
    with pytest.raises(NotSupported, match="would not train as it does"):
        capture_script(write(text + LOOPS["loader"]))


def test_a_script_that_trains_nothing(write):
    with pytest.raises(NoFitCall, match="without a step"):
        capture_script(write(HEAD))


def test_torch_is_left_as_it_was(write):
    before = torch.get_rng_state(), torch.optim.Optimizer.zero_grad, torch.nn.Module.__init__
    capture_script(write(HEAD + NETWORKS["sequential"] + LOOPS["loader"]))
    after = torch.get_rng_state(), torch.optim.Optimizer.zero_grad, torch.nn.Module.__init__
    assert bool((before[0] == after[0]).all()) and before[1:] == after[1:]


def test_the_second_of_two_trainings_begins_with_what_the_first_one_learned(write):
    text = HEAD + NETWORKS["sequential"] + LOOPS["loader"] + (
        "model[3] = nn.Linear(8, 3)\n" + LOOPS["slices"])
    first = capture_script(write(text))
    assert (first.index, first.of) == (1, 2) and not first.recipe.architecture.kept
    second = capture_script(write(text), fit="2")
    assert second.recipe.architecture.kept == {"linear_0/kernel", "linear_0/bias"}
    with pytest.raises(UnstuckError, match="2 trainings"):
        capture_script(write(text), fit="3")


def test_a_word_for_where_torch_is_missing(write, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UnstuckError, match=r"pip install 'unstuck\[torch\]'"):
        capture_script(write(HEAD))


def test_arrays_of_the_batches_are_the_rows(write):
    recipe = capture_script(write(HEAD + NETWORKS["sequential"] + LOOPS["slices"])).recipe
    torch.manual_seed(3)
    np.testing.assert_array_equal(recipe.x, torch.randn(40, 6).numpy())
