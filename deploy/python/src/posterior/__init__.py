"""Client of Posterior, a server of generative latent-variable models.

>>> from posterior import Posterior
>>> model = Posterior("http://127.0.0.1:8080").model("white-wine")
>>> completed = model.impute(frame, mode="point").table
"""

from .answers import Classes, Clusters, Report, Scores, Texts
from .arrays import Array
from .client import Posterior
from .codes import Encoding, Layer
from .compression import Bits, Rate, Rows
from .datasets import Datasets
from .errors import (
    BadRequest,
    Conflict,
    ConnectionFailed,
    Forbidden,
    Impossible,
    NotFound,
    PosteriorError,
    PosteriorWarning,
    RunFailed,
    ServerFailed,
    TimedOut,
    TooBusy,
    TooLarge,
    Unauthorized,
    Unsupported,
)
from .imputation import Imputation
from .model import Model
from .receipt import Receipt
from .registry import Registry
from .retries import Retries
from .runs import Event, Run
from .version import __version__

__all__ = [
    "Array",
    "BadRequest",
    "Bits",
    "Classes",
    "Clusters",
    "Conflict",
    "ConnectionFailed",
    "Datasets",
    "Encoding",
    "Event",
    "Forbidden",
    "Impossible",
    "Imputation",
    "Layer",
    "Model",
    "NotFound",
    "Posterior",
    "PosteriorError",
    "PosteriorWarning",
    "Rate",
    "Receipt",
    "Registry",
    "Report",
    "Retries",
    "Rows",
    "Run",
    "RunFailed",
    "Scores",
    "ServerFailed",
    "Texts",
    "TimedOut",
    "TooBusy",
    "TooLarge",
    "Unauthorized",
    "Unsupported",
    "__version__",
]
