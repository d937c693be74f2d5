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

    def log_likelihood(self, x, pixels):
        return -F.binary_cross_entropy(pixels, x, reduction="none").sum(1)

    def loss(self, x):
        mean, log_variance = self.encode(x)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        return -self.log_likelihood(x, self.decode(z)).sum() - 0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()


def images():
    with gzip.open("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz") as file:
        pixels = numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 784)
    return torch.tensor(pixels, dtype=torch.float32)


def train(model, x):
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for batch in x[torch.randperm(len(x))].split(128):
        optimizer.zero_grad()
        model.loss(batch).backward()
        optimizer.step()


def check(model, x):
    """Some items and what the model makes of them, which Posterior compares when the file is uploaded."""
    with torch.no_grad():
        mean, log_variance = model.encode(x / 255)
        deviation, pixels = torch.exp(0.5 * log_variance), model.decode(mean)
        return {
            "inputs": x.tolist(), "layers": [{"mean": mean.tolist(), "scale": deviation.tolist()}], "reconstructions": (255 * pixels).tolist(),
            "kl_nats": (0.5 * (mean**2 + deviation**2 - 1 - log_variance).sum(1)).tolist(),
            "reconstruction_nats": model.log_likelihood(x / 255, pixels).tolist(),
        }


torch.manual_seed(0)
model, pixels = VAE(), images()
train(model, pixels / 255)

# Everything that Posterior needs: other names for the tensors, and what they mean.
names = {"fc1": "encoder.0", "fc21": "mean", "fc22": "scale", "fc3": "decoder.0", "fc4": "output"}
tensors = {f"{names[layer]}.{kind}": value.contiguous() for (layer, kind), value in
           ((name.split("."), value) for name, value in model.state_dict().items())}
posterior = {
    "format": 1, "family": "vae",
    "configuration": {"latent": 20, "hidden": [400], "activation": "relu", "scale": "exp_half", "likelihood": "bernoulli"},
    "signature": {"kind": "image", "shape": [28, 28], "range": [0, 255]},
    "check": check(model, pixels[:3]),
}
save_file(tensors, sys.argv[1], metadata={"posterior": json.dumps(posterior)})
