"""Shares of cell types in each patient, from a reference matrix that the user brings."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from omicsfuse.biology.nu_regression import Explained, least_squares, nu_svr
from omicsfuse.biology.reference_matrix import read_reference
from omicsfuse.core.checks.arguments import require, seed, whole_number
from omicsfuse.core.checks.tables import did_you_mean, listed
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.core.labelled import expression_layer
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.p_values import permutation_p

METHODS: Mapping[str, Callable[[Array, Array], Explained]] = {
    "nu_svr": nu_svr,
    "nnls": least_squares,
}

FIT_COLUMNS = ["correlation", "root_mean_square_error", "p", "n_genes"]

#: Fewer shared genes than this share of the matrix are worth a warning.
FEW_GENES = 0.5


def deconvolve(
    expression: Prepared | PreparedLayer | pd.DataFrame,
    signature_matrix: str | Path | pd.DataFrame,
    *,
    method: str = "nu_svr",
    n_permutations: int = 100,
    layer: str | None = None,
    random_state: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimate the fractions of cell types in each patient's RNA, from a reference matrix.

    ``"nu_svr"`` is the published method of CIBERSORT: the matrix (as a whole) and each patient are
    standardised over the shared genes and regressed with nu = 0.25, 0.5 and 0.75; negative weights
    are set to 0, and the fit with the smallest error is kept. ``"nnls"`` is least squares with
    weights of 0 or more on the original values. The p-value compares the fit of a patient with that
    of random mixtures of the cohort's values, the same for all patients: ``p = (b + 1) / (m + 1)``
    if b of m random mixtures correlate as much with their fit. A small p does not show that the
    fractions are accurate.

    Parameters
    ----------
    expression : Prepared, PreparedLayer or DataFrame
        Expression of all genes. Layers on a log2 scale are converted to the linear scale; a table
        (patients x genes) must be linear (TPM, say).
    signature_matrix : str, Path or DataFrame
        Genes (rows) x cell types, linear, 0 or more, such as LM22, which is not distributed here.
    method : {"nu_svr", "nnls"}
        Method of estimation.
    n_permutations : int
        Number of random mixtures; 0 gives no p-value.
    layer : str, optional
        Layer of expression; by default the first of kind ``expression``.
    random_state : int
        Seed of the random mixtures.

    Returns
    -------
    fractions : pandas.DataFrame
        Patients x cell types; each row sums to 1. Fractions are among the cell types of the matrix;
        other cells (tumour cells) are not counted. NaN if no cell type fits a patient.
    fit : pandas.DataFrame
        Index patient; columns ``correlation``, ``root_mean_square_error`` (in standard deviations
        of the patient's values), ``p``, ``n_genes`` (shared genes with a value).

    Raises
    ------
    StudyError
        If the matrix is unusable (see ``read_reference``), shares too few genes with the
        expression, or a setting is wrong.
    CohortError
        If the expression is on a z-score scale, or negative.

    Warns
    -----
    OmicsfuseWarning
        If fewer than half of the matrix's genes are measured, a linear table looks logarithmic, or
        patients have too few values.

    References
    ----------
    Newman et al. 2015, Nat Methods 12:453-457 (CIBERSORT); Abbas et al. 2009, PLoS ONE 4:e6098;
    Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39 (p-values are never zero).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.biology.deconvolution import deconvolve
    >>> values = np.random.default_rng(0).lognormal(5, 1.5, (60, 3))
    >>> matrix = pd.DataFrame(values, [f"G{i}" for i in range(60)], ["B", "T", "NK"])
    >>> patient = pd.DataFrame(matrix @ pd.Series({"B": 0.7, "T": 0.3, "NK": 0.0})).T
    >>> fractions, fit = deconvolve(patient.set_axis(["P1"]), matrix, n_permutations=19)
    >>> fractions.round(1).loc["P1"].to_dict(), float(fit.loc["P1", "p"])
    ({'B': 0.7, 'T': 0.3, 'NK': 0.0}, 0.05)
    """
    if method not in METHODS:
        raise StudyError(
            f"deconvolve: method {method!r} is not known; {did_you_mean(method, METHODS)}."
        )
    n_permutations = whole_number(n_permutations, "deconvolve: n_permutations", 0)
    random_state = seed(random_state, "deconvolve: random_state")
    reference = read_reference(signature_matrix)
    table = _linear(expression, layer)
    genes = _shared(reference, table)

    # One order of genes and of cell types, so that no sum depends on that of a file.
    matrix = reference.loc[genes, sorted(reference.columns)].to_numpy(dtype=float)
    mixtures = table[genes].to_numpy(dtype=float)
    null = _null_correlations(matrix, table, method, n_permutations, random_state)
    fractions = np.full((len(table), matrix.shape[1]), np.nan)
    fit = np.full((len(table), len(FIT_COLUMNS)), np.nan)
    fit[:, 3] = (~np.isnan(mixtures)).sum(axis=1)
    for rows, measured in _alike(mixtures, matrix.shape[1]):
        solution = METHODS[method](matrix[measured], mixtures[np.ix_(rows, measured)])
        fractions[rows] = solution.fractions
        fit[rows, :2] = np.column_stack([solution.correlation, solution.error])
    fit[:, 2] = [_p_value(correlation, null) for correlation in fit[:, 0]]
    _warn_unexplained(table.index[np.isnan(fractions).any(axis=1)])
    described = pd.DataFrame(fit, table.index, FIT_COLUMNS).astype({"n_genes": "int64"})
    shares = pd.DataFrame(fractions, table.index, sorted(reference.columns))
    return shares[list(reference.columns)], described


