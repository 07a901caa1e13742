"""What a file seems to be: a layer, a clinical table, gene sets, or something beside them."""

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import OmicsfuseError
from omicsfuse.core.guesses import guessed_kind, guessed_scale, names_features
from omicsfuse.core.identifiers import is_barcode, patients_of
from omicsfuse.core.kinds import KINDS
from omicsfuse.io.files.delimited import parse
from omicsfuse.io.files.opening import plain_name
from omicsfuse.io.files.text import Reading, Text, open_text
from omicsfuse.io.layouts import layout_of
from omicsfuse.io.layouts.base import ORIENTATIONS, Layout, Wanted
from omicsfuse.io.layouts.mutations import mutated
from omicsfuse.io.layouts.plain import PLAIN, squeezed
from omicsfuse.io.maf import is_maf, read_maf
from omicsfuse.io.repeats import read_sample_map
from omicsfuse.io.tables import MISSING_WORDS, arranged_table
from omicsfuse.pipeline.drafting.columns import is_sample_map
from omicsfuse.pipeline.drafting.endpoints import endpoints_of
from omicsfuse.pipeline.drafting.known_names import kind_of_name, not_used

Role = Literal[
    "layer", "clinical", "gene_sets", "gene_names", "sample_map", "case_list", "annotation", "other"
]
#: Most columns of a clinical table, and share of columns of words that makes a table one.
_MOST_COLUMNS = 400
_SHARE_OF_WORDS = 0.3
#: Bytes of a text that are looked at; ``check`` reads all of it.
LOOKED_AT = 48 * 2**20
#: Kinds that layouts tell.
_OF_LAYOUT = {
    **dict.fromkeys(("captk", "captk_wide", "cgita", "lifex", "mirp", "pyradiomics"), "radiomics"),
    **dict.fromkeys(("feature_counts", "merged_counts"), "expression"),
    "gistic": "copy_number",
}
#: Headings of a first column that numbers the rows.
_NUMBERED = frozenset({"", "x", "unnamed:0", "unnamed0", "index", "rownames", "row", "1", "no"})
#: Share of zeros and largest count of a matrix of mutations that are counted.
_ZEROS = 0.5
_MOST_MUTATIONS = 10


@dataclass
class Seen:
    """One file, and what tells it.

    ``table``: patients x columns, of layers and clinical tables; ``told``: whether something tells
    that its rows are patients. ``keys``: lines of the manifest beside file and kind; ``hints``:
    lines that are commented out. ``why`` is written as comments; ``questions`` are what stays open.
    ``samples``: patients of samples, of a sample map, and of a layer that it knows.
    """

    path: Path
    role: Role
    table: pd.DataFrame | None = None
    name: str = ""
    kind: str = ""
    scale: str = ""
    told: bool = True
    variants: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    hints: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    samples: Mapping[str, str] = field(default_factory=dict)

    @property
    def patients(self) -> pd.Index:
        """Patients of the table, samples brought to them."""
        if self.table is None:
            return pd.Index([])
        names = [self.samples.get(str(name).strip(), str(name)) for name in self.table.index]
        return patients_of(pd.Index(names))


