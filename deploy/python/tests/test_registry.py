import os

import pytest
from conftest import ROOT
from posterior import Conflict, NotFound, Posterior

FILE = ROOT / "deploy/models/white-wine.safetensors"
# Numbers of versions are never given again, so every run of these tests has names of its own.
CELLAR, BACK = f"cellar-{os.getpid()}", f"back-{os.getpid()}"


@pytest.fixture
def admin(address, key):
    with Posterior(address, key=key) as server:
        yield server


def test_models_and_families_are_listed(server):
    models = {model["name"]: model for model in server.models()}
    assert {"fashion-mnist", "fashion-mnist-clusters", "fashion-mnist-seatbelt", "mnist-digits", "people", "white-wine"} <= set(models)
    assert [model["name"] for model in server.models(family="vaeac", search="wine")] == ["white-wine"]
    assert "mixture" in {family["name"] for family in server.families()}
    model = server.model("white-wine")
    assert model.operations == ["compress", "decompress", "impute", "score"] and model.signature["kind"] == "table"
    assert server.is_ready() and repr(model) == "Model('white-wine')"


def test_a_model_comes_and_goes(admin, tmp_path):
    registry = admin.registry
    first = registry.upload(FILE, CELLAR, alias=None)
    assert first["new"] and first["version"] == 1 and not registry.upload(FILE, CELLAR, alias=None)["new"]
    registry.promote(CELLAR, 1, alias="next", reason="to try")
    assert registry.aliases(CELLAR) == {"next": 1} and registry.history(CELLAR, "next")[0]["reason"] == "to try"
    assert admin.model(f"{CELLAR}@next").describe()["version"] == 1
    with pytest.raises(NotFound):
        admin.model(CELLAR).score([{"pH": 3}])
    with pytest.raises(NotFound, match="live"):
        admin.model(CELLAR).signature
    with pytest.raises(Conflict):
        registry.delete_version(CELLAR, 1)
    with pytest.raises(ValueError, match="nowhere else"):
        registry.rollback(CELLAR, alias="next")
    registry.annotate(CELLAR, description="wines", tags={"team": CELLAR})
    assert [model["tags"] for model in admin.models(tag=f"team={CELLAR}")] == [{"team": CELLAR}]
    assert registry.download(f"{CELLAR}@next", tmp_path / "file").read_bytes() == FILE.read_bytes()
    registry.delete_alias(CELLAR, "next")
    registry.rename(CELLAR, f"vault-{os.getpid()}")
    assert registry.delete(f"vault-{os.getpid()}")["versions"] == [1]


def test_an_alias_goes_back(admin):
    registry = admin.registry
    registry.upload(FILE, BACK)
    second = registry.upload(ROOT / "deploy/models/fashion-mnist.safetensors", BACK, reason="another")
    assert registry.aliases(BACK) == {"live": second["version"]}
    assert registry.rollback(BACK, reason="no")["version"] == 1 and registry.aliases(BACK) == {"live": 1}
    registry.delete(BACK)
