"""Every line of README.md runs as it stands there."""

import os
import re
from pathlib import Path

import pytest
from conftest import ROOT

pytest.importorskip("pandas")
README = (Path(__file__).parents[1] / "README.md").read_text()
GUIDE = (ROOT / "deploy/docs/guides/python.md").read_text()


@pytest.mark.parametrize("page", [README, GUIDE], ids=["README.md", "guides/python.md"])
def test_the_page_runs(page, address, key, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    os.symlink(ROOT / "deploy", "deploy")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    names = {"KEY": key}
    exec(compile(code.replace("http://127.0.0.1:8080", address), "page", "exec"), names)
    filled = names["filled"]
    assert not filled.isna().any().any() and names["pictures"].shape == (64, 28, 28)
    assert "n 0 1 to 10000" in capsys.readouterr().out


def test_ten_lines_are_ten():
    numbers = [int(number) for number in re.findall(r"# (\d+)\b", README.split("## Same seed")[0])]
    assert numbers == list(range(1, 11))
