"""Raw counts compared between groups with PyDESeq2, which only this module imports."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.biology.moderated_comparison import ADJUSTED
from omicsfuse.core.checks.tables import names_as_text
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.least_squares import independent
from omicsfuse.stats.levels import MINIMUM_GROUP, Z
from omicsfuse.stats.tested import Tested, as_tested

TEST = "DESeq2 Wald"
EFFECT_NAME = "log2 fold change"
_FEW = "no p-value: an outlying count determines the result (Cook's distance)"


def checked_counts(counts: Any, layer: str) -> pd.DataFrame:
    """Check a table of raw counts, patients x genes, both put in alphabetical order."""
    where = f"counts of layer {layer!r}"
    if not isinstance(counts, pd.DataFrame):
        raise StudyError(
            f"{where} are of type {type(counts).__name__}; expected a DataFrame of patients x "
            "genes."
        )
    table = counts.set_axis(names_as_text(counts.index), axis=0)
    table = table.set_axis(table.columns.astype(str), axis=1)
    for index, axis in ((table.index, "patient"), (table.columns, "gene")):
        if not index.is_unique:
            twice = index[index.duplicated()][0]
            raise StudyError(f"{where}: {axis} {twice} occurs more than once; keep one.")
    try:
        values = table.to_numpy(dtype=float)
    except (TypeError, ValueError) as failure:
        raise StudyError(f"{where}: a cell is not a number ({failure}).") from failure
    with np.errstate(invalid="ignore"):
        wrong = ~((values >= 0) & (values == np.floor(values)) & np.isfinite(values))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise StudyError(
            f"{where}: gene {table.columns[column]} of patient {table.index[row]} has "
            f"{values[row, column]:g}, which is not a whole number of 0 or more. Raw counts "
            "are needed, not TPM, FPKM, normalised or logarithmic values; without counts the "
            "layer is tested by moderated t."
        )
    whole = pd.DataFrame(values.astype(np.int64), table.index, table.columns)
    return whole.sort_index(axis=0).sort_index(axis=1)


def count_comparisons(
    counts: pd.DataFrame,
    groups: pd.Series,
    contrasts: list[tuple[str, str]],
    covariates: Array | None = None,
) -> list[Tested]:
    """Compare groups of patients on raw counts (patients x genes) by DESeq2's Wald test.

    PyDESeq2's defaults, without independent filtering or shrinkage; NaN where one outlying count
    decides (Cook's distance), or a group has fewer than 3 patients. Love, Huber and Anders 2014,
    Genome Biol 15:550; Muzellec et al. 2023, Bioinformatics 39:btad547.
    """
    try:
        from pydeseq2.dds import DeseqDataSet
        from pydeseq2.default_inference import DefaultInference
        from pydeseq2.ds import DeseqStats
    except ImportError as absent:
        raise StudyError(
            "testing raw counts needs PyDESeq2, which is not installed: "
            'pip install "omicsfuse[counts]"; or omit counts: the layer is then tested by '
            "moderated t."
        ) from absent
    sizes = groups.value_counts()
    names = sorted(sizes.index)
    design = pd.DataFrame({"intercept": 1.0}, counts.index)
    for name in names[1:]:
        design[f"group {name}"] = (groups == name).to_numpy(dtype=float)
    adjust = np.empty((len(counts), 0)) if covariates is None else covariates
    spread = np.where(adjust.std(axis=0) > 0, adjust.std(axis=0), 1.0)
    adjust = independent(
        np.column_stack([np.ones(len(counts)), (adjust - adjust.mean(axis=0)) / spread])
    )[:, 1:]
    for j, column in enumerate(adjust.T):
        design[f"covariate {j}"] = column
    if np.linalg.matrix_rank(design.to_numpy()) < design.shape[1]:
        raise StudyError(
            "counts: the covariates determine the groups completely, and no effect can be "
            "estimated. Remove the covariate that is confounded with the groups."
        )
    some = counts.columns[(counts > 0).any(axis=0)]
    place = counts.columns.get_indexer(some)
    few = [pair for pair in contrasts if min(sizes.get(g, 0) for g in pair) < MINIMUM_GROUP]
    suffix = ADJUSTED if adjust.shape[1] else ""
    fitted = None
    comparisons = []
    inference = DefaultInference(n_cpus=1)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        if len(few) < len(contrasts) and len(some):
            fitted = DeseqDataSet(
                counts=counts[some],
                metadata=pd.DataFrame({"group": groups.to_numpy()}, counts.index),
                design=design,
                inference=inference,
                quiet=True,
            )
            fitted.deseq2()
        for pair in contrasts:
            effect, error, p = (np.full(counts.shape[1], np.nan) for _ in range(3))
            if fitted is not None and pair not in few:
                vector = np.zeros(design.shape[1])
                for name, sign in zip(pair, (1.0, -1.0), strict=True):
                    if name != names[0]:
                        vector[design.columns.get_loc(f"group {name}")] = sign
                compared = DeseqStats(
                    fitted,
                    contrast=vector,
                    independent_filter=False,
                    inference=inference,
                    quiet=True,
                )
                compared.summary()
                table = compared.results_df
                effect[place], error[place] = table["log2FoldChange"], table["lfcSE"]
                p[place] = table["pvalue"]
            n = np.full(counts.shape[1], sum(sizes.get(group, 0) for group in pair))
            note = np.where(np.isnan(p) & np.isfinite(effect), _FEW, "")
            comparisons.append(
                as_tested(
                    effect,
                    effect - Z * error,
                    effect + Z * error,
                    p,
                    n,
                    EFFECT_NAME,
                    TEST + suffix,
                    note,
                )
            )
    # What it says of the fit is passed on; of its dependencies' changes to come, nothing.
    for message in dict.fromkeys(
        str(heard.message) for heard in said if heard.category is UserWarning
    ):
        text = " ".join(message.split())
        warnings.warn(f"PyDESeq2: {text}", OmicsfuseWarning, stacklevel=2)
    return comparisons
