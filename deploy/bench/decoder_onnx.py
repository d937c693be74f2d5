"""Median microseconds of ONNX Runtime on the decoders of `posterior bench arithmetic`. Usage: decoder_onnx.py NETWORK THREADS ROWS..."""
import io
import sys
import time

import numpy
import onnxruntime
import torch
from torch import nn

network, threads, rows = sys.argv[1], int(sys.argv[2]), [int(n) for n in sys.argv[3:]]
rounds = 15


def convolutional(side, channels):
    """Linear layers to side x side maps, then transposed convolutions, each doubling the side; the first channel count is the image's."""
    layers = [nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, channels[-1] * side * side), nn.ReLU(), nn.Unflatten(1, (channels[-1], side, side))]
    for outputs, inputs in reversed(list(zip(channels, channels[1:]))):
        layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), nn.ReLU()]
    return nn.Sequential(*layers[:-1], nn.Sigmoid())


decoder = {
    "reference": lambda: nn.Sequential(
        nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 784), nn.Sigmoid()),
    "convolutional-28": lambda: convolutional(7, [1, 32, 64]),
    "convolutional-64": lambda: convolutional(8, [3, 32, 64, 128]),
}[network]().eval()
exported = io.BytesIO()
torch.onnx.export(decoder, (torch.randn(2, 64),), exported, input_names=["z"], output_names=["x"],
                  dynamic_axes={"z": {0: "n"}, "x": {0: "n"}}, dynamo=False)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(exported.getvalue(), options)
for n in rows:
    z = numpy.random.randn(n, 64).astype(numpy.float32)
    calls = max(3, 2000 // n)
    times = []
    for _ in range(rounds):
        session.run(None, {"z": z})
        start = time.perf_counter()
        for _ in range(calls):
            session.run(None, {"z": z})
        times.append((time.perf_counter() - start) / calls * 1e6)
    print(n, round(sorted(times)[rounds // 2], 2), sep="\t")