def look_at(path: Path, orientation: str = "", patient: str = "") -> Seen:
    """Tell what a file is; a file that cannot be read is something beside them, with the reason.

    ``orientation`` and ``patient``: what other files tell of it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _look_at(path, orientation, patient)
    except OmicsfuseError as fault:
        return Seen(path, "other", why=[str(fault)])


def _look_at(path: Path, orientation: str, patient: str) -> Seen:
    name = plain_name(path.name)
    if path.is_dir():
        return _folder(path)
    if why := not_used(name):
        return Seen(path, "other", why=[why])
    if name.endswith(".gmt"):
        return Seen(path, "gene_sets", why=["sets of genes (GMT)"])
    if name.endswith((".h5ad", ".h5mu", ".parquet", ".pq")):
        found = _as_layer(path, arranged_table(path, Wanted()).table, PLAIN)
        found.told = False
        return found
    text, cut = _beginning(open_text(path))
    start = text.content[:4000].decode("utf-8", errors="ignore")
    if re.search(r"^case_list_ids:", start, re.MULTILINE):
        return Seen(path, "case_list", why=["a case list: patients who were sequenced"])
    if _is_maf(text):
        return _variants(path)
    layout = layout_of(text, Wanted())
    frame, _ = parse(text, layout.plan(text, Reading(), Wanted()), Reading(), MISSING_WORDS)
    heads = {squeezed(str(column)) for column in frame.columns}
    if beside := _beside(path, frame, heads):
        return beside
    column = patient or _after_numbers(frame, layout)
    told_by = ""
    if not orientation:
        orientation, told_by = _orientation(frame, layout, column)
    wanted = Wanted(orientation=orientation, patient=column, missing_words=MISSING_WORDS)
    table = layout.arrange(frame, wanted, path).table
    if _is_clinical(table, name):
        # The gate knows more words for missing; identifiers are text for it, whatever they hold.
        seen = Seen(path, "clinical", table, told=bool(told_by or layout.orientation))
        if is_sample_map(frame.columns, table):
            seen.role = "sample_map"
            seen.samples = dict(read_sample_map(path)["patient"])
    else:
        seen = _as_layer(path, table, layout)
        if seen.role == "other":
            return seen
        seen.told = bool(told_by or layout.orientation)
        if told_by and orientation == ORIENTATIONS[1]:
            seen.why.append(f"columns are patients: told by {told_by}")
    if layout is not PLAIN:
        seen.why.insert(0, layout.title)
    if cut:
        seen.why.append(f"told by its first {len(table):,} rows")
    if column:
        seen.keys["patient"] = column
    if orientation == ORIENTATIONS[1] and not layout.orientation:
        seen.keys["orientation"] = orientation
    return seen


def _folder(path: Path) -> Seen:
    """Tell a layer of one file a sample."""
    if is_maf(path):
        return _variants(path)
    arranged = arranged_table(path, Wanted(missing_words=MISSING_WORDS))
    seen = _as_layer(path, arranged.table, PLAIN)
    if arranged.scale in KINDS[seen.kind].scales:
        seen.scale = seen.keys["scale"] = arranged.scale
    seen.why.insert(0, "; ".join(arranged.notes[:3]))
    return seen


def _variants(path: Path) -> Seen:
    table = read_maf(path)
    if len(table) == 1:
        why = "a MAF of one sample: put such files into a folder of their own"
        return Seen(path, "other", why=[why])
    seen = Seen(path, "layer", table, "mutation", "mutation", variants=True)
    seen.why.append("mutations, a row a variant")
    return seen


def _beginning(text: Text) -> tuple[Text, bool]:
    """Cut a long text after the rows that are looked at; also says whether it was."""
    if len(text.content) <= LOOKED_AT:
        return text, False
    end = text.content.rfind(b"\n", 0, LOOKED_AT)
    if end < 0 or b"\n" not in text.content[:end]:
        return text, False
    return Text(text.path, text.content[:end], text.notes, text.from_sheet), True


def _is_maf(text: Text) -> bool:
    """Whether a header has a MAF's columns, or the name says so."""
    columns = ("hugo_symbol", "variant_classification", "tumor_sample_barcode")
    header = next((line for line in text.lines if not line.startswith("#")), "").lower()
    return sum(column in header for column in columns) >= 2 or text.name.endswith(".maf")


