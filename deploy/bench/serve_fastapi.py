"""The reference decoder 64-512-512-784 behind FastAPI and PyTorch, the usual way: serving.sh runs it with two workers."""
import orjson
import torch
from fastapi import FastAPI, Request, Response
from torch import nn

# A thread a worker: the workers share the cores out.
torch.set_num_threads(1)
torch.manual_seed(0)
decoder = nn.Sequential(nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 784), nn.Sigmoid()).eval()
app = FastAPI()


@app.get("/ready")
def ready():
    return {"status": "ready"}


@app.post("/sample")
async def sample(request: Request):
    options = orjson.loads(await request.body())
    generator = torch.Generator().manual_seed(options.get("seed", 0))
    with torch.inference_mode():
        items = decoder(torch.randn(options.get("n", 1), 64, generator=generator)).numpy()
    if request.headers.get("accept") == "application/octet-stream":
        return Response(items.tobytes(), media_type="application/octet-stream")
    return Response(orjson.dumps({"samples": items}, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
