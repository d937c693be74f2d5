"""Images a second of PyTorch eager on the VAEs of deploy/recipes. Usage: train_torch.py BATCH [reference-vae | convolutional-vae]"""
import os
import sys
import time

import torch
from torch import nn

batch = int(sys.argv[1])
convolutional = len(sys.argv) > 2 and sys.argv[2] == "convolutional-vae"
steps = 40 if convolutional else 120
torch.set_num_threads(os.cpu_count())
if convolutional:
    encoder = nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten(),
        nn.Linear(3136, 256), nn.ReLU(), nn.Linear(256, 128))
    decoder = nn.Sequential(
        nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 3136), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
        nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Flatten())
else:
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