def _beside(path: Path, frame: pd.DataFrame, heads: set[str]) -> Seen | None:
    """Tell tables that say something of features or files."""
    if "symbol" in heads and heads & {"aliassymbol", "prevsymbol", "ensemblgeneid", "entrezid"}:
        return Seen(path, "gene_names", why=["names of genes (as HGNC's table)"])
    if {"ilmnid", "ucscrefgenename"} <= heads:
        return Seen(path, "annotation", why=["genes of methylation probes"])
    if {"fileid", "filename"} <= heads or {"filename", "caseid"} <= heads:
        return Seen(path, "other", why=["says whose each file is"])
    if "gene" in heads and heads & {"effect", "aminoacidchange", "hgvsp"}:
        why = (
            "a row a variant, without the columns of a MAF: call them Hugo_Symbol, "
            "Variant_Classification and Tumor_Sample_Barcode"
        )
        return Seen(path, "other", why=[why])
    if heads & {"chromosome", "chrom", "chr"} and heads & {"segmentmean", "segmean", "nummark"}:
        return Seen(path, "other", why=[not_used("data.seg")])
    return None


def _after_numbers(frame: pd.DataFrame, layout: Layout) -> str:
    """Column of names after a first one that numbers the rows, as R and pandas write it."""
    if layout is not PLAIN or squeezed(str(frame.columns[0])) not in _NUMBERED:
        return ""
    first = pd.to_numeric(frame.iloc[:, 0], errors="coerce")
    if len(first) < 2 or first.isna().any() or not (first.diff().iloc[1:] == 1).all():
        return ""
    for i in range(1, min(frame.shape[1], 12)):
        cells = frame.iloc[:, i]
        if not pd.api.types.is_numeric_dtype(cells) and cells.notna().all() and cells.is_unique:
            return str(frame.columns[i])
    return ""


def _orientation(frame: pd.DataFrame, layout: Layout, column: str) -> tuple[str, str]:
    """Whether patients are in rows or columns, and what tells it; empty where nothing does."""
    if layout.orientation:
        return layout.orientation, ""
    names = frame[column] if column else frame.iloc[:, 0]
    rows = pd.Index([str(cell) for cell in names])
    others = [str(name) for name in frame.columns if str(name) != column]
    columns = pd.Index(others if column else others[1:])
    for fits, told in (
        (lambda names: _share_of(names, is_barcode), "barcodes"),
        (lambda names: _share_of(names, re.compile(r"GSM\d+").fullmatch), "accessions of GEO"),
    ):
        shares = (fits(rows), fits(columns))
        if max(shares) > 0.5:
            return ORIENTATIONS[int(shares[1] > shares[0])], told
    features = [names_features(names) for names in (rows, columns)]
    if features[0] != features[1]:
        return ORIENTATIONS[int(features[0])], "names of features"
    return "", ""


def _share_of(names: pd.Index, fits: Callable[[str], object]) -> float:
    return sum(bool(fits(str(name))) for name in names) / max(len(names), 1)


def _is_clinical(table: pd.DataFrame, name: str) -> bool:
    """Whether a table describes patients: endpoints, or columns of words."""
    if table.shape[1] > _MOST_COLUMNS or names_features(table.columns):
        return False
    if endpoints_of(table) or re.search(r"clin|patient|pheno|survival|demograph", name):
        return True
    if kind_of_name(name) or guessed_kind(name, table)[1] == "by its name":
        return False
    words = [not pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes]
    few = [table.iloc[:, i].nunique() < 0.5 * len(table) for i in range(table.shape[1])]
    described = sum(word and is_few for word, is_few in zip(words, few, strict=True))
    return table.shape[1] < 60 and described >= max(1, _SHARE_OF_WORDS * table.shape[1])


def _as_layer(path: Path, table: pd.DataFrame, layout: Layout) -> Seen:
    """Tell kind and scale of a layer, and ask about names that occur twice."""
    name = plain_name(path.name)
    name = name[: name.rfind(".")] if "." in name else name
    kind, by, sure = _kind(name, table, layout)
    calls, note = mutated(table) if KINDS[kind].alterations == "mutations" else (table, "")
    scale, of = guessed_scale(kind, calls)
    seen = Seen(path, "layer", table, name, kind, scale)
    seen.why.append(f"kind told {by}" + (f"; scale by {of}" if of else "") + (note and f"; {note}"))
    if len(KINDS[kind].scales) > 1:
        seen.keys["scale"] = scale
    if not sure:
        seen.questions.append(
            f"{path.name}: of which kind is it? Nothing in its name or values tells for sure; it "
            f'is taken as kind = "{kind}".'
        )
    if KINDS[kind].alterations == "copies" and _is_absolute(table):
        seen.role, seen.keys = "other", {}
        seen.why = [
            "absolute or linear copy numbers (no value is negative): a layer takes log2 ratios, or "
            "calls from -2 to 2"
        ]
        return seen
    _ask_about_repeats(seen, table)
    return seen


