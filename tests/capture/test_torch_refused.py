"""What is refused is refused by name: the line, what it is, and what to do."""

from __future__ import annotations

import pytest

from unstuck.base.errors import NotSupported
from unstuck.capture import capture_script

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

HEAD = """import torch
from torch import nn
torch.manual_seed(0)
x = torch.randn(64, 3)
y = x.sum(1, keepdim=True)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
"""
STEP = """
    opt.zero_grad()
    loss.backward()
    opt.step()
"""
GAN = """critic = nn.Linear(3, 1)
maker = nn.Linear(2, 3)
opt_c = torch.optim.Adam(critic.parameters())
opt_m = torch.optim.Adam(maker.parameters())
judged, one, none = nn.BCEWithLogitsLoss(), torch.ones(64, 1), torch.zeros(64, 1)
for epoch in range(3):
    made = maker(torch.randn(64, 2))
    opt_c.zero_grad()
    judged(critic(x), one).backward()
    judged(critic(made.detach()), none).backward()
    opt_c.step()
    opt_m.zero_grad()
    judged(critic(made), one).backward()
    opt_m.step()
"""
ENVIRONMENT = """class Env:
    def reset(self):
        return torch.zeros(3)

    def step(self, action):
        return torch.randn(3), 1.0, True

env = Env()
state = env.reset()
for episode in range(60):
    value = model(state)
    state, reward, done = env.step(value > 0)
    loss = (value - reward) ** 2
"""
BRANCH = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(3, 3), nn.Linear(3, 1)

    def forward(self, x):
        x = self.one(x)
        if x.mean() > 0:
            x = torch.relu(x)
        return self.two(x)

model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for i in range(60):
    loss = ((model(torch.randn(8, 3)) - 1) ** 2).mean()
"""
LOSS = "for epoch in range(60):\n    loss = ((model(x) - y) ** 2).mean()\n"
CASES = {
    "a GAN": (GAN, 18, "as in a GAN.*take the other optimizer's step out"),
    "an environment": (ENVIRONMENT + STEP, 19, "asks an environment.*into arrays"),
    "two optimizers of one loss": (
        "one = torch.optim.SGD(model[0].parameters(), lr=0.1)\n"
        "two = torch.optim.SGD(model[2].parameters(), lr=0.1)\n"
        "for epoch in range(60):\n    ((model(x) - y) ** 2).mean().backward()\n"
        "    one.step()\n    two.step()\n", 12, "Give one optimizer all"),
    "several processes": (
        "import torch.distributed as dist\ndist.init_process_group('gloo')\n" + LOSS + STEP, 9,
        "several processes. Run it in one"),
    "processes begun": (
        "import torch.multiprocessing as mp\nmp.spawn(print, nprocs=2)\n", 9, "several processes"),
    "a branch": (BRANCH + STEP, 15, "branches on data. Take the branch out"),
    "several outputs": (
        "code = nn.Linear(3, 2)\n"
        "opt = torch.optim.SGD([*model.parameters(), *code.parameters()], lr=0.1)\n"
        "for epoch in range(60):\n    mean = code(x)\n"
        "    loss = ((model(x) - y) ** 2).mean() + mean.pow(2).mean()\n" + STEP, 16,
        r"reads 2 outputs.*line 12.*no sum of one term.*leave the others out"),
    "half of the digits": (
        "model, x, y = model.bfloat16(), x.bfloat16(), y.bfloat16()\n" + LOSS + STEP, 10,
        r"computes in bfloat16.*Take half\(\)"),
    "gradients by another function": (
        "for epoch in range(60):\n    loss = ((model(x) - y) ** 2).mean()\n"
        "    for p, g in zip(model.parameters(), torch.autograd.grad(loss, [*model.parameters()])):\n"
        "        p.grad = g\n    opt.step()\n", 10, r"autograd.grad.*Call loss.backward\(\)"),
    "gradients of a function": (
        "from torch.func import functional_call, grad\nown = dict(model.named_parameters())\n"
        "def mean(own):\n    return ((functional_call(model, own, (x,)) - y) ** 2).mean()\n"
        "for epoch in range(3):\n    own = {k: v - grad(mean)(own)[k] for k, v in own.items()}\n", 13,
        r"func.grad.*Call loss.backward\(\)"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_by_name_with_its_line(tmp_path, name, capfd):
    text, line, told = CASES[name]
    path = tmp_path / "train.py"
    path.write_text(HEAD + text)
    with pytest.raises(NotSupported, match=f"(?s){told}") as refused:
        capture_script(path)
    assert "\n" not in str(refused.value) and "Traceback" not in capfd.readouterr().err
    assert str(refused.value).startswith("train.py, line ") and f"line {line}" in str(refused.value)


def test_compiling_is_left_out_and_told(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(HEAD + "model = torch.compile(model)\n" + LOSS + STEP)
    assert any("torch.compile was left out" in note for note in capture_script(path).notes)


def test_a_question_that_all_batches_answer_alike_is_told(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(HEAD + BRANCH.replace("x.mean() > 0", "x.mean() > 99") + STEP)
    assert any(note.startswith("Line 15 asks") for note in capture_script(path).notes)
