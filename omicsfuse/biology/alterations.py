"""Mutations and copy-number changes by subtype: one test for each gene and way of altering it."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from omicsfuse.biology.altered import altered
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.labelled import require_labelled
from omicsfuse.core.results import Subtypes
from omicsfuse.stats.group_tests import SMALLEST_EXPECTED, in_order, monte_carlo
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.shares import fisher_groups, n_tables

Counts = npt.NDArray[np.int64]

#: Fewest patients with and fewest without an alteration for it to be tested.
MINIMUM_ALTERED = 5

#: Tables up to which Fisher's test is always exact; up to which it is where the chi-square p-value
#: is below ``LIKELY``; and the chi-square p-value above which nothing but chi-square is computed.
FEW_TABLES, MANY_TABLES, LIKELY, UNLIKELY = 10_000, 1_000_000, 0.01, 0.2

COLUMNS = ("layer", "gene", "alteration", "n", "n_altered", "share")


def alterations(
    subtypes: Subtypes, cohort: Cohort, *, n_permutations: int = 9999, random_state: int = 0
) -> pd.DataFrame:
    """Test the association of subtypes with every gene of the mutation and copy-number layers.

    A gene is mutated or, by copy number, amplified (GISTIC level 2), deleted (-2), gained (1 or 2)
    or lost (-1 or -2); the thresholds of log2 ratios are 1, -1, 0.2 and -0.2
    (``altered.THRESHOLDS``). An alteration is tested if at least ``MINIMUM_ALTERED`` patients have
    it and as many do not. The rule uses the sum over the subtypes only, so it does not favour small
    p-values.

    The test is Pearson's chi-square if all expected counts are 5 or more and there are more than
    two subtypes; otherwise Fisher's exact test. For three or more subtypes it enumerates all tables
    (Freeman and Halton) if they are at most 10,000, or at most a million with a chi-square p-value
    below 0.01. With more tables, a chi-square p-value of 0.2 or more is kept (``"chi-square,
    approximate"``), and random tables with the same margins give the others (Monte Carlo).

    Parameters
    ----------
    subtypes : Subtypes
        Labels of the patients.
    cohort : Cohort
        Cohort with layers of kind mutation or copy_number, fused or not. P-values of a fused layer
        describe the subtypes and are no evidence for them.
    n_permutations, random_state : int
        Random tables of the Monte Carlo test, and their seed.

    Returns
    -------
    pandas.DataFrame
        One row for each gene and alteration with at least one patient: ``layer``, ``gene``,
        ``alteration``, ``n`` (patients measured), ``n_altered``, ``share`` of them, ``share_S1``
        and so on, ``test``, ``effect`` (Cramer's V), ``p``, ``fdr`` (Benjamini-Hochberg; the family
        is all tested genes of a layer and an alteration), ``note`` (reason for no p-value); by
        layer, alteration and p. Empty without such a layer.

    References
    ----------
    Fisher 1922, J R Stat Soc 85:87-94; Freeman and Halton 1951, Biometrika 38:141-149. GISTIC
    levels: Mermel et al. 2011, Genome Biol 12:R41.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import alterations
    >>> from omicsfuse.core.cohort import Cohort, Layer
    >>> from omicsfuse.core.results import Subtypes
    >>> patients = [f"P{i}" for i in range(14)]
    >>> calls = pd.DataFrame({"NSD1": [1] * 6 + [0] * 8, "TTN": [0] * 13 + [1]}, patients)
    >>> labels = pd.Series(["S1"] * 7 + ["S2"] * 7, patients)
    >>> cohort = Cohort("toy", {"mutation": Layer("mutation", calls)})
    >>> table = alterations(Subtypes(labels, {}, {}), cohort)
    >>> table[["gene", "n_altered", "share_S1", "p", "note"]].round(4).to_numpy().tolist()
    [['NSD1', 6, 0.8571, 0.0047, ''], ['TTN', 1, 0.0, nan, 'altered in fewer than 5 patients']]
    """
    require_labelled(subtypes, cohort, Cohort)
    names = in_order(subtypes.labels)
    parts = []
    for layer_name, layer in cohort.omics.items():
        for alteration, calls in altered(layer).items():
            inside = calls.loc[calls.index.isin(subtypes.labels.index)]
            part = _tests_of_layer(inside, subtypes.labels, names, n_permutations, random_state)
            part.insert(0, "alteration", alteration)
            part.insert(0, "gene", part.index.astype(str))
            part.insert(0, "layer", layer_name)
            parts.append(
                part[part["n_altered"] > 0].sort_values(
                    ["p", "n_altered", "gene"], ascending=[True, False, True], kind="stable"
                )
            )
    filled = [part for part in parts if len(part)]
    columns = [*COLUMNS, *(f"share_{name}" for name in names), "test", "effect", "p", "fdr", "note"]
    if not filled:
        return pd.DataFrame({column: [] for column in columns})
    return pd.concat(filled, ignore_index=True)[columns]


def _tests_of_layer(
    calls: pd.DataFrame, labels: pd.Series, names: list[str], n_permutations: int, seed: int
) -> pd.DataFrame:
    """Test all genes of one layer and one alteration."""
    values = calls.to_numpy(dtype=float)
    group_of = labels.reindex(calls.index).astype(str).to_numpy()
    member = np.array([group_of == name for name in names], dtype=float)
    measured = (member @ ~np.isnan(values)).astype(np.int64)
    counts = (member @ np.nan_to_num(values)).astype(np.int64)
    n, n_altered = measured.sum(axis=0), counts.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = counts / measured
        share = n_altered / n
    groups = (measured > 0).sum(axis=0)
    notes = np.select(
        [n_altered < MINIMUM_ALTERED, n - n_altered < MINIMUM_ALTERED, groups < 2],
        [
            f"altered in fewer than {MINIMUM_ALTERED} patients",
            f"unaltered in fewer than {MINIMUM_ALTERED} patients",
            "all patients measured are in one subtype",
        ],
        "",
    )
    tests, effects, p = _tests(counts, measured, notes == "", n_permutations, seed)
    table = {"n": n, "n_altered": n_altered, "share": share}
    table |= {f"share_{name}": row for name, row in zip(names, shares, strict=True)}
    table |= {"test": tests, "effect": effects, "p": p, "fdr": benjamini_hochberg(p)}
    frame = pd.DataFrame(table, index=calls.columns)
    return frame.assign(note=notes.astype(object))


def _tests(
    counts: Counts, measured: Counts, usable: npt.NDArray[np.bool_], n_permutations: int, seed: int
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Test the genes that can be tested; each different table is computed once."""
    genes = counts.shape[1]
    tests, effects = np.full(genes, "", dtype=object), np.full(genes, np.nan)
    p = np.full(genes, np.nan)
    columns = np.flatnonzero(usable)
    if not len(columns):
        return tests, effects, p
    both = np.vstack([counts, measured])[:, columns].T
    tables, place = np.unique(both, axis=0, return_inverse=True)
    k = len(counts)
    tested = [_test(row[:k], row[k:], n_permutations, seed) for row in tables]
    place = place.ravel()
    tests[columns] = np.array([row[0] for row in tested], dtype=object)[place]
    effects[columns] = np.array([row[1] for row in tested])[place]
    p[columns] = np.array([row[2] for row in tested])[place]
    return tests, effects, p


def _test(have: Counts, sizes: Counts, n_permutations: int, seed: int) -> tuple[str, float, float]:
    """Choose and run the test of one table; its name, Cramer's V and p."""
    have, sizes = have[sizes > 0], sizes[sizes > 0]
    k, n, total = len(sizes), int(sizes.sum()), int(have.sum())
    expected = sizes * (total / n)
    statistic = float(((have - expected) ** 2 / (expected * (1 - total / n))).sum())
    effect = float(np.sqrt(statistic / n))
    approximate = float(stats.chi2.sf(statistic, k - 1))
    small = min(total, n - total) / n * sizes.min() < SMALLEST_EXPECTED
    if k > 2 and not small:
        return "chi-square", effect, approximate
    tables = n_tables(total, n, k)
    if k == 2 or tables <= FEW_TABLES or (tables <= MANY_TABLES and approximate < LIKELY):
        exact = fisher_groups(tuple(have.tolist()), tuple(sizes.tolist()))
        return "Fisher exact", effect, exact
    if approximate >= UNLIKELY:
        return "chi-square, approximate", effect, approximate
    p = monte_carlo(np.array([have, sizes - have]), n_permutations, seed)
    return "chi-square, Monte Carlo", effect, p