def _linear(expression: Prepared | PreparedLayer | pd.DataFrame, layer: str | None) -> pd.DataFrame:
    """Expression on the linear scale."""
    kinds = (Prepared, PreparedLayer, pd.DataFrame)
    require(expression, kinds, "expression", "from of.preprocess, or a table of linear values")
    if isinstance(expression, pd.DataFrame):
        table = expression.astype(float)
        table = table.set_axis(table.columns.astype(str), axis=1)
        if table.columns.has_duplicates:
            twice = table.columns[table.columns.duplicated()]
            raise CohortError(f"deconvolve: genes occur twice in the table: {listed(twice)}.")
        lowest, highest = float(np.nanmin(table)), float(np.nanmax(table))
        if lowest < 0:
            raise CohortError(
                f"deconvolve: the table has values below 0 (the smallest is {lowest:g}): it is on "
                "a log or z-score scale. Give linear values, such as TPM."
            )
        if highest < 50:
            warnings.warn(
                f"deconvolve: the largest value of the table is {highest:g}, in the range of "
                "log2 values; the table is read as linear. If values are log2(x + 1), give "
                "2**values - 1.",
                OmicsfuseWarning,
                stacklevel=3,
            )
        return table
    if isinstance(expression, Prepared):
        name = expression_layer(expression.layers, layer, "deconvolve")
        expression = expression.layers[name]
    else:
        name = layer or "expression"
    if expression.scale != "log2":
        raise CohortError(
            f"deconvolve: layer {name!r} is on the scale {expression.scale!r}. Deconvolution "
            "needs the linear scale, and z-scores cannot be converted to it. Give TPM, FPKM, "
            "counts or log2 values."
        )
    values = expression.values  # noqa: PD011 - a field of ours, not the pandas attribute
    linear = np.exp2(values.to_numpy(dtype=float))
    # log2(x + 1) has no value below 0; of other logarithms it is not known what was added.
    if not (values < 0).to_numpy().any():
        linear = linear - 1
    return pd.DataFrame(linear, values.index, values.columns.astype(str))


def _shared(reference: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """Genes that both have, sorted; refuse too few."""
    present = table.columns[table.notna().any()]
    genes = sorted(set(reference.index) & set(present))
    types = reference.shape[1]
    if len(genes) <= types:
        lowered = {str(gene).upper() for gene in present}
        alike = [gene for gene in reference.index if gene.upper() in lowered]
        hint = (
            f" {len(alike)} names differ only in case: use the same spelling in both."
            if len(alike) > len(genes)
            else f" The matrix has genes such as {listed(reference.index[:3])}."
        )
        raise StudyError(
            f"deconvolve: {len(genes)} of the {len(reference)} genes of the matrix are "
            f"measured, for {types} cell types; more genes than cell types are needed.{hint}"
        )
    if len(genes) < FEW_GENES * len(reference):
        warnings.warn(
            f"deconvolve: {len(genes)} of the {len(reference)} genes of the matrix are "
            "measured; shares from so few genes are unreliable.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    return genes


def _alike(mixtures: Array, n_types: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Patients who have the same genes, and these genes; without those who have too few."""
    observed = ~np.isnan(mixtures)
    patterns, place = np.unique(observed, axis=0, return_inverse=True)
    alike = []
    for i, genes in enumerate(patterns):
        rows = np.flatnonzero(place.ravel() == i)
        varied = [row for row in rows if genes.sum() > n_types and np.ptp(mixtures[row, genes]) > 0]
        if varied:
            alike.append((np.array(varied), np.flatnonzero(genes)))
    return alike


def _null_correlations(
    reference: Array, table: pd.DataFrame, method: str, n_permutations: int, random_state: int
) -> Array:
    """Correlations of random mixtures with their fit."""
    if not n_permutations:
        return np.empty(0)
    pool = table.to_numpy(dtype=float).ravel()
    # Sorted, so that the draws do not depend on the order of patients or genes.
    pool = np.sort(pool[~np.isnan(pool)])
    rng = np.random.default_rng(random_state)
    size, again = len(reference), len(pool) < len(reference)
    mixtures = np.array([rng.choice(pool, size, replace=again) for _ in range(n_permutations)])
    # A random mixture that nothing explains is explained worst of all.
    return np.nan_to_num(METHODS[method](reference, mixtures).correlation, nan=-1.0)


def _p_value(correlation: float, null: Array) -> float:
    """Share of random mixtures that correlate as much with their fit, never 0."""
    if not len(null):
        return float("nan")
    if np.isnan(correlation):
        return 1.0
    return permutation_p((null >= correlation).sum(), len(null))


def _warn_unexplained(patients: pd.Index) -> None:
    """Say who has no shares."""
    if len(patients):
        warnings.warn(
            f"deconvolve: no shares for {len(patients)} patients with too few values, or "
            f"explained by no cell type of the matrix: {listed(patients)}.",
            OmicsfuseWarning,
            stacklevel=3,
        )
