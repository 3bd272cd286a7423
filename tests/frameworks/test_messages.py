"""The messages of `build_optimizer` in docs/messages.md, compared with those that it gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import schedule_builder as sb

EXAMPLES = Path(__file__).parents[1] / "rule_cases" / "messages.yaml"
ENTRIES = [
    entry
    for entry in yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    if "[SB315]" in entry.get("says", "")
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["says"][:60])
def test_build_optimizer_says_it(entry: dict[str, str], tmp_path: Path) -> None:
    keras = pytest.importorskip("keras", minversion="3")
    path = tmp_path / "a.yaml"
    path.write_text(entry["yaml"])
    with pytest.raises(sb.ConfigError) as error:
        sb.build_optimizer(path)
    said = str(error.value).replace(f"{tmp_path}/", "").replace(keras.__version__, "VERSION")
    assert said == re.sub(r"Keras \d[\d.]*\d", "Keras VERSION", entry["says"])


def test_there_are_such_messages() -> None:
    assert len(ENTRIES) >= 5
