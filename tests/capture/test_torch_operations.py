"""Layers and functions of torch's: the recipe that they are taken for gives torch's own losses.

Capturing a script raises where the shadow check fails: forward pass, gradients and updates are then
compared with torch's.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from unstuck.base.errors import NotSupported
from unstuck.capture import capture_script

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

SCRIPT = """
import math
import torch
import torch.nn as nn
import torch.nn.functional as F
torch.set_num_threads(1)
torch.manual_seed(3)
x = {rows}
y = torch.randint(0, 3, (40,))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {made}

    def forward(self, x):
        {forward}


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(6):
    for i in range(0, 40, 10):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[i:i + 10]), y[i:i + 10])
        loss.backward()
        optimizer.step()
"""
VECTORS, STEPS, WORDS, PICTURES = (
    "torch.randn(40, 6)", "torch.randn(40, 5, 4)", "torch.randint(0, 12, (40, 7))",
    "torch.randn(40, 3, 8, 8)")
NETWORKS = {
    "two recurrent layers in both directions, masks between them": (
        WORDS,
        ["self.words = nn.Embedding(12, 6, padding_idx=0)",
         "self.cell = nn.LSTM(6, 5, 2, dropout=0.3, bidirectional=True, batch_first=True)",
         "self.end = nn.Linear(15, 3)"],
        ["_, (h, c) = self.cell(self.words(x))",
         "return self.end(torch.cat([h[-2], h[-1], c[-1]], 1))"]),
    "a loop over steps with a layer that is called again": (
        STEPS,
        ["self.cell, self.again = nn.GRUCell(4, 5), nn.Linear(10, 5)", "self.end = nn.Linear(5, 3)"],
        ["h = torch.zeros(x.size(0), 5)",
         "for step in x.unbind(1):",
         "    h = self.cell(step, torch.tanh(self.again(torch.cat((h, h.flip(1)), 1))))",
         "return self.end(h)"]),
    "a transformer with places, a first token and masks": (
        WORDS,
        ["self.words = nn.Embedding(12, 8)",
         "self.places = nn.Parameter(torch.randn(1, 8, 8) * 0.1)",
         "self.first = nn.Parameter(torch.zeros(1, 1, 8))",
         "layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.2, batch_first=True)",
         "self.blocks, self.end = nn.TransformerEncoder(layer, 1), nn.Linear(8, 3)"],
        ["empty = F.pad(x == 0, (1, 0), value=0.0)",
         "h = torch.cat([self.first.expand(x.size(0), -1, -1), self.words(x)], dim=1)",
         "return self.end(self.blocks(h + self.places, src_key_padding_mask=empty)[:, 0])"]),
    "attention by hand, and by torch's function": (
        STEPS,
        ["self.all, self.end = nn.Linear(4, 24), nn.Linear(8, 3)",
         "self.register_buffer('seen', torch.tril(torch.ones(5, 5)))"],
        ["b, t, _ = x.shape",
         "q, k, v = (h.view(b, t, 2, 4).transpose(1, 2) for h in self.all(x).chunk(3, dim=-1))",
         "one = F.scaled_dot_product_attention(q, k, v, dropout_p=0.2, is_causal=True)",
         "by = (q @ k.transpose(-2, -1) / math.sqrt(4)).masked_fill(self.seen == 0, float('-inf'))",
         "h = one + torch.einsum('bhqk,bhkd->bhqd', by.softmax(-1), v)",
         "return self.end(h.transpose(1, 2).reshape(b, t, 8).mean(1))"]),
    "down and up again": (
        PICTURES,
        ["self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)",
         "self.up = nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1)",
         "self.norm, self.bend = nn.GroupNorm(2, 8), nn.PReLU(8)",
         "self.shuffle, self.pool = nn.PixelShuffle(2), nn.AdaptiveAvgPool2d((3, 3))",
         "self.end = nn.Linear(18, 3)"],
        ["h = self.down(x)",
         "wide = F.interpolate(h, scale_factor=2, mode='bilinear', align_corners=False)",
         "h = self.bend(self.norm(torch.cat([self.up(h), wide], 1)))",
         "return self.end(self.pool(self.shuffle(h)).flatten(1))"]),
    "parameters of one's own": (
        VECTORS,
        ["self.one = nn.utils.parametrizations.weight_norm(nn.Linear(6, 8))",
         "self.scale, self.centers = nn.Parameter(torch.ones(1)), nn.Parameter(torch.randn(5, 8))",
         "self.back = nn.Parameter(torch.zeros(6))", "self.end = nn.Linear(11, 3)"],
        ["h = F.relu6(self.one(x)) * self.scale",
         "near = torch.exp(-torch.cdist(F.normalize(h, dim=1), self.centers) ** 2)",
         "again = F.linear(near, self.centers.t()[:6], self.back)",
         "return self.end(torch.cat([near.cumsum(1), again.clamp(min=-1)], 1))"]),
    "noise on the way": (
        VECTORS, ["self.mean, self.spread = nn.Linear(6, 4), nn.Linear(6, 4)",
                  "self.end = nn.Linear(4, 3)"],
        ["m, s = self.mean(x), self.spread(x)",
         "return self.end(m + torch.exp(0.5 * s) * torch.randn_like(s))"]),
}


def script(name):
    rows, made, forward = NETWORKS[name]
    indent = "\n        "
    return SCRIPT.format(rows=rows, made=indent.join(made), forward=indent.join(forward))


QUICK = ("a loop over steps with a layer that is called again", "parameters of one's own")
SLOW = pytest.mark.skipif(not os.environ.get("UNSTUCK_SLOW"), reason="UNSTUCK_SLOW is not set")


@pytest.mark.parametrize("name", [
    name if name in QUICK else pytest.param(name, marks=[SLOW, pytest.mark.slow]) for name in NETWORKS])
def test_its_recipe_gives_its_losses(write, name):
    captured = capture_script(write(script(name)))
    assert any("Shadow check: the first 24 updates" in note for note in captured.notes)


def test_an_activation_behind_a_layer_that_is_called_again_is_no_part_of_it(write):
    recipe = capture_script(write(script("a loop over steps with a layer that is called again"))).recipe
    again = recipe.architecture.layer("again")
    assert again.config["activation"] == "linear"


def test_an_embedding_keeps_its_row_of_zeros(write):
    recipe = capture_script(write(script(next(iter(NETWORKS))))).recipe
    built = recipe.build()
    (table,) = (v for v in built.model.trainable_variables if v.path == "words/embeddings")
    drawn = np.asarray(built.initializers[id(table)]((12, 6)))
    assert not drawn[0].any() and drawn[1:].all()


def test_what_is_packed_is_refused_with_what_to_do(write):
    text = SCRIPT.format(
        rows=STEPS, made="self.cell, self.end = nn.LSTM(4, 5, batch_first=True), nn.Linear(5, 3)",
        forward="packed = nn.utils.rnn.pack_padded_sequence(x, [5] * len(x), batch_first=True)\n"
                "        return self.end(self.cell(packed)[1][0][-1])")
    with pytest.raises(NotSupported, match=r"packs sequences.*line"):
        capture_script(write(text))
