"""Torch scripts as people write them: ten shapes of loop, four networks."""

from __future__ import annotations

HEAD = """import argparse, copy, math, random, time, os
from dataclasses import dataclass
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split
torch.set_num_threads(1)
torch.manual_seed(3); np.random.seed(3); random.seed(3)
"""
DATA = {
    "dense": """X = torch.randn(60, 6)
Y = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()
""",
    "conv": """X = torch.randn(60, 1, 6, 6)
Y = (X[:, 0, 0].sum(1) > 0).long() + (X[:, 0, 1].sum(1) > 0).long()
""",
    "lstm": """X = torch.randn(60, 5, 3)
Y = (X[:, 0, 0] > 0).long() + (X[:, -1, 1] > 0).long()
""",
    "attn": """X = torch.randint(0, 9, (60, 6))
Y = (X[:, 0] > 4).long() + (X[:, 1] > 4).long()
""",
}
NETWORKS = {
    "dense": """
class Net(nn.Module):
    def __init__(self, hidden=8, p=0.1):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(6, hidden)
        self.bn = nn.BatchNorm1d(hidden)
        self.fc2 = nn.Linear(hidden, 3)
        self.drop = nn.Dropout(p)
    def forward(self, x):
        return self.fc2(self.drop(F.relu(self.bn(self.fc1(x)))))
""",
    "conv": """
class Net(nn.Module):
    def __init__(self, hidden=4):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, hidden, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(hidden * 9, 3))
    def forward(self, x):
        return self.classifier(self.features(x))
""",
    "lstm": """
class Net(nn.Module):
    def __init__(self, hidden=6):
        super().__init__()
        self.hidden = hidden
        self.lstm = nn.LSTM(3, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 3)
    def forward(self, x):
        h0 = torch.zeros(1, x.size(0), self.hidden)
        c0 = torch.zeros(1, x.size(0), self.hidden)
        out, _ = self.lstm(x, (h0, c0))
        return self.fc(out[:, -1, :])
""",
    "attn": """
class Net(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.embed = nn.Embedding(9, hidden)
        self.enc = nn.TransformerEncoderLayer(hidden, 2, 16, dropout=0.1, batch_first=True)
        self.fc = nn.Linear(hidden, 3)
    def forward(self, x):
        return self.fc(self.enc(self.embed(x)).mean(dim=1))
""",
}
LOOPS = {
    "a train function for each epoch, validation, the best weights": """
def train_one_epoch(model, loader, criterion, optimizer, device):
    model.train()
    running_loss, correct, total = 0.0, 0, 0
    for inputs, labels in loader:
        inputs, labels = inputs.to(device), labels.to(device)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item() * inputs.size(0)
        _, predicted = torch.max(outputs.data, 1)
        total += labels.size(0)
        correct += (predicted == labels).sum().item()
    return running_loss / total, correct / total

@torch.no_grad()
def evaluate(model, loader, criterion, device):
    model.eval()
    total = 0.0
    for inputs, labels in loader:
        total += criterion(model(inputs.to(device)), labels.to(device)).item()
    return total / len(loader)

def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    ds = TensorDataset(X, Y)
    tr, va = random_split(ds, [48, 12])
    tl = DataLoader(tr, batch_size=16, shuffle=True, num_workers=0)
    vl = DataLoader(va, batch_size=16)
    model = Net().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-4)
    best = float("inf")
    for epoch in range(12):
        tloss, acc = train_one_epoch(model, tl, criterion, optimizer, device)
        vloss = evaluate(model, vl, criterion, device)
        if vloss < best:
            best = vloss
            best_state = copy.deepcopy(model.state_dict())
        print(f"Epoch {epoch+1}: {tloss:.4f} {acc:.3f} {vloss:.4f}")
    model.load_state_dict(best_state)
    return model

if __name__ == "__main__":
    model = main()
""",
    "a dataset class, a wait for the best": """
class MyDataset(Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __len__(self):
        return len(self.x)
    def __getitem__(self, idx):
        return self.x[idx], self.y[idx]

train_loader = DataLoader(MyDataset(X[:48], Y[:48]), batch_size=12, shuffle=True)
model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
patience, wait, best = 3, 0, 1e9
for epoch in range(30):
    model.train()
    for i, (data, target) in enumerate(train_loader):
        optimizer.zero_grad()
        output = model(data)
        loss = criterion(output, target)
        loss.backward()
        optimizer.step()
        if i % 2 == 0:
            print('Train Epoch: {} [{}/{}]'.format(epoch, i * len(data), len(train_loader.dataset)))
    model.eval()
    with torch.no_grad():
        val = criterion(model(X[48:]), Y[48:]).item()
    if val < best - 1e-3:
        best, wait = val, 0
        torch.save(model.state_dict(), os.devnull)
    else:
        wait += 1
        if wait >= patience:
            print("early stopping")
            break
""",
    "rows drawn for each step": """
model = Net()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
def get_batch(n=16):
    ix = torch.randint(0, len(X), (n,))
    return X[ix], Y[ix]
for it in range(100):
    xb, yb = get_batch()
    loss = F.cross_entropy(model(xb), yb)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 20 == 0:
        print(it, loss.item())
""",
    "a class with a config, clipping and a plan by the epoch": """
@dataclass
class Config:
    epochs: int = 8
    batch_size: int = 12
    lr: float = 0.01
    clip: float = 1.0

class Trainer:
    def __init__(self, model, cfg):
        self.model, self.cfg = model, cfg
        self.opt = optim.Adam(self.model.parameters(), lr=cfg.lr)
        self.sched = optim.lr_scheduler.StepLR(self.opt, step_size=3, gamma=0.5)
        self.loss_fn = nn.CrossEntropyLoss(label_smoothing=0.1)
        self.history = []
    def step(self, batch):
        x, y = batch
        out = self.model(x)
        return self.loss_fn(out, y)
    def fit(self, loader):
        for epoch in range(self.cfg.epochs):
            self.model.train()
            losses = []
            for batch in loader:
                self.opt.zero_grad()
                loss = self.step(batch)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg.clip)
                self.opt.step()
                losses.append(loss.item())
            self.sched.step()
            self.history.append(np.mean(losses))
            print(epoch, self.history[-1], self.sched.get_last_lr())

cfg = Config()
trainer = Trainer(Net(), cfg)
trainer.fit(DataLoader(TensorDataset(X, Y), batch_size=cfg.batch_size, shuffle=True, drop_last=True))
model = trainer.model
""",
    "arguments, numpy's shuffle, weighted classes": """
def parse():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--lr", type=float, default=0.05)
    p.add_argument("--batch-size", type=int, default=20)
    return p.parse_args()

args = parse()
model = Net()
optimizer = optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, nesterov=True, weight_decay=5e-4)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 1.0]))
idx = np.arange(len(X))
for epoch in range(args.epochs):
    np.random.shuffle(idx)
    for start in range(0, len(X), args.batch_size):
        b = idx[start:start + args.batch_size]
        out = model(X[b])
        loss = criterion(out, Y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
""",
    "a plan by the batch that moves momentum": """
model = Net()
loader = DataLoader(TensorDataset(X, Y), batch_size=10, shuffle=True)
opt = optim.AdamW(model.parameters(), lr=1e-3)
sched = optim.lr_scheduler.OneCycleLR(opt, max_lr=0.02, epochs=8, steps_per_epoch=len(loader))
for epoch in range(8):
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.nll_loss(F.log_softmax(model(xb), dim=1), yb)
        loss.backward()
        opt.step()
        sched.step()
""",
    "gradients of three batches": """
model = Net()
opt = optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(TensorDataset(X, Y), batch_size=10, shuffle=True)
accum = 3
opt.zero_grad()
for epoch in range(9):
    for i, (xb, yb) in enumerate(loader):
        loss = F.cross_entropy(model(xb), yb) / accum
        loss.backward()
        if (i + 1) % accum == 0:
            opt.step()
            opt.zero_grad()
""",
    "groups with rates and decays of their own": """
model = Net()
decay = [p for p in model.parameters() if p.dim() > 1]
nodecay = [p for p in model.parameters() if p.dim() <= 1]
opt = optim.AdamW([{"params": decay, "weight_decay": 0.1},
                   {"params": nodecay, "weight_decay": 0.0, "lr": 1e-2}], lr=5e-3)
loader = DataLoader(TensorDataset(X, Y), batch_size=12, shuffle=True)
for epoch in range(8):
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
""",
    "closures, and gradients clipped by hand": """
model = Net()
opt = optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for g in opt.param_groups:
        g["lr"] = 0.1 * 0.5 ** (epoch // 4)
    for i in range(0, 60, 20):
        def closure():
            opt.zero_grad()
            loss = F.cross_entropy(model(X[i:i + 20]), Y[i:i + 20])
            loss.backward()
            for p in model.parameters():
                p.grad.data.clamp_(-0.1, 0.1)
            return loss
        opt.step(closure)
""",
    "a loss class of one's own": """
class FocalLoss(nn.Module):
    def __init__(self, gamma=2.0):
        super().__init__()
        self.gamma = gamma
    def forward(self, logits, target):
        ce = F.cross_entropy(logits, target, reduction="none")
        pt = torch.exp(-ce)
        return ((1 - pt) ** self.gamma * ce).mean()

model = Net()
criterion = FocalLoss()
opt = optim.RMSprop(model.parameters(), lr=5e-3)
for epoch in range(10):
    perm = torch.randperm(X.size(0))
    for i in range(0, X.size(0), 15):
        ind = perm[i:i + 15]
        opt.zero_grad()
        loss = criterion(model(X[ind]), Y[ind])
        loss.backward()
        opt.step()
""",
}
END = """
import hashlib
from pathlib import Path
state = b"".join(p.detach().numpy().tobytes() for p in model.parameters())
state += torch.get_rng_state().numpy().tobytes() + torch.rand(3).numpy().tobytes()
path = Path(__file__ + ".state")
path.write_text((path.read_text() if path.exists() else "") + hashlib.sha256(state).hexdigest() + "\\n")
"""


def script(loop: str, network: str) -> str:
    """One that trains a network by a loop, and writes down a mark of what it has then."""
    return HEAD + DATA[network] + NETWORKS[network] + LOOPS[loop] + END
