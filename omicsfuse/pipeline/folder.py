"""Where the files of a results folder lie, and what each holds."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from omicsfuse.core.results import ResultFile
from omicsfuse.io.results import write_table

if TYPE_CHECKING:
    from omicsfuse.pipeline.stage import Stage

INDEX = "index.tsv"
RECORD = "run.json"
SUMMARY = "summary.json"
FIGURES = "figures"

#: Files and folders most asked for: they stay at the top, and are listed in this order. All other
#: files of a stage lie in a folder of its name.
TOP = (
    "report.html",
    SUMMARY,
    "subtypes.tsv",
    "n_clusters.tsv",
    "stability.tsv",
    "layers.tsv",
    "second_opinions.tsv",
    "specifications.tsv",
    "repeatability.tsv",
    "survival.tsv",
    "table1.docx",
    "markers.tsv",
    "enrichment.tsv",
    "predictions.tsv",
    "models",
    "signature.json",
    "signatures",
    "verification.tsv",
    "classifier.json",
    RECORD,
    INDEX,
    FIGURES,
)

#: What no stage gives, and what it holds; of a figure that is its title.
OF_THE_REPORT = {
    "report.html": "The report; opens in any browser",
    SUMMARY: "Status of the subtypes, reservations and headline numbers, for programs",
}
OF_THE_RUN = {
    RECORD: "Versions, seed, settings, checksums of all input files, exclusions, warnings, seconds",
    INDEX: "This list",
}


def place(stage: str, name: str) -> str:
    """Path of a stage's file within the results folder.

    >>> place("survival", "survival.tsv"), place("survival", "cox.tsv")
    ('survival.tsv', 'survival/cox.tsv')
    """
    return name if name.split("/")[0] in TOP else f"{stage}/{name}"


def holds(stage: "Stage[Any, Any]", name: str) -> str:
    """What a stage says that a file holds; capitals in ``holds`` stand for what the name has."""
    for pattern, text in stage.holds.items():
        if found := re.fullmatch(re.sub(r"[A-Z]{2,}", r"(?P<\g<0>>.+)", pattern), name):
            for word, meant in found.groupdict().items():
                text = text.replace(word, meant)
            return text
    return ""


def write_stage(stage: "Stage[Any, Any]", result: Any, folder: Path) -> list[ResultFile]:
    """Write all files of a stage, each to its place, and list them."""
    own = folder / stage.name
    own.mkdir(parents=True)
    names = stage.tables(result)
    for name, table in names.items():
        write_table(table, own / name)
    stage.write(result, own)
    others = {path.relative_to(own).as_posix() for path in own.rglob("*") if path.is_file()}
    written = []
    for name in (*names, *sorted(others - names.keys())):
        file = place(stage.name, name)
        if file == name:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (own / name).replace(folder / file)
        written.append(ResultFile(file, stage.name, holds(stage, name)))
    return written


def index(files: Iterable[ResultFile]) -> pd.DataFrame:
    """List files: those at the top in the order of ``TOP``, then as they come."""
    first = {name: number for number, name in enumerate(TOP)}
    ordered = sorted(files, key=lambda each: first.get(each.file, len(TOP)))
    return pd.DataFrame(ordered, columns=ResultFile._fields)


def write_index(
    files: Iterable[ResultFile], folder: Path, titles: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Write and return the list of all files of a results folder.

    ``files``: those of the stages; ``titles``: of the figures of the report, by the name of each.
    """
    listed = list(files)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    named = {f"{FIGURES}/{name}": title for name, title in (titles or {}).items()} | OF_THE_REPORT
    listed += [
        ResultFile(name, "report", named.get(name) or named.get(name.rpartition(".")[0], ""))
        for name in sorted(there - {each.file for each in listed})
    ]
    listed += [ResultFile(name, "run", text) for name, text in OF_THE_RUN.items()]
    table = index(listed)
    write_table(table, folder / INDEX)
    return table
