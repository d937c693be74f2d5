"""A server, and what it has."""

from __future__ import annotations

import os
import ssl
from types import TracebackType
from typing import Any, Iterator, Mapping, Optional, Sequence, Union

import numpy as np

from .address import Address
from .codes import Layout
from .datasets import Datasets
from .errors import ConnectionFailed, TooBusy
from .model import Model
from .registry import Registry
from .retries import Retries
from .runs import Run
from .transport import Request, Response, Transport, in_path, json_body

Estimates = Sequence[float]


class Posterior:
    """A Posterior server.

    May be used by many threads at once: each has a connection of its own, which stays open.

    - Parameter address: http://host:port, https://host:port/prefix or unix:/path/of/socket; $POSTERIOR_SERVER where absent, or else
      http://127.0.0.1:8080.
    - Parameter key: of `posterior keys create`; $POSTERIOR_KEY where absent. On the server's own machine most things need none.
    - Parameter ca: a PEM file with the authorities that vouch for the server; the system's, or those of $SSL_CERT_FILE, where absent.
    - Parameter certificate: PEM files with the client's certificate and its key, for servers that ask for one.
    - Parameter timeout: seconds without a byte from the server; None waits for ever.
    - Parameter strict: makes warnings about doubtful items errors of the server.
    """

    def __init__(
        self,
        address: Optional[str] = None,
        *,
        key: Optional[str] = None,
        ca: Optional[str] = None,
        certificate: Optional[tuple[str, str]] = None,
        timeout: Optional[float] = 600.0,
        retries: Retries = Retries(),
        strict: bool = False,
    ) -> None:
        text = address or os.environ.get("POSTERIOR_SERVER") or "http://127.0.0.1:8080"
        place = Address.of(text)
        context = None
        if place.scheme == "https":
            context = ssl.create_default_context(cafile=ca)
            if certificate:
                context.load_cert_chain(*certificate)
        self._transport = Transport(place, key or os.environ.get("POSTERIOR_KEY") or None, context, timeout, retries)
        self._strict = strict
        # Of each model file, by its digest.
        self._layouts: dict[str, Layout] = {}
        self.address = text
        #: Uploads, aliases and deletions.
        self.registry = Registry(self._transport)
        #: What the server learns from in the background.
        self.datasets = Datasets(self._transport)

    def __repr__(self) -> str:
        return f"Posterior({self.address!r})"

    def __enter__(self) -> Posterior:
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. The client can be used again; it then opens new ones."""
        self._transport.close()

    # MARK: Models

    def model(self, reference: str, *, strict: Optional[bool] = None) -> Model:
        """A model by name (its live version), name@3 or name@alias. Nothing is asked of the server yet."""
        return Model(self._transport, reference, self._strict if strict is None else strict, self._layouts)

    def models(self, *, search: Optional[str] = None, tag: Optional[str] = None, family: Optional[str] = None) -> Iterator[dict[str, Any]]:
        """Models that meet every condition, as dicts with name, versions, live_version, family, operations and others."""
        return self._pages("/v1/models", "models", {"search": search, "tag": tag, "family": family})

    def families(self) -> list[dict[str, Any]]:
        """Families of models, their configuration and what they can do."""
        families: list[dict[str, Any]] = self._get("/v1/families")["families"]
        return families

    def is_ready(self) -> bool:
        """Whether the server wants requests; False while it starts, stops, or can't be reached."""
        once = Transport(self._transport.address, None, self._transport.context, self._transport.timeout, Retries(0))
        try:
            once.send(Request("GET", "/readyz"), Response.json)
        except (ConnectionFailed, TooBusy):
            return False
        finally:
            once.close()
        return True

    # MARK: Runs

    def run(self, id: str) -> Run:
        """A run by its identifier, such as `receipt.run`."""
        return Run(self._transport, self._get(f"/v1/runs/{in_path(id)}"))

    def runs(
        self,
        *,
        filter: Optional[str] = None,
        order_by: Optional[str] = None,
        kind: Optional[str] = None,
        model: Optional[str] = None,
        status: Optional[str] = None,
        since: Optional[str] = None,
        until: Optional[str] = None,
    ) -> Iterator[Run]:
        """Recorded runs that meet every condition, newest first unless `order_by` says otherwise.

        - Parameter filter: such as "metrics.elbo_nats > -240 and params.beta in (1, 4)".
        - Parameter order_by: such as "metrics.elbo_nats desc".
        """
        query = {
            "filter": filter, "order_by": order_by, "kind": kind, "model": model, "status": status, "since": since, "until": until,
        }  # fmt: skip
        return (Run(self._transport, document) for document in self._pages("/v1/runs", "runs", query))

    def start_run(self, kind: str, **members: Any) -> Run:
        """Starts work that goes on without a client; needs a key with the scope admin.

        - Parameter kind: "train", "evaluate", "robustness" or "impute", which learns a model of a table and leaves completed.csv.
        - Parameter members: as the server's contract has them, such as dataset="wine", family="mixture", publish={"model": "wine"}.

        Not sent again when the connection breaks: a second run would be another one.
        """
        body = json_body({"kind": kind, **members})
        request = Request("POST", "/v1/admin/runs", {}, {"Content-Type": "application/json"}, body, is_safe=False)
        return Run(self._transport, self._transport.send(request, Response.json))

    # MARK: Estimates

    def pool(
        self,
        estimates: Union[Estimates, Mapping[str, Estimates]],
        std_errors: Union[Estimates, Mapping[str, Estimates]],
        *,
        dfcom: Optional[float] = None,
        confidence: Optional[float] = None,
    ) -> dict[str, Any]:
        """Pools estimates from several completed tables by Rubin's rules.

        - Parameter estimates: one a table; or a dict of them by term, such as the coefficients of a regression. Std_errors likewise.
        - Parameter dfcom: degrees of freedom that the complete data would have had.
        - Returns: qbar, ubar, b, t, df, riv, lambda, fmi, std_error, conf_low, conf_high, statistic and p_value, named as in R's mice; of
          a dict, such a dict by term.
        """
        by_term = isinstance(estimates, Mapping)
        many: Mapping[str, Estimates] = estimates if isinstance(estimates, Mapping) else {"estimate": estimates}
        errors: Mapping[str, Estimates] = std_errors if isinstance(std_errors, Mapping) else {"estimate": std_errors}
        terms = [{"term": str(term), "estimates": _floats(values), "std_errors": _floats(errors[term])} for term, values in many.items()]
        members = {"terms": terms, "dfcom": dfcom, "confidence": confidence}
        body = json_body({name: value for name, value in members.items() if value is not None})
        answer = self._transport.send(Request("POST", "/v1/pool", {}, {"Content-Type": "application/json"}, body), Response.json)
        pooled = {term["term"]: {name: value for name, value in term.items() if name != "term"} for term in answer["terms"]}
        return pooled if by_term else pooled["estimate"]

    # MARK: How it is asked

    def _get(self, path: str, query: Optional[Mapping[str, str]] = None) -> Any:
        return self._transport.send(Request("GET", path, query or {}), Response.json)

    def _pages(self, path: str, name: str, conditions: Mapping[str, Optional[str]]) -> Iterator[dict[str, Any]]:
        query = {key: value for key, value in conditions.items() if value is not None}
        while True:
            page = self._get(path, query)
            yield from page[name]
            if page["next_page_token"] is None:
                return
            query["page_token"] = page["next_page_token"]


def _floats(values: Estimates) -> list[float]:
    return [float(value) for value in np.asarray(values, dtype=np.float64)]
