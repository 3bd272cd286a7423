"""Generates schedule_builder/v1 from protos/, or checks that it is up to date.

The compiler is protoc 25.1: code of that version carries no check of the runtime, and every
protobuf from 4.25.1 to 8 loads it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOC = Path(sys.executable).parent / "protoc"
PROTOC_VERSION = "libprotoc 25.1"


SCHEMAS = {
    Path("protos"): Path(),
    Path("tests/plugin"): Path("tests/plugin"),
}
"""Folders of schemas, and where the code of each goes; both mirror the packages."""


def generate(target: Path) -> None:
    """Compiles every schema into a folder that mirrors the repository."""
    version = subprocess.run([PROTOC, "--version"], check=True, capture_output=True, text=True)  # noqa: S603
    if version.stdout.strip() != PROTOC_VERSION:
        sys.exit(f"{PROTOC} is {version.stdout.strip()}, and {PROTOC_VERSION} is needed")
    for source, output in SCHEMAS.items():
        folder = target / output
        folder.mkdir(parents=True, exist_ok=True)
        files = sorted(str(path) for path in (ROOT / source).rglob("*.proto"))
        paths = [f"-I{ROOT / source}", f"-I{ROOT / 'protos'}"]
        outputs = [f"--python_out={folder}", f"--pyi_out={folder}"]
        subprocess.run([str(PROTOC), *paths, *outputs, *files], check=True)  # noqa: S603


def main() -> None:
    """Generates the code, or with --check exits 1 where it differs from what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, compare only")
    if not parser.parse_args().check:
        generate(ROOT)
        return
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        made = {p.relative_to(folder): p.read_bytes() for p in Path(folder).rglob("*_pb2.py*")}
    there = {
        path.relative_to(ROOT): path.read_bytes()
        for top in ("schedule_builder", "tests")
        for path in (ROOT / top).rglob("*_pb2.py*")
        if "__pycache__" not in path.parts
    }
    stale = sorted(str(p) for p in made.keys() | there.keys() if made.get(p) != there.get(p))
    if stale:
        sys.exit(f"not what the schemas give: {', '.join(stale)}. Run: make protos")


if __name__ == "__main__":
    main()
