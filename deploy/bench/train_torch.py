"""Images a second of PyTorch eager on the reference VAE. Usage: train_torch.py BATCH"""
import os
import sys
import time

import torch
from torch import nn

batch, steps = int(sys.argv[1]), 120
torch.set_num_threads(os.cpu_count())
encoder = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 128))
decoder = nn.Sequential(nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 784))
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-3)
x = (torch.rand(batch, 784) > 0.8).float()
for step in range(steps + 20):
    if step == 20:
        start = time.perf_counter()
    mean, log_variance = encoder(x).chunk(2, 1)
    z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
    cross_entropy = nn.functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
    loss = (cross_entropy - 0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()) / batch
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(round(steps * batch / (time.perf_counter() - start)))
