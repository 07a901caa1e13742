"""cBioPortal: matrices with Hugo symbols and Entrez numbers, or with a stable identifier.

Format: https://docs.cbioportal.org/file-formats/
"""

from pathlib import Path

import pandas as pd

from omicsfuse.core.kinds import KINDS
from omicsfuse.core.layers import Exclusion
from omicsfuse.io.files.delimited import Plan
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted

_SYMBOL, _ENTREZ, _STABLE = "hugosymbol", "entrezgeneid", "entitystableid"
#: Columns beside the names, of which none is a sample.
_BESIDE = frozenset({"name", "description", "transcriptid", "url", "cytoband", "genesymbol"})
#: First columns of a MAF, which holds a row a variant.
_MAF = frozenset({"variantclassification", "tumorsamplebarcode"})
#: Copy number of arms, as words.
_WORDS = {
    "loss": -1.0,
    "lost": -1.0,
    "deleted": -1.0,
    "unchanged": 0.0,
    "neutral": 0.0,
    "gain": 1.0,
    "gained": 1.0,
    "amplified": 1.0,
}


def _header(text: Text) -> list[str]:
    return [plain.squeezed(name.strip()) for name in text.lines[0].split("\t")]


def _recognises(text: Text, wanted: Wanted) -> bool:
    header = _header(text)
    names = header[0] in (_SYMBOL, _ENTREZ, _STABLE)
    return names and len(header) > 2 and not _MAF & set(header) and not wanted.patient


def _plan(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    header = _header(text)
    beside = frozenset(i for i, name in enumerate(header[:12]) if i and name in _BESIDE)
    first = [name.strip() for name in text.lines[0].split("\t")[:2]]
    return Plan("\t", beside=beside, text=frozenset(first[: 1 + (header[1] == _ENTREZ)]))


def _arrange(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Name genes by symbol, and by Entrez number where the symbol is blank."""
    noted: list[Exclusion] = []
    heads = [plain.squeezed(str(name)) for name in table.columns[:2]]
    if heads[1] in (_ENTREZ, _SYMBOL):
        names, numbers = (table.iloc[:, i].astype(str).str.strip() for i in (0, 1))
        if heads[0] == _ENTREZ:
            names, numbers = numbers, names
        blank = names.isin(["", "nan"])
        unknown = blank & numbers.isin(["", "nan", "-1", "0"])
        used = names.where(~blank, numbers.str.removesuffix(".0"))
        if unknown.any():
            reason = "rows with neither a symbol nor an Entrez number"
            noted.append(Exclusion("read", wanted.label, "features", int(unknown.sum()), reason))
        table = table.drop(columns=table.columns[1]).assign(**{str(table.columns[0]): used})
        table = table[~unknown]
        note = (
            ""
            if not (blank & ~unknown).any()
            else (
                f"{int((blank & ~unknown).sum())} genes without a symbol under their Entrez number"
            )
        )
    else:
        note = ""
    if wanted.kind in KINDS and KINDS[wanted.kind].alterations == "copies":
        table = _numbers_of_words(table)
    arranged = plain.arrange(table, wanted, path)
    arranged.exclusions[:0] = noted
    arranged.notes += [note] if note else []
    return arranged


def _numbers_of_words(table: pd.DataFrame) -> pd.DataFrame:
    """Write gains and losses of arms as 1 and -1, where all cells are such words."""
    cells = table.iloc[:, 1:]
    if any(pd.api.types.is_numeric_dtype(dtype) for dtype in cells.dtypes):
        return table
    words = cells.apply(lambda column: column.astype("string").str.strip().str.lower())
    if not words.isin(list(_WORDS)).where(words.notna(), True).to_numpy().all():
        return table
    numbers = words.apply(lambda column: column.map(_WORDS).astype(float))
    return pd.concat([table.iloc[:, :1], numbers], axis=1)


CBIOPORTAL = Layout(
    "cbioportal", "cBioPortal matrix", _recognises, _arrange, _plan, ORIENTATIONS[1]
)
