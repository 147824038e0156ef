"""The notebook runs from import to plot, and its stored outputs are those of a run."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.filterwarnings("ignore:Kernel is running over TCP")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_notebook_runs(path, user_config, tmp_path) -> None:
    """Every cell runs without an error; it needs no network and leaves nothing behind."""
    # The kernel keeps its history in the home folder, and says aloud that it talks on loopback.
    (tmp_path / "home").mkdir()
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    told = "".join(
        str(output.get("text", "")) for cell in notebook.cells for output in cell.get("outputs", [])
    )
    assert "comments tagged" in told


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_notebook_is_stored_executed(path) -> None:
    """A reader on the web sees results, a picture among them, and no machine's paths."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert any("image/png" in o.get("data", {}) for cell in code for o in cell.outputs)
    stored = path.read_text(encoding="utf-8")
    for private in (ROOT, Path.home()):
        assert f"{private}/" not in stored
