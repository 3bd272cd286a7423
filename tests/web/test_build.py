"""The bundles that are committed are those that the sources give."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "web"
ASSETS = WEB.parent / "schedule_builder" / "web" / "assets"
pytestmark = pytest.mark.skipif(
    not (WEB / "node_modules" / "esbuild").is_dir(), reason="`make test-web` installs it"
)


def test_the_bundles_are_those_of_the_sources(tmp_path: Path) -> None:
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=WEB, check=True, capture_output=True)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in ASSETS.iterdir()}
    assert built.keys() == committed.keys()
    for name, data in built.items():
        assert data == committed[name], f"{name} is older than web/src: run `make web`"


def test_the_types_of_the_sources_hold() -> None:
    subprocess.run(["npx", "--no-install", "tsc", "--noEmit"], cwd=WEB, check=True)
