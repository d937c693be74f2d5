import os
import pickle
import warnings

import numpy as np
import pytest
from fake_server import answered
from posterior import (
    BadRequest,
    Conflict,
    ConnectionFailed,
    Forbidden,
    Impossible,
    NotFound,
    Posterior,
    PosteriorError,
    PosteriorWarning,
    Retries,
    ServerFailed,
    TooBusy,
    TooLarge,
    Unauthorized,
    Unsupported,
)


def test_an_error_says_field_given_and_expected(server):
    with pytest.raises(Impossible) as caught:
        server.model("fashion-mnist").sample(0)
    error = caught.value
    assert (error.status, error.field, error.given, error.expected) == (422, "n", "0", "1 to 10000")
    assert error.type == "urn:posterior:problem:impossible" and error.title and str(error) == error.detail
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is Impossible and copy.field == "n" and copy.status == 422


def test_what_a_model_cannot_do_lists_what_it_can(server, garments):
    with pytest.raises(Unsupported) as caught:
        server.model("fashion-mnist").classify(garments)
    assert "reconstruct" in caught.value.operations and caught.value.given == "classify"


def test_what_is_not_there_is_told_with_what_is(server):
    with pytest.raises(NotFound, match="white-wine"):
        server.model("no-such").describe()
    with pytest.raises(NotFound):
        server.model("white-wine@7").describe()


def test_the_shape_of_items_is_told_by_the_server(server):
    with pytest.raises(PosteriorError, match="28") as caught:
        server.model("fashion-mnist").encode(np.zeros((2, 27, 28)))
    assert caught.value.status in (400, 422)


def test_administration_needs_a_key(address, key):
    with Posterior(address) as server:
        with pytest.raises(Unauthorized) as caught:
            server.registry.history("white-wine")
        assert caught.value.status == 401
    with Posterior(address, key="pk_wrong") as server, pytest.raises(Unauthorized):
        next(server.models())
    with Posterior(address, key=key) as server:
        assert server.registry.history("white-wine")


def test_the_environment_names_server_and_key(address, key, monkeypatch):
    monkeypatch.setenv("POSTERIOR_SERVER", address)
    monkeypatch.setenv("POSTERIOR_KEY", key)
    with Posterior() as server:
        assert server.registry.history("white-wine")


def test_doubtful_items_are_warned_about_at_the_line_that_sent_them(server, garments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        receipt = server.model("fashion-mnist").encode(garments / 255, seed=1).receipt
    assert [warning.category for warning in caught] == [PosteriorWarning]
    assert os.path.basename(caught[0].filename) == "test_errors.py" and receipt.warnings == (str(caught[0].message),)
    with pytest.raises(Impossible, match="doubtful"):
        server.model("fashion-mnist", strict=True).encode(garments / 255)


@pytest.mark.parametrize(
    "status, kind",
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (406, BadRequest),
        (409, Conflict),
        (412, Conflict),
        (413, TooLarge),
        (422, Impossible),
        (429, TooBusy),
        (500, ServerFailed),
        (503, TooBusy),
        (507, ServerFailed),
    ],
)
def test_every_status_has_its_kind(fake, status, kind):
    one = fake(answered(status, {"detail": "No.", "field": "x"}), answered(status, body=b"<html>", media_type="text/html"))
    with Posterior(one.address, retries=Retries(0)) as server:
        for text in ("No.", "<html>"):
            with pytest.raises(kind) as caught:
                server.families()
            assert (type(caught.value), caught.value.status, str(caught.value)) == (kind, status, text)


def test_no_server_is_told(tmp_path):
    with Posterior(f"unix:{tmp_path}/nothing", retries=Retries(0)) as server:
        with pytest.raises(ConnectionFailed, match="nothing"):
            server.families()
        assert not server.is_ready()


@pytest.mark.skipif(not os.environ.get("POSTERIOR_TEST_TLS"), reason="there is no openssl to make a certificate")
def test_a_server_is_trusted_when_its_authority_is_named():
    address = os.environ["POSTERIOR_TEST_TLS"]
    with Posterior(address, ca=os.environ["POSTERIOR_TEST_CA"]) as server:
        assert server.model("fashion-mnist").sample(1).shape == (1, 28, 28)
    with Posterior(address) as server, pytest.raises(ConnectionFailed, match="`ca` names a file"):
        server.families()


@pytest.mark.parametrize("address", ["127.0.0.1:8080", "ftp://x", "unix:", "http://", "http://x?y"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="expected"):
        Posterior(address)
