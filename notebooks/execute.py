"""Execute every notebook from top to bottom; ``--save`` keeps the outputs in the notebooks.

A notebook that needs the real cohorts is skipped, with the reason, where OMICSFUSE_DATA is not set.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).parent
NEEDS_DATA = {"real_cohort.ipynb"}


class NoPictureError(Exception):
    """A notebook that ran and shows no figure."""


def data_folder() -> str:
    """Folder of the real cohorts: OMICSFUSE_DATA, or a neighbour of the checkout."""
    neighbour = HERE.parents[1] / "shared" / "data"
    return os.environ.get("OMICSFUSE_DATA") or (str(neighbour) if neighbour.is_dir() else "")


def execute(path: Path, save: bool) -> str:
    """Run one notebook in a folder of its own and say how it went."""
    data = data_folder()
    if path.name in NEEDS_DATA and not data:
        return "skipped: the real cohorts are absent (set OMICSFUSE_DATA to their folder)"
    notebook = nbformat.read(path, as_version=4)
    os.environ["OMICSFUSE_DATA"] = data
    os.environ["OMICSFUSE_MANIFESTS"] = str(HERE.parent / "data_manifests")
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}
        )
        client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    if not any("image/png" in output.get("data", {}) for output in outputs):
        raise NoPictureError("no cell shows a picture")
    if save:
        for cell in notebook.cells:
            cell.metadata = {}
            for output in cell.get("outputs", []):
                # A warning names the file it comes from: where that lies is nobody's business.
                if "text" in output:
                    output["text"] = output["text"].replace(f"{HERE.parent}{os.sep}", "")
        notebook.metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        nbformat.write(notebook, path)
    return "passed"


def main() -> int:
    """Execute all notebooks; 1 if any of them fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="keep the outputs in the notebooks")
    save = parser.parse_args().save
    failed = 0
    for path in sorted(HERE.glob("*.ipynb")):
        try:
            outcome = execute(path, save)
        except (CellExecutionError, NoPictureError) as error:
            outcome, failed = f"FAILED\n{error}", failed + 1
        print(f"notebooks/{path.name}: {outcome}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
