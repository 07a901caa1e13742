"""Tables of read counters and quantifiers merged over samples: featureCounts, nf-core, STAR.

Formats: https://subread.sourceforge.net/featureCounts.html, https://nf-co.re/rnaseq/output,
https://docs.gdc.cancer.gov/Data/Bioinformatics_Pipelines/Expression_mRNA_Pipeline/
"""

import re
from pathlib import Path, PurePath

import pandas as pd

from omicsfuse.io.files.delimited import Plan
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted

_FEATURE_COUNTS = ("Geneid", "Chr", "Start", "End", "Strand", "Length")
#: What aligners and quantifiers add to the name of a sample.
_ENDINGS = re.compile(
    r"(\.(bam|sam|cram|sf|genes|results|counts?|txt|tsv|gz|htseq|sorted|dedup|markdup)"
    r"|[._-]?Aligned(\.sortedByCoord)?\.out|[._-]ReadsPerGene\.out|[._-]?(rna_seq|star)\b.*)+$",
    re.IGNORECASE,
)


def sample_name(name: str) -> str:
    """Name of a sample, without the folders and endings of its file."""
    bare = PurePath(name.replace("\\", "/")).name if "/" in name or "\\" in name else name
    return _ENDINGS.sub("", bare) or bare


def _header(text: Text) -> tuple[int, list[str]]:
    start = next((i for i, line in enumerate(text.lines) if not line.startswith("#")), 0)
    return start, [name.strip() for name in text.lines[start].split("\t")]


def _recognises(text: Text, wanted: Wanted) -> bool:
    return tuple(_header(text)[1][:6]) == _FEATURE_COUNTS


def _plan(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    start, header = _header(text)
    beside = frozenset(range(1, 6)) | {
        i for i, name in enumerate(header) if name in ("gene_name", "gene_type", "gene_biotype")
    }
    return Plan("\t", start, beside=frozenset(beside))


def _arrange(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    names = [str(table.columns[0]), *(sample_name(str(name)) for name in table.columns[1:])]
    return plain.arrange(table.set_axis(names, axis=1), wanted, path)


#: First columns of tables merged over samples: what names the rows, and what is beside it.
_ROWS = ("gene_id", "transcript_id", "tx")
_NAMES = ("gene_name", "gene_id", "gene_type", "gene_symbol", "transcript_id(s)")


def _is_merged(text: Text, wanted: Wanted) -> bool:
    names = _header(text)[1]
    return len(names) > 3 and names[0] in _ROWS and names[1] in _NAMES and not _values(names)


def _values(names: list[str]) -> bool:
    """Whether columns are kinds of values of one sample."""
    return bool({"unstranded", "expected_count", "TPM", "copy_number"} & set(names))


def _plan_merged(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    start, _ = _header(text)
    return Plan("\t", start)


def _arrange_merged(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    arranged = plain.arrange(table, wanted, path)
    symbols = next((name for name in table.columns if plain.squeezed(str(name)) in _SYMBOLS), "")
    if symbols and not wanted.patient:
        arranged.notes.append(
            f'genes as in "{table.columns[0]}" (for symbols: patient = "{symbols}")'
        )
    return arranged


_SYMBOLS = ("genename", "genesymbol")

MERGED = Layout(
    "merged_counts",
    "a table of genes merged over samples",
    _is_merged,
    _arrange_merged,
    _plan_merged,
    ORIENTATIONS[1],
)
FEATURE_COUNTS = Layout(
    "feature_counts", "featureCounts", _recognises, _arrange, _plan, ORIENTATIONS[1]
)
