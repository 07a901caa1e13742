"""What a file seems to be: a layer, a clinical table, gene sets, or something beside them."""

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from omicsfuse.core.errors import OmicsfuseError
from omicsfuse.core.guesses import guessed_kind, guessed_scale, names_features
from omicsfuse.core.identifiers import is_barcode, patients_of
from omicsfuse.core.kinds import KINDS
from omicsfuse.io.files.delimited import parse
from omicsfuse.io.files.opening import plain_name
from omicsfuse.io.files.text import Reading, open_text
from omicsfuse.io.layouts import layout_of
from omicsfuse.io.layouts.base import ORIENTATIONS, Layout, Wanted
from omicsfuse.io.layouts.plain import PLAIN, squeezed
from omicsfuse.io.maf import is_maf, read_maf
from omicsfuse.io.tables import MISSING_WORDS, arranged_table
from omicsfuse.pipeline.drafting.columns import endpoints_of, is_sample_map

Role = Literal[
    "layer", "clinical", "gene_sets", "gene_names", "sample_map", "case_list", "annotation", "other"
]
#: Files that are no data, by their endings.
_BESIDE = (
    ".toml",
    ".md",
    ".py",
    ".r",
    ".json",
    ".html",
    ".pdf",
    ".png",
    ".svg",
    ".log",
    ".yml",
    ".yaml",
    ".ipynb",
    ".md5",
    ".sh",
    ".docx",
    ".rst",
)
#: Most columns of a clinical table, and share of columns of words that makes a table one.
_MOST_COLUMNS = 400
_SHARE_OF_WORDS = 0.3


@dataclass
class Seen:
    """One file, and what tells it.

    ``table``: patients x columns, of layers and clinical tables. ``keys``: lines of the manifest
    beside file and kind. ``why`` is written as comments; ``questions`` are what stays open.
    """

    path: Path
    role: Role
    table: pd.DataFrame | None = None
    name: str = ""
    kind: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    @property
    def patients(self) -> pd.Index:
        """Patients of the table, barcodes of samples shortened."""
        return pd.Index([]) if self.table is None else patients_of(self.table.index)


def data_files(places: Iterable[Path]) -> list[Path]:
    """Files in folders, and named ones, without hidden ones and what is no data; sorted."""
    files: list[Path] = []
    for place in places:
        if place.is_dir():
            inside = [path for path in place.rglob("*") if path.is_file()]
            files += [
                path
                for path in inside
                if not any(part.startswith(".") for part in path.relative_to(place).parts)
                and not plain_name(path.name).endswith(_BESIDE)
                and path.name.lower() not in ("readme", "readme.txt", "license", "manifest.txt")
            ]
        else:
            files.append(place)
    return sorted(dict.fromkeys(files))


def look_at(path: Path) -> Seen:
    """Tell what a file is; a file that cannot be read is something beside them, with the reason."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _look_at(path)
    except OmicsfuseError as fault:
        return Seen(path, "other", why=[str(fault)])


def _look_at(path: Path) -> Seen:
    name = plain_name(path.name)
    if name.endswith(".gmt"):
        return Seen(path, "gene_sets", why=["sets of genes (GMT)"])
    if name.endswith((".h5ad", ".h5mu", ".parquet", ".pq")):
        return _as_layer(path, arranged_table(path, Wanted()).table, PLAIN, "")
    text = open_text(path)
    start = text.content[:4000].decode("utf-8", errors="ignore")
    if re.search(r"^case_list_ids:", start, re.MULTILINE):
        return Seen(path, "case_list", why=["a case list: patients who were sequenced"])
    if is_maf(path):
        table = read_maf(path)
        return Seen(
            path, "layer", table, "mutation", "mutation", why=["mutations, a row a variant"]
        )
    layout = layout_of(text, Wanted())
    plan = layout.plan(text, Reading(), Wanted())
    frame, _ = parse(text, plan, Reading(), MISSING_WORDS)
    heads = {squeezed(str(column)) for column in frame.columns}
    if "symbol" in heads and heads & {"aliassymbol", "prevsymbol", "ensemblgeneid", "entrezid"}:
        return Seen(path, "gene_names", why=["names of genes (as HGNC's table)"])
    if {"ilmnid", "ucscrefgenename"} <= heads:
        return Seen(path, "annotation", why=["genes of methylation probes"])
    orientation, told = _orientation(frame, layout)
    wanted = Wanted(orientation=orientation)
    table = arranged_table(path, wanted).table
    if _is_clinical(table, name):
        role: Role = "sample_map" if is_sample_map(table, frame.columns) else "clinical"
        seen = Seen(path, role, table, why=[layout.title] if layout is not PLAIN else [])
        if orientation == ORIENTATIONS[1] and not layout.orientation:
            seen.keys["orientation"] = orientation
        return seen
    return _as_layer(path, table, layout, "" if layout.orientation else orientation, told)


def _orientation(frame: pd.DataFrame, layout: Layout) -> tuple[str, str]:
    """Whether patients are in rows or columns, and what tells it."""
    if layout.orientation:
        return layout.orientation, ""
    rows = pd.Index([str(cell) for cell in frame.iloc[:, 0]])
    columns = pd.Index([str(name) for name in frame.columns[1:]])
    share = [sum(map(is_barcode, names)) / max(len(names), 1) for names in (rows, columns)]
    if max(share) > 0.5:
        return ORIENTATIONS[int(share[1] > share[0])], "barcodes"
    features = [names_features(names) for names in (rows, columns)]
    if features[0] != features[1]:
        return ORIENTATIONS[int(features[0])], "names of features"
    return ORIENTATIONS[0], ""


def _is_clinical(table: pd.DataFrame, name: str) -> bool:
    """Whether a table describes patients: endpoints, or columns of words."""
    if table.shape[1] > _MOST_COLUMNS or names_features(table.columns):
        return False
    if endpoints_of(table) or re.search(r"clin|patient|pheno|survival", name):
        return True
    if guessed_kind(name, table)[1] == "by its name":
        return False
    words = [not pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes]
    few = [table.iloc[:, i].nunique() < 0.5 * len(table) for i in range(table.shape[1])]
    described = sum(word and is_few for word, is_few in zip(words, few, strict=True))
    return table.shape[1] < 60 and described >= max(1, _SHARE_OF_WORDS * table.shape[1])


def _as_layer(
    path: Path, table: pd.DataFrame, layout: Layout, orientation: str, told: str = ""
) -> Seen:
    """Tell kind and scale of a layer."""
    name = plain_name(path.name)
    name = name[: name.rfind(".")] if "." in name else name
    kind, by = guessed_kind(name, table)
    scale, of = guessed_scale(kind, table)
    seen = Seen(path, "layer", table, name, kind)
    if layout is not PLAIN:
        seen.why.append(layout.title)
    seen.why.append(f"kind told {by}" + (f"; scale by {of}" if of else ""))
    if orientation == ORIENTATIONS[1]:
        seen.keys["orientation"] = orientation
        seen.why.append(f"columns are patients: told by {told}" if told else "columns are patients")
    if scale != KINDS[kind].scales[0]:
        seen.keys["scale"] = scale
    if by == "as nothing tells another":
        seen.questions.append(
            f"{path.name}: of which kind is it? Nothing in its name or values tells; it is taken "
            f'as kind = "{kind}".'
        )
    return seen
