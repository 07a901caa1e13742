"""What a table seems to be, where nobody said: the kind and scale of its values, its patients."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.checks.ranges import LARGEST_LOG2, SMALLEST_COUNT_MAXIMUM
from omicsfuse.core.kinds import KINDS, Kind, kinds_that
from omicsfuse.core.radiomic_names import radiomics_features

#: Genes that most tables of genes have; nobody names a patient so.
LANDMARKS = frozenset(
    {
        *("ACTB", "AKT1", "ALK", "APC", "ARID1A", "ATM", "ATRX", "B2M", "BAP1", "BRAF"),
        *("BRCA1", "BRCA2", "CCND1", "CD274", "CD4", "CD8A", "CDH1", "CDK4", "CDKN2A"),
        *("CTNNB1", "EGFR", "ERBB2", "ESR1", "EZH2", "FGFR1", "FGFR3", "GAPDH", "GATA3"),
        *("IDH1", "IDH2", "KEAP1", "KIT", "KMT2D", "KRAS", "MDM2", "MET", "MKI67", "MLH1"),
        *("MTOR", "MYC", "MYCN", "NF1", "NFE2L2", "NOTCH1", "NRAS", "PBRM1", "PDGFRA"),
        *("PIK3CA", "PTEN", "RB1", "SETD2", "SMAD4", "SMARCA4", "SOX2", "STK11", "TERT"),
        *("TP53", "VEGFA", "VHL"),
    }
)
#: So many of them make a list of names one of genes.
FEWEST_LANDMARKS = 2
#: Share of the names that must look like features of a kind.
SHARE = 0.5
#: Symbols of genes. Where none of `LANDMARKS` is there, many names tell by how they are made: most
#: fit, some have a number, and they begin in many ways.
_SYMBOL = re.compile(r"(?:[A-Z][A-Z0-9]{1,9}(?:[-.][A-Z0-9]{1,4})?|C[0-9XY]+orf\d+)")
_FEWEST_SYMBOLS = 20
_SYMBOLS = 0.85
_WITH_NUMBER = (0.3, 0.97)
_BEGINNINGS = 0.2
#: Names that are looked at in a table of more.
_MOST_NAMES = 2000
#: Scales of calls, and what they hold.
_CALLS = {"binary": (0, 1), "gistic": (-2, -1, 0, 1, 2)}
#: Sums of a patient's values within this share of a million are transcripts per million.
_PER_MILLION = 0.05


def guessed_kind(name: str, table: pd.DataFrame) -> tuple[str, str]:
    """Kind of a layer and what tells it: its name, else its features, else its values."""
    values = _values(table)
    present = values[~np.isnan(values)]
    called = next((row for row in KINDS.values() if _called(present, row.scales[0])), None)
    plain = " ".join(re.findall(r"[a-z0-9]+", name.lower()))
    by_name = [row for row in KINDS.values() if re.search(row.words, plain)]
    # Nothing that is transcribed has values such as 0 and 1 only: "genes" may be their mutations.
    if by_name and not (by_name[-1].transcriptome and called):
        return by_name[-1].name, "by its name"
    if own := next((row for row in KINDS.values() if _features_of(row, table.columns)), None):
        return own.name, "by the names of its features"
    if called:
        return called.name, "by its values"
    if names_genes(table.columns):
        shares = bool(present.size and present.min() >= 0 and present.max() <= 1)
        (kind, *_) = kinds_that(lambda row: row.methylome if shares else row.transcriptome)
        return kind, "by the names of its genes" + " and values in 0..1" * shares
    return list(KINDS)[-1], "as no other kind fits"


def guessed_scale(kind: str, table: pd.DataFrame) -> tuple[str, str]:
    """Scale of a layer's values among those of its kind, and what tells it."""
    scales, values = KINDS[kind].scales, _values(table)
    present = values[~np.isnan(values)]
    usual = next(scale for scale in ("raw", "log2", scales[0]) if scale in scales)
    if len(scales) == 1 or not present.size:
        return scales[0], ""
    low, high = float(present.min()), float(present.max())
    reach = f"values from {low:.3g} to {high:.3g}"
    if "gistic" in scales and _called(present, "gistic"):
        return "gistic", "whole numbers from -2 to 2"
    if "beta" in scales:
        return ("beta" if low >= 0 and high <= 1 else "m_value"), reach
    if low < 0:
        if "zscore" in scales and _standardised(values):
            return "zscore", "features of mean 0 and SD 1"
        beyond = usual == "log2" and max(-low, high) > LARGEST_LOG2
        return ("zscore" if beyond else usual), reach
    if "counts" in scales and high > SMALLEST_COUNT_MAXIMUM and (present == present.round()).all():
        return "counts", f"{reach}, whole numbers"
    if "counts" in scales and high > LARGEST_LOG2:
        sums = np.nansum(values, axis=1)
        million = np.median(np.abs(sums / 1e6 - 1)) < _PER_MILLION
        return (
            ("tpm", "patients sum to a million")
            if million
            else ("normalised_counts", f"{reach}, including fractions")
        )
    return usual, reach


