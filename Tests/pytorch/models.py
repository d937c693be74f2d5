"""Writes VAEs as people write them in PyTorch, with random weights, as model files that say what PyTorch makes of some items.

Usage: python models.py FOLDER       (needs: pip install torch safetensors numpy)
"""
import json
import math
import sys

import numpy
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

ITEMS = 3
GAUSSIAN = math.log(2 * math.pi)


def conv(inputs, outputs, kernel, stride=1, padding=0, **more):
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, **more)


def deconv(inputs, outputs, kernel, stride=1, padding=0, output_padding=0):
    return nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, output_padding)


def layer(kind, **settings):
    return {"kind": kind, **settings}


def numbered(prefix, sequence):
    """The tensors of a Sequential by their names there."""
    return {f"{prefix}.{name}": value for name, value in sequence.state_dict().items()}


class Tutorial(nn.Module):
    """A VAE in parts: `encode` gives mean and deviation, `decode` the heads of p(x|z)."""

    configuration: dict
    shape = (64, 64, 3)
    scaling = None

    def log_likelihood(self, x, heads):
        raise NotImplementedError

    def mean(self, heads):
        return heads


class Gaussian:
    """N(output, 1): the squared error of most tutorials."""

    def log_likelihood(self, x, output):
        return (-0.5 * (x - output) ** 2 - 0.5 * GAUSSIAN).flatten(1).sum(1) - self.log_volume(x)

    def log_volume(self, x):
        return x[0].numel() * math.log(self.scaling["scale"][0] if self.scaling else 255)


class Vanilla(Gaussian, Tutorial):
    """Strided convolutions with batch normalisation and leaky rectifiers; no activation before the feature map; a last convolution and a tanh."""

    scaling = {"offset": [127.5], "scale": [127.5]}

    def __init__(self):
        super().__init__()
        widths = [32, 64, 128, 256, 512]
        def block(first, width): return [first, nn.BatchNorm2d(width), nn.LeakyReLU()]
        self.encoder = nn.Sequential(*[part for before, width in zip([3] + widths, widths) for part in block(conv(before, width, 3, 2, 1), width)])
        self.fc_mu, self.fc_var, self.decoder_input = nn.Linear(2048, 128), nn.Linear(2048, 128), nn.Linear(128, 2048)
        down = widths[::-1] + [32]
        self.decoder = nn.Sequential(
            *[part for before, width in zip(down, down[1:]) for part in block(deconv(before, width, 3, 2, 1, 1), width)])
        self.last = conv(32, 3, 3, padding=1)
        ending = {"kernel": 3, "stride": 2, "padding": 1, "normalisation": "batch", "activation": "leaky_relu"}
        self.configuration = {
            "latent": 128, "scale": "exp_half", "likelihood": "gaussian", "output_activation": "tanh",
            "encoder": [layer("convolution", channels=width, **ending) for width in widths],
            "decoder": [layer("linear", width=2048), layer("unflatten", shape=[512, 2, 2])]
            + [layer("transposed_convolution", channels=width, output_padding=1, **ending) for width in down[1:]]
            + [layer("convolution", channels=3, kernel=3, padding=1)],
        }

    def tensors(self):
        shifted = {f"decoder.{int(name.split('.')[0]) + 2}.{name.split('.')[1]}": value for name, value in self.decoder.state_dict().items()}
        return {**numbered("encoder", self.encoder), **numbered("mean", self.fc_mu), **numbered("scale", self.fc_var),
                **numbered("decoder.0", self.decoder_input), **shifted, **numbered("output", self.last)}

    def encode(self, x):
        h = self.encoder(x).flatten(1)
        return self.fc_mu(h), torch.exp(0.5 * self.fc_var(h))

    def decode(self, z):
        return torch.tanh(self.last(self.decoder(self.decoder_input(z).view(-1, 512, 2, 2))))


