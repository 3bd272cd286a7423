"""The bundles that are committed are those that the sources give."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from schedule_builder.diagnostics import rate_text

WEB = Path(__file__).parents[2] / "web"
ASSETS = WEB.parent / "schedule_builder" / "web" / "assets"
DIGITS = ("1", "1.5", "2.00001", "1.25883", "9.99999", "9.765625", "9.9999996")
needs_node = pytest.mark.skipif(
    not (WEB / "node_modules" / "esbuild").is_dir(), reason="`make test-web` installs it"
)


def test_the_lock_file_says_what_is_installed_and_not_from_where() -> None:
    """An address would be that of one registry; each package is known by its hash."""
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert package["integrity"].startswith("sha512-"), name


@needs_node
def test_the_bundles_are_those_of_the_sources(tmp_path: Path) -> None:
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=WEB, check=True, capture_output=True)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in ASSETS.iterdir()}
    assert built.keys() == committed.keys()
    for name, data in built.items():
        assert data == committed[name], f"{name} is older than web/src: run `make web`"


@needs_node
def test_rates_are_written_as_python_writes_them(tmp_path: Path) -> None:
    command = ["npx", "--no-install", "esbuild", "src/numbers.ts", "--bundle", "--format=cjs"]
    module = tmp_path / "numbers.cjs"
    subprocess.run([*command, f"--outfile={module}"], cwd=WEB, check=True, capture_output=True)
    places = [float(f"{digits}e{exponent}") for exponent in range(-45, 39) for digits in DIGITS]
    expected = [rate_text(rate) for rate in [0.0, *places]]
    rates = json.dumps([float(text) for text in expected])
    script = (
        f"console.log(JSON.stringify({rates}.map(require({json.dumps(str(module))}).rateText)))"
    )
    done = subprocess.run(["node", "-e", script], check=True, capture_output=True)
    assert json.loads(done.stdout) == expected


@needs_node
def test_the_types_of_the_sources_hold() -> None:
    subprocess.run(["npx", "--no-install", "tsc", "--noEmit"], cwd=WEB, check=True)