def names_genes(names: pd.Index) -> bool:
    """Whether well-known genes are among some names, or the names are made like symbols."""
    return len(LANDMARKS & set(names)) >= FEWEST_LANDMARKS or _made_like_symbols(names)


def _made_like_symbols(names: pd.Index) -> bool:
    """Whether many names look like gene symbols, and not like numbered patients."""
    # Portals write the number of a gene behind its symbol: A1BG|1.
    texts = [re.sub(r"\|\d+$", "", str(name)) for name in names[:_MOST_NAMES]]
    fitting = [text for text in texts if _SYMBOL.fullmatch(text)]
    if len(fitting) < max(_FEWEST_SYMBOLS, _SYMBOLS * len(texts)):
        return False
    numbered = sum(any(sign.isdigit() for sign in text) for text in fitting) / len(fitting)
    beginnings = {re.split("[^A-Z]", text)[0] for text in fitting}
    low, high = _WITH_NUMBER
    return low <= numbered <= high and len(beginnings) >= _BEGINNINGS * len(fitting)


def names_features(names: pd.Index) -> bool:
    """Whether names are those of features, as of genes, probes or radiomics."""
    return names_genes(names) or any(_features_of(row, names) for row in KINDS.values())


def _features_of(row: Kind, names: Sequence[str] | pd.Index) -> bool:
    """Whether most names are those that features of one kind only have."""
    names = names[:_MOST_NAMES]
    if not len(names):
        return False
    if row.radiomic:
        told = radiomics_features(names)["feature_class"].ne("")
        return bool(told.mean() >= SHARE)
    own = re.compile(row.names)
    return sum(own.fullmatch(str(name)) is not None for name in names) >= SHARE * len(names)


def _values(table: pd.DataFrame) -> np.ndarray:
    """Numbers of a table; what is none is missing here, and refused later."""
    if not all(pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes):
        table = table.apply(pd.to_numeric, errors="coerce")
    return table.to_numpy(dtype=float, na_value=np.nan)


def _called(present: np.ndarray, scale: str) -> bool:
    """Whether all values are calls of a scale of calls, and not all the same."""
    calls = np.array(_CALLS.get(scale, ()))
    if not len(present) or not all(
        np.isin(part, calls).all() for part in (present[:1000], present)
    ):
        return False
    low, high = present.min(), present.max()
    return bool(low < high and (low < 0 or scale == "binary"))


def _standardised(values: np.ndarray) -> bool:
    """Whether features have mean 0 and standard deviation 1, as far as medians tell."""
    known = values[:, ~np.isnan(values).all(axis=0)]
    mean, sd = np.nanmean(known, axis=0), np.nanstd(known, axis=0)
    return bool(np.median(np.abs(mean)) < 0.1 and 0.8 < np.median(sd) < 1.2)