class World(Gaussian, Tutorial):
    """The eye of a world model: kernels of the decoder that mirror nothing, a feature map of one pixel that no activation touches."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            conv(3, 32, 4, 2), nn.ReLU(), conv(32, 64, 4, 2), nn.ReLU(), conv(64, 128, 4, 2), nn.ReLU(), conv(128, 256, 4, 2), nn.ReLU(), nn.Flatten())
        self.mu, self.logsigma = nn.Linear(1024, 32), nn.Linear(1024, 32)
        self.decoder = nn.Sequential(
            nn.Linear(32, 1024), nn.Unflatten(1, (1024, 1, 1)), deconv(1024, 128, 5, 2), nn.ReLU(), deconv(128, 64, 5, 2), nn.ReLU(),
            deconv(64, 32, 6, 2), nn.ReLU())
        self.last = deconv(32, 3, 6, 2)
        self.configuration = {
            "latent": 32, "scale": "exp", "likelihood": "gaussian", "output_activation": "sigmoid",
            "encoder": [layer("convolution", channels=width, kernel=4, stride=2, activation="relu") for width in (32, 64, 128, 256)] + [layer("flatten")],
            "decoder": [layer("linear", width=1024), layer("unflatten", shape=[1024, 1, 1])]
            + [layer("transposed_convolution", channels=width, kernel=kernel, stride=2, activation="relu") for width, kernel in ((128, 5), (64, 5), (32, 6))]
            + [layer("transposed_convolution", kernel=6, stride=2)],
        }

    def tensors(self):
        return {**numbered("encoder", self.encoder), **numbered("mean", self.mu), **numbered("scale", self.logsigma),
                **numbered("decoder", self.decoder), **numbered("output", self.last)}

    def encode(self, x):
        h = self.encoder(x)
        return self.mu(h), torch.exp(self.logsigma(h))

    def decode(self, z):
        return torch.sigmoid(self.last(self.decoder(z)))


class Beta(Tutorial):
    """A beta-VAE for sprites: one layer gives mean and ln variance in turn."""

    shape = (64, 64)

    def __init__(self):
        super().__init__()
        down = [part for inputs in (1, 32, 32, 32) for part in (conv(inputs, 32, 4, 2, 1), nn.ReLU())]
        self.encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU())
        self.moments = nn.Linear(256, 20)
        up = [part for _ in range(3) for part in (deconv(32, 32, 4, 2, 1), nn.ReLU())]
        self.decoder = nn.Sequential(
            nn.Linear(10, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(), nn.Unflatten(1, (32, 4, 4)), *up)
        self.last = deconv(32, 1, 4, 2, 1)
        around = {"channels": 32, "kernel": 4, "stride": 2, "padding": 1, "activation": "relu"}
        self.configuration = {
            "latent": 10, "scale": "exp_half", "heads": "interleaved", "likelihood": "bernoulli",
            "encoder": [layer("convolution", **around)] * 4 + [layer("flatten")] + [layer("linear", width=256, activation="relu")] * 2,
            "decoder": [layer("linear", width=width, activation="relu") for width in (256, 256, 512)] + [layer("unflatten", shape=[32, 4, 4])]
            + [layer("transposed_convolution", **around)] * 3 + [layer("transposed_convolution", channels=1, kernel=4, stride=2, padding=1)],
        }

    def tensors(self):
        return {**numbered("encoder", self.encoder), **numbered("moments", self.moments), **numbered("decoder", self.decoder),
                **numbered("output", self.last)}

    def encode(self, x):
        mean, log_variance = self.moments(self.encoder(x)).view(-1, 10, 2).unbind(-1)
        return mean, torch.exp(0.5 * log_variance)

    def decode(self, z):
        return self.last(self.decoder(z))

    def mean(self, logits):
        return torch.sigmoid(logits)

    def log_likelihood(self, x, logits):
        return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)


class Basic(nn.Module):
    """act(norm(conv(act(norm(conv(x))))) + shortcut(x))"""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            conv(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), conv(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs))
        self.shortcut = nn.Sequential(conv(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))

    @staticmethod
    def layers(outputs, stride):
        return layer(
            "residual", activation="relu",
            layers=[layer("convolution", channels=outputs, kernel=3, stride=stride, padding=1, bias=False, normalisation="batch", activation="relu"),
                    layer("convolution", channels=outputs, kernel=3, padding=1, bias=False, normalisation="batch")],
            shortcut=[layer("convolution", channels=outputs, kernel=1, stride=stride, bias=False, normalisation="batch")])


class Ready(nn.Module):
    """x + conv(act(norm(conv(act(norm(x))))))"""

    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(8, channels), nn.SiLU(), conv(channels, channels, 3, 1, 1), nn.GroupNorm(8, channels), nn.SiLU(),
            conv(channels, channels, 3, 1, 1))

    def forward(self, x):
        return x + self.body(x)

    @staticmethod
    def layers(channels):
        return layer("residual", layers=[
            layer("group_norm", groups=8), layer("activation", activation="silu"), layer("convolution", channels=channels, kernel=3, padding=1)] * 2)


class Residual(Tutorial):
    """Residual blocks of both kinds, latent maps, upsampling before padded convolutions, and a deviation a pixel from the same last layer."""

    shape = (32, 32, 3)

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(conv(3, 16, 3, 1, 1), nn.GELU(), Basic(16, 32, 2), Ready(32), nn.AvgPool2d(2), conv(32, 32, 3, 1, 1), nn.ELU(0.5))
        self.mu = nn.Sequential(conv(32, 4, 1), nn.BatchNorm2d(4))
        self.var = nn.Sequential(conv(32, 4, 1), nn.BatchNorm2d(4))
        self.decoder = nn.Sequential(
            conv(4, 32, 3, 1, 1), nn.LeakyReLU(0.2), Ready(32), nn.Upsample(scale_factor=2), nn.ReplicationPad2d(1), conv(32, 16, 3),
            nn.GroupNorm(4, 16), nn.SiLU(), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), nn.ReflectionPad2d(1), conv(16, 16, 3),
            nn.Tanh())
        self.last = conv(16, 6, 3, 1, 1)
        self.configuration = {
            "latent": 256, "scale": "exp_half", "likelihood": "gaussian_learned", "likelihood_scale": "exp_half", "output_activation": "sigmoid",
            "output_heads": "joint",
            "encoder": [layer("convolution", channels=16, kernel=3, padding=1, activation="gelu"), Basic.layers(32, 2), Ready.layers(32),
                        layer("mean_pool", kernel=2), layer("convolution", channels=32, kernel=3, padding=1, activation="elu", slope=0.5)],
            "head": layer("convolution", channels=4, kernel=1, normalisation="batch"),
            "decoder": [layer("convolution", channels=32, kernel=3, padding=1, activation="leaky_relu", slope=0.2), Ready.layers(32),
                        layer("upsample", factor=2), layer("pad", padding=1, edges="replicate"),
                        layer("convolution", channels=16, kernel=3, normalisation="group", groups=4, activation="silu"),
                        layer("upsample", factor=2, interpolation="bilinear"), layer("pad", padding=1, edges="reflect"),
                        layer("convolution", channels=16, kernel=3, activation="tanh"), layer("convolution", kernel=3, padding=1)],
        }
        self.configuration["decoder"][-1]["channels"] = 6

    def tensors(self):
        return {**numbered("encoder", self.encoder), **numbered("mean", self.mu), **numbered("scale", self.var), **numbered("decoder", self.decoder),
                **numbered("output", self.last)}

    def encode(self, x):
        h = self.encoder(x)
        return self.mu(h).flatten(1), torch.exp(0.5 * self.var(h).flatten(1))

    def decode(self, z):
        location, log_variance = self.last(self.decoder(z.view(-1, 4, 8, 8))).chunk(2, 1)
        return torch.sigmoid(location), log_variance

    def mean(self, heads):
        return heads[0]

    def log_likelihood(self, x, heads):
        mean, log_variance = heads
        density = -0.5 * (x - mean) ** 2 / log_variance.exp() - 0.5 * log_variance - 0.5 * GAUSSIAN
        return density.flatten(1).sum(1) - x[0].numel() * math.log(255)


class Counts(Tutorial):
    """Levels of grey as beta-binomial counts, ln a and ln b in the two halves of one layer."""

    shape = (28, 28)

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 100), nn.ReLU())
        self.mu, self.sigma = nn.Linear(100, 50), nn.Linear(100, 50)
        self.decoder = nn.Sequential(nn.Linear(50, 100), nn.ReLU())
        self.last = nn.Linear(100, 1568)
        self.configuration = {
            "latent": 50, "hidden": [100], "activation": "relu", "scale": "exp", "likelihood": "beta_binomial", "likelihood_scale": "exp",
            "output_heads": "joint"}

    def tensors(self):
        return {**numbered("encoder", self.encoder), **numbered("mean", self.mu), **numbered("scale", self.sigma), **numbered("decoder", self.decoder),
                **numbered("output", self.last)}

    def encode(self, x):
        h = self.encoder(x.flatten(1))
        return self.mu(h), torch.exp(self.sigma(h))

    def decode(self, z):
        return self.last(self.decoder(z)).chunk(2, 1)

    def mean(self, heads):
        return torch.sigmoid(heads[0] - heads[1]).view(-1, 1, 28, 28)

    def log_likelihood(self, x, heads):
        a, b, k, n = heads[0].exp().double(), heads[1].exp().double(), (x.flatten(1) * 255).round().double(), torch.tensor(255.0).double()
        ways = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
        beta = torch.lgamma(k + a) + torch.lgamma(n - k + b) - torch.lgamma(n + a + b)
        return (ways + beta - torch.lgamma(a) - torch.lgamma(b) + torch.lgamma(a + b)).sum(1)


def rows(images):
    """[n, channels, height, width] as clients see it: flat rows, channels last."""
    return images.permute(0, 2, 3, 1).flatten(1).tolist()


def check(model):
    """Items and what PyTorch makes of them."""
    channels = model.shape[2] if len(model.shape) == 3 else 1
    raw = torch.randint(0, 256, (ITEMS, channels, *model.shape[:2])).float()
    offset, scale = (model.scaling["offset"][0], model.scaling["scale"][0]) if model.scaling else (0, 255)
    x = (raw - offset) / scale
    with torch.no_grad():
        mean, deviation = model.encode(x)
        heads = model.decode(mean)
        kl = 0.5 * (mean**2 + deviation**2 - 1 - 2 * deviation.log()).sum(1)
        return {
            "inputs": rows(raw), "layers": [{"mean": mean.tolist(), "scale": deviation.tolist()}],
            "reconstructions": rows(model.mean(heads) * scale + offset), "kl_nats": kl.tolist(),
            "reconstruction_nats": model.log_likelihood(x, heads).tolist(), "tolerance": 1e-5,
        }


def write(model, path):
    model.train()
    # Running averages that differ from a fresh network's.
    channels = model.shape[2] if len(model.shape) == 3 else 1
    for _ in range(3):
        model.decode(model.encode(torch.rand(8, channels, *model.shape[:2]))[0])
    model.eval()
    signature = {"kind": "image", "shape": list(model.shape), "range": [0, 255]}
    if model.scaling:
        signature["scaling"] = model.scaling
    posterior = {"format": 1, "family": "vae", "configuration": model.configuration, "signature": signature, "check": check(model)}
    save_file({name: value.contiguous() for name, value in model.tensors().items()}, path, metadata={"posterior": json.dumps(posterior)})


if __name__ == "__main__":
    for kind in (Vanilla, World, Beta, Residual, Counts):
        torch.manual_seed(0)
        write(kind(), f"{sys.argv[1]}/{kind.__name__.lower()}.safetensors")
