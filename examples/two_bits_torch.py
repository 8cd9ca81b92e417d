"""Why does an autoencoder not learn the four 2-bit patterns? The same question, in PyTorch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

inputs = torch.randint(0, 2, (800, 2)).float()
loader = DataLoader(TensorDataset(inputs), batch_size=8, shuffle=True)

input_dim = 2
encoded_dim = 4


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(input_dim, encoded_dim)
        self.decoder = nn.Linear(encoded_dim, input_dim)
        self.output = nn.Linear(input_dim, input_dim)

    def forward(self, x):
        encoded = torch.relu(self.encoder(x))
        decoded = torch.relu(self.decoder(encoded))
        return torch.sigmoid(self.output(decoded))


autoencoder = Autoencoder()
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(autoencoder.parameters())

for epoch in range(12):
    for (x,) in loader:
        optimizer.zero_grad()
        loss = criterion(autoencoder(x), x)
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch + 1:2d}  loss {loss.item():.4f}")

patterns = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
with torch.no_grad():
    print(autoencoder(patterns).round(decimals=2))
