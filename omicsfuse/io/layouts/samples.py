"""Files of one sample: a row a gene, and columns that are kinds of values, not patients.

Formats: https://docs.gdc.cancer.gov/Encyclopedia (STAR, miRNA, methylation, RPPA),
https://salmon.readthedocs.io (quant.sf), https://deweylab.github.io/RSEM (genes.results),
https://pachterlab.github.io/kallisto (abundance.tsv), https://htseq.readthedocs.io
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.delimited import Plan, plain_plan
from omicsfuse.io.files.dialect import fields
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts.base import Arranged, Layout, Wanted


@dataclass(frozen=True)
class Quantifier:
    """What one program writes of one sample.

    ``required``: columns by which its files are known; ``feature``: the one with the names;
    ``columns``: that of each scale, the usual one first. ``header``: what the columns are called
    in files that do not say it.
    """

    title: str
    feature: str
    columns: Mapping[str, str]
    required: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


_STAR_COLUMNS = ("gene_id", "unstranded", "stranded_first", "stranded_second")
#: Files with a header, by the columns that they have.
QUANTIFIERS = (
    Quantifier(
        "GDC STAR counts",
        "gene_id",
        {"tpm": "tpm_unstranded", "counts": "unstranded", "fpkm": "fpkm_unstranded"},
        ("gene_id", "gene_name", "gene_type", "unstranded"),
    ),
    Quantifier(
        "Salmon quantification",
        "Name",
        {"tpm": "TPM", "counts": "NumReads"},
        ("Name", "EffectiveLength", "TPM", "NumReads"),
    ),
    Quantifier(
        "RSEM results of genes",
        "gene_id",
        {"tpm": "TPM", "counts": "expected_count", "fpkm": "FPKM"},
        ("gene_id", "transcript_id(s)", "expected_count"),
    ),
    Quantifier(
        "RSEM results of transcripts",
        "transcript_id",
        {"tpm": "TPM", "counts": "expected_count", "fpkm": "FPKM"},
        ("transcript_id", "gene_id", "expected_count"),
    ),
    Quantifier(
        "kallisto abundance",
        "target_id",
        {"tpm": "tpm", "counts": "est_counts"},
        ("target_id", "eff_length", "est_counts", "tpm"),
    ),
    Quantifier(
        "StringTie abundance",
        "Gene ID",
        {"tpm": "TPM", "fpkm": "FPKM"},
        ("Gene ID", "Coverage", "FPKM", "TPM"),
    ),
    Quantifier(
        "GDC miRNA quantification",
        "miRNA_ID",
        {"normalised_counts": "reads_per_million_miRNA_mapped", "counts": "read_count"},
        ("miRNA_ID", "read_count", "reads_per_million_miRNA_mapped"),
    ),
    Quantifier(
        "GDC methylation beta values",
        "Composite Element REF",
        {"beta": "Beta_value"},
        ("Composite Element REF", "Beta_value"),
    ),
    Quantifier(
        "GDC protein expression",
        "peptide_target",
        {"": "protein_expression"},
        ("AGID", "peptide_target", "protein_expression"),
    ),
    Quantifier(
        "GDC copy number of genes",
        "gene_id",
        {"": "copy_number"},
        ("gene_id", "gene_name", "chromosome", "copy_number"),
    ),
)
STAR = Quantifier("STAR gene counts", "gene_id", {"counts": "unstranded"}, header=_STAR_COLUMNS)
#: Two columns without a header: the scale is the manifest's, or that of the kind.
TWO_COLUMNS = Quantifier(
    "a name and a value a row", "name", {"": "value"}, header=("name", "value")
)
PYRADIOMICS = replace(TWO_COLUMNS, title="PyRadiomics, a row a feature")
HTSEQ = replace(TWO_COLUMNS, title="HTSeq counts", columns={"counts": "value"})
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?|NA|NaN|", re.IGNORECASE)


def head_of(text: Text) -> tuple[Plan, list[str]]:
    """Plan of a text, and the cells of its first line that is no comment."""
    plan = plain_plan(text, Reading())
    return plan, [cell.strip() for cell in fields(text.lines[plan.header], plan.separator)]


def quantifier_of(text: Text) -> Quantifier | None:
    """Program that wrote a file of one sample, where its columns tell."""
    _, names = head_of(text)
    if len(names) == 4 and names[0].lower() == "n_unmapped":
        return STAR
    if len(names) == 2 and names[1] and _NUMBER.fullmatch(names[1]):
        return HTSEQ if b"\n__no_feature" in text.content else TWO_COLUMNS
    if len(names) == 2 and names[0].startswith("diagnostics_"):
        return PYRADIOMICS
    present = {name.lower() for name in names}
    return next((q for q in QUANTIFIERS if {c.lower() for c in q.required} <= present), None)


def value_of(
    quantifier: Quantifier, names: list[str], wanted: Wanted, where: str
) -> tuple[str, str]:
    """Column of values to read, and its scale: the one asked for, that of the scale, the usual."""
    scale_of = {column: scale for scale, column in quantifier.columns.items()}
    if wanted.column:
        if wanted.column not in names:
            raise CohortError(
                f'{where}: column = "{wanted.column}" is asked for, and the files do not have it; '
                f"{did_you_mean(wanted.column, names)}."
            )
        return wanted.column, scale_of.get(wanted.column, "")
    if wanted.scale in quantifier.columns:
        return quantifier.columns[wanted.scale], wanted.scale
    usual = [scale for scale, column in quantifier.columns.items() if column in names]
    if not usual or (wanted.scale and "" not in quantifier.columns):
        of = f"of {quantifier.title}" if quantifier.title else ""
        raise CohortError(
            f'{where}: scale = "{wanted.scale}" is declared, and there is no column {of} that is '
            f'known to hold it. Say which column is meant: column = "NAME"; the columns are: '
            f"{', '.join(names)}."
        )
    return quantifier.columns[usual[0]], usual[0]


def _is_one_sample(text: Text, wanted: Wanted) -> bool:
    if wanted.label == "clinical" or b"\n" not in text.content:
        return False
    quantifier = quantifier_of(text)
    if quantifier is None or quantifier.title != TWO_COLUMNS.title:
        return quantifier is not None
    # A patient or a gene may be named by a whole number.
    return "." in head_of(text)[1][1]


def _refused(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    quantifier = quantifier_of(text)
    title = quantifier.title if quantifier is not None else "values"
    raise CohortError(
        f"{text.path} holds one sample ({title}): its columns are kinds of values, not patients. "
        'Name the folder that holds such a file for each sample, file = "FOLDER/"; or, if this is '
        'a table of several patients, set format = "table".'
    )


def _unreached(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    raise AssertionError("a file of one sample is refused before it is read")


ONE_SAMPLE = Layout("one_sample", "a file of one sample", _is_one_sample, _unreached, _refused)