def _kind(name: str, table: pd.DataFrame, layout: Layout) -> tuple[str, str, bool]:
    """Kind of a layer, what tells it, and whether that is sure."""
    if layout.name in _OF_LAYOUT:
        return _OF_LAYOUT[layout.name], "by its layout", True
    if kind := kind_of_name(name):
        return kind, "by its name", True
    if _names_mutations(table):
        return "mutation", "by cells that name mutations", True
    kind, by = guessed_kind(name, table)
    # The last kind is what no name and no value tells.
    sure = kind != list(KINDS)[-1]
    if _counts_mutations(table) and by == "by the names of its genes":
        return "mutation", "by whole numbers, most of them 0", False
    if layout.name == "geo" and not sure:
        return "expression", "as most series of GEO are of expression", False
    return kind, by, sure


def _names_mutations(table: pd.DataFrame) -> bool:
    """Whether the cells of words in a table are mutations, as ``p.R175H`` or ``Missense``."""
    texts = [
        str(cell)
        for i in range(table.shape[1])
        if not pd.api.types.is_numeric_dtype(table.dtypes.iloc[i])
        for cell in table.iloc[:, i].dropna().unique()[:20]
    ]
    change = re.compile(
        r"(?i)(p\.)?[A-Z*]\d+([A-Z*]|fs|del|ins|_).*|mut(ated|ant)?|missense.*|nonsense.*|wt"
        r"|wild.?type|frame_?shift.*|in_?frame.*|splice.*|truncat.*|inframe.*"
    )
    changes = sum(change.fullmatch(text) is not None for text in texts)
    return bool(texts) and changes >= 0.5 * len(texts)


def _counts_mutations(table: pd.DataFrame) -> bool:
    """Whether all values are small whole numbers, and most are 0."""
    if not all(pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes):
        return False
    values = table.to_numpy(dtype=float, na_value=float("nan"))
    known = values[values == values]
    whole = len(known) and (known == known.round()).all() and known.min() >= 0
    return bool(whole and known.max() <= _MOST_MUTATIONS and (known == 0).mean() >= _ZEROS)


def _is_absolute(table: pd.DataFrame) -> bool:
    """Whether copies are counted from 0, so that 2 is usual."""
    numbers = table.apply(pd.to_numeric, errors="coerce")
    return bool(numbers.min().min() >= 0 and numbers.stack().median() >= 1)


def _ask_about_repeats(seen: Seen, table: pd.DataFrame) -> None:
    """Ask what is to be done with features, and patients, that occur more than once."""
    twice = table.columns[table.columns.duplicated()].unique()
    if len(twice):
        seen.hints.append('duplicates = "mean"   # or median, sum, max_variance, first')
        seen.questions.append(
            f"{seen.path.name}: {_names(len(twice), 'feature')} there more than once (e.g. "
            f"{listed(twice, 2)}): what is to be taken of each? Set duplicates in the manifest, "
            'as "mean" or "max_variance".'
        )
    rows = table.index[table.index.duplicated()].unique()
    if len(rows):
        what = "lesions" if KINDS[seen.kind].radiomic else "samples"
        seen.questions.append(
            f"{seen.path.name}: {_names(len(rows), 'patient')} in several rows (e.g. "
            f"{listed(rows, 2)}): which of the {what} is meant? A layer has one row a patient."
        )


def _names(n: int, noun: str) -> str:
    return f"{count(n, noun)} {'is' if n == 1 else 'are'}"
