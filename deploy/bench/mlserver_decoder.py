"""The reference decoder 64-512-512-784 as a model of MLServer, the usual way: protocol.sh runs it with two workers."""
import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Decoder(MLModel):
    async def load(self):
        random = np.random.default_rng(0)
        widths = (64, 512, 512, 784)
        self.weights = [random.standard_normal(size, dtype=np.float32) / size[0] ** 0.5 for size in zip(widths, widths[1:])]
        return True

    async def predict(self, request: InferenceRequest) -> InferenceResponse:
        values = NumpyCodec.decode_input(request.inputs[0])
        for weights in self.weights[:-1]:
            values = np.maximum(values @ weights, 0)
        items = 1 / (1 + np.exp(-(values @ self.weights[-1])))
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("items", items)])
