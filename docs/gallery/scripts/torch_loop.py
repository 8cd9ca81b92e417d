"""A loop of torch's that never clears its gradients."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(400, 2)
y = (x.norm(dim=1, keepdim=True) > 1.2).float()

model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)

for _ in range(40):
    for start in range(0, 400, 32):
        loss = criterion(model(x[start:start + 32]), y[start:start + 32])
        loss.backward()
        optimizer.step()
print("loss", loss.item())
