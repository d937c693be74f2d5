"""Items a second of ONNX Runtime on the reference decoder, in process. Usage: decode_onnxruntime.py ROWS"""
import os
import sys
import tempfile
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, save

rows = int(sys.argv[1])
widths = [64, 512, 512, 784]
generator = np.random.default_rng(0)
nodes, weights, value = [], [], "z"
for layer, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
    weights += [
        numpy_helper.from_array(generator.normal(0, inputs**-0.5, (outputs, inputs)).astype("f"), f"w{layer}"),
        numpy_helper.from_array(np.zeros(outputs, "f"), f"b{layer}"),
    ]
    nodes.append(helper.make_node("Gemm", [value, f"w{layer}", f"b{layer}"], [f"y{layer}"], transB=1))
    value = "x" if layer == 2 else f"a{layer}"
    nodes.append(helper.make_node("Sigmoid" if layer == 2 else "Relu", [f"y{layer}"], [value]))
graph = helper.make_graph(
    nodes, "decoder", [helper.make_tensor_value_info("z", TensorProto.FLOAT, [None, 64])],
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 784])], weights)

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = os.cpu_count()
with tempfile.TemporaryDirectory() as folder:
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), f"{folder}/decoder.onnx")
    session = onnxruntime.InferenceSession(f"{folder}/decoder.onnx", options)
z = generator.normal(size=(rows, 64)).astype("f")
for _ in range(20):
    session.run(None, {"z": z})
count, start = 0, time.perf_counter()
while time.perf_counter() - start < 2:
    session.run(None, {"z": z})
    count += 1
print(round(count * rows / (time.perf_counter() - start)))
