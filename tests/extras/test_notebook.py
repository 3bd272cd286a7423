"""What a notebook shows, in a real kernel. `make test-notebook` installs one."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parents[2]
CELLS = (
    "import sys; import schedule_builder as sb; sb.load('configs/digits.config')",
    "sb.build_schedule('configs/digits.config')",
    "sb.build_schedule('configs/digits.config').rates(range(0, 120, 60))",
    "sorted({'matplotlib', 'tensorflow', 'numpy'} & set(sys.modules))",
)


def test_a_notebook_shows_configs_and_schedules() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    resources = {"metadata": {"path": str(ROOT)}}
    nbclient.NotebookClient(notebook, timeout=60, resources=resources).execute()
    config, schedule, rates, heavy = (cell.outputs[0]["data"] for cell in notebook.cells)
    for data in (config, schedule):
        html = data["text/html"]
        ElementTree.fromstring(html)
        assert "half a cosine from 0.1 to 0 over 540 steps" in html
        assert "<svg " in html
        assert data["text/plain"]
    assert "digits.config (600 steps)" in config["text/html"]
    assert rates["text/plain"] == "[0.01, 0.1]"
    # It draws by itself.
    assert heavy["text/plain"] == "[]"
