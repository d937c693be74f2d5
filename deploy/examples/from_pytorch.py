"""Trains a small VAE in PyTorch for one epoch and writes it as a file that Posterior serves.

Usage: python from_pytorch.py vae.safetensors       (needs: pip install torch safetensors numpy; apt-get install dataset-fashion-mnist)
"""
import gzip
import json
import sys

import numpy
import torch
from safetensors.torch import save_file
from torch.nn import functional as F


class VAE(torch.nn.Module):
    """The VAE of most PyTorch tutorials: 784-400-(20, 20) and back, ln variance as the second head."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = torch.nn.Linear(784, 400), torch.nn.Linear(400, 20), torch.nn.Linear(400, 20)
        self.fc3, self.fc4 = torch.nn.Linear(20, 400), torch.nn.Linear(400, 784)

    def encode(self, x):
        h = torch.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def decode(self, z):
        return torch.sigmoid(self.fc4(torch.relu(self.fc3(z))))

    def loss(self, x):
        mean, log_variance = self.encode(x)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        cross_entropy = F.binary_cross_entropy(self.decode(z), x, reduction="sum")
        return cross_entropy - 0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()


def train(model):
    with gzip.open("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz") as file:
        pixels = numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 784)
    x = torch.tensor(pixels, dtype=torch.float32) / 255
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for batch in x[torch.randperm(len(x))].split(128):
        optimizer.zero_grad()
        model.loss(batch).backward()
        optimizer.step()


torch.manual_seed(0)
model = VAE()
train(model)

# Everything that Posterior needs: other names for the tensors, and what they mean.
names = {"fc1": "encoder.0", "fc21": "mean", "fc22": "scale", "fc3": "decoder.0", "fc4": "output"}
tensors = {f"{names[layer]}.{kind}": value.contiguous() for (layer, kind), value in
           ((name.split("."), value) for name, value in model.state_dict().items())}
posterior = {
    "format": 1, "family": "vae",
    "configuration": {"latent": 20, "hidden": [400], "activation": "relu", "scale": "exp_half", "likelihood": "bernoulli"},
    "signature": {"kind": "image", "shape": [28, 28], "range": [0, 255]},
}
save_file(tensors, sys.argv[1], metadata={"posterior": json.dumps(posterior)})
