"""Gene sets that hold more of a subtype's markers than chance would put there."""

import warnings

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from omicsfuse.biology.gene_sets import GeneSets, measured_sets, read_gene_sets
from omicsfuse.biology.ranked_enrichment import check_sizes, usable_sets, warn_none
from omicsfuse.core.checks.arguments import require
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.labelled import expression_layer
from omicsfuse.core.results import Prepared
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.levels import FDR, TAILS
from omicsfuse.stats.multiple_testing import benjamini_hochberg

#: Columns of the table.
COLUMNS = (
    "subtype",
    "direction",
    "gene_set",
    "overlap",
    "size",
    "n_marked",
    "background",
    "odds_ratio",
    "odds_ratio_ci_low",
    "odds_ratio_ci_high",
    "p",
    "fdr",
    "genes",
    "note",
)
#: The column ``genes`` as tuples, for programs; not written to files.
FACTS = ("common",)
_NUMERIC = {"odds_ratio", "odds_ratio_ci_low", "odds_ratio_ci_high", "p", "fdr"}
_COUNTS = {"overlap", "size", "n_marked", "background"}

#: Below so many markers a test can hardly find anything; a note says so.
FEW_MARKERS = 5


def over_representation(
    markers: pd.DataFrame,
    prepared: Prepared,
    gene_sets: GeneSets,
    *,
    layer: str | None = None,
    fdr: float = FDR,
    min_size: int = 5,
    max_size: int = 500,
) -> pd.DataFrame:
    """Test gene sets for over-representation of each subtype's markers.

    For each subtype and direction, the N genes measured in the layer form a two-by-two table:
    marker or not, in the set or not. Of the M markers and K genes of the set, k are common; p is
    the hypergeometric probability of k or more. The background is the genes measured, not the
    genome: with a panel chosen for a disease, the genome as background finds that disease in every
    list. Like `enrich`, the test assumes independent genes, and describes subtypes that were found
    in the same patients.

    Parameters
    ----------
    markers : pandas.DataFrame
        Result of `differential_features`: columns ``layer``, ``feature``, ``subtype``, ``effect``,
        ``fdr``.
    prepared : Prepared
        Layers, whose genes are the background.
    gene_sets : str, Path, mapping, or list of these
        GMT files or sets in memory.
    layer : str, optional
        Layer whose features are genes; by default the first of kind ``expression``.
    fdr : float
        Largest false discovery rate of a marker: raised with a positive effect, lowered with a
        negative effect.
    min_size, max_size : int
        Smallest and largest number of a set's genes among the genes measured.

    Returns
    -------
    pandas.DataFrame
        Columns ``subtype``, ``direction`` (``"raised"`` or ``"lowered"``), ``gene_set``,
        ``overlap`` (k), ``size`` (K), ``n_marked`` (M), ``background`` (N), ``odds_ratio``
        (conditional maximum likelihood), ``odds_ratio_ci_low``, ``odds_ratio_ci_high`` (95%,
        two-sided, exact), ``p`` (one-sided), ``fdr``, ``genes`` (those common, separated by ``;``),
        ``note``; then, not written to files, ``common`` (``genes`` as a tuple); sorted by subtype,
        raised before lowered, then p. ``fdr`` is Benjamini-Hochberg over all subtypes, directions
        and sets. Without markers there is no p.

    Raises
    ------
    StudyError
        If ``markers`` lacks a column, there is no layer of kind expression, ``layer`` is unknown,
        or a setting is out of range.

    Warns
    -----
    OmicsfuseWarning
        If no set has ``min_size`` genes in the layer, or the layer has no markers in the table; the
        table is then empty.

    References
    ----------
    Fisher 1935, J R Stat Soc 98:39-82 (conditional likelihood of the odds ratio); Timmons,
    Szkop and Gallagher 2015, Genome Biol 16:186 (choice of the background).

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import over_representation
    >>> from omicsfuse.core.results import Prepared, PreparedLayer
    >>> genes = [f"G{i}" for i in range(40)]
    >>> values = pd.DataFrame(0.0, ["P1", "P2"], genes)
    >>> ready = Prepared("toy", {"rna": PreparedLayer("expression", values, values, "log2", None)})
    >>> markers = pd.DataFrame({"layer": "rna", "feature": genes, "subtype": "S1", "effect": 1.0,
    ...                         "fdr": [0.01] * 8 + [0.9] * 32})
    >>> table = over_representation(markers, ready, {"planted": genes[:6], "other": genes[20:30]})
    >>> table[["direction", "gene_set", "overlap", "size", "n_marked", "background"]].values[0]
    array(['raised', 'planted', 6, 6, 8, 40], dtype=object)
    """
    who = "over_representation"
    require(markers, pd.DataFrame, "markers", "from of.differential_features")
    require(prepared, Prepared, "prepared", "from of.preprocess")
    lacking = {"layer", "feature", "subtype", "effect", "fdr"} - set(markers.columns)
    if lacking:
        raise StudyError(
            f"{who}: the table of markers lacks {', '.join(sorted(lacking))}; give the table "
            "from of.differential_features."
        )
    if not 0 < fdr < 1:
        raise StudyError(f"{who}: fdr is {fdr!r}; it must lie between 0 and 1.")
    check_sizes(min_size, max_size, who)
    name = expression_layer(prepared.layers, layer, who)
    genes = sorted(str(gene) for gene in prepared.layers[name].values.columns)  # noqa: PD011
    of_layer = markers[markers["layer"].astype(str) == name]
    if of_layer.empty:
        warnings.warn(
            f"{who}: the table of markers has no row for layer {name}; compute markers of "
            "this layer first. The table is empty.",
            OmicsfuseWarning,
            stacklevel=2,
        )
        return _empty()
    sets = read_gene_sets(gene_sets)
    measured = measured_sets(sets, genes)
    tested = usable_sets(measured, len(genes), min_size, max_size)
    if not tested:
        warn_none(who, f"layer {name}", sets, set(genes), measured, min_size, max_size)
        return _empty()
    marked = of_layer[of_layer["fdr"] <= fdr]
    subtypes = sorted(of_layer["subtype"].astype(str).unique(), key=lambda text: (len(text), text))
    parts = []
    for subtype in subtypes:
        mine = marked[marked["subtype"].astype(str) == subtype]
        for direction, sign in (("raised", 1), ("lowered", -1)):
            chosen = set(mine.loc[np.sign(mine["effect"]) == sign, "feature"].astype(str))
            parts.append(_one_list(chosen & set(genes), tested, len(genes), subtype, direction))
    table = pd.concat(parts, ignore_index=True)
    table["fdr"] = benjamini_hochberg(table["p"].to_numpy())
    return table[[*COLUMNS, *FACTS]]


def odds_ratio(k: int, size: int, marked: int, background: int) -> tuple[float, float, float]:
    """Conditional maximum likelihood estimate of an odds ratio, and its exact interval of 95%.

    Fisher's noncentral hypergeometric distribution (Fisher 1935, J R Stat Soc 98:39-82), solved
    more exactly than by R's ``fisher.test``; NaN where the margins leave k no choice.
    """
    support = np.arange(max(0, size + marked - background), min(size, marked) + 1)
    if len(support) < 2:
        return float("nan"), float("nan"), float("nan")
    log_weight = (
        -special.gammaln(support + 1)
        - special.gammaln(size - support + 1)
        - special.gammaln(marked - support + 1)
        - special.gammaln(background - size - marked + support + 1)
    )

    def probabilities(log_ratio: float) -> Array:
        log_p = log_weight + support * log_ratio
        weight: Array = np.exp(log_p - log_p.max())
        return weight / weight.sum()

    def mean_gap(log_ratio: float) -> float:
        return float(probabilities(log_ratio) @ support) - k

    def upper_tail(log_ratio: float) -> float:
        return float(probabilities(log_ratio)[support >= k].sum()) - TAILS[0]

    def lower_tail(log_ratio: float) -> float:
        return float(probabilities(log_ratio)[support <= k].sum()) - TAILS[0]

    def solve(gap: object) -> float:
        return float(np.exp(optimize.brentq(gap, -60.0, 60.0, xtol=1e-12, rtol=1e-12)))

    least, most = k == support[0], k == support[-1]
    estimate = 0.0 if least else float("inf") if most else solve(mean_gap)
    low = 0.0 if least else solve(upper_tail)
    high = float("inf") if most else solve(lower_tail)
    return estimate, low, high


def _one_list(
    chosen: set[str], sets: dict[str, list[str]], background: int, subtype: str, direction: str
) -> pd.DataFrame:
    """All sets against the markers of one subtype in one direction."""
    note = ""
    if not chosen:
        note = "no markers"
    elif len(chosen) < FEW_MARKERS:
        note = f"only {len(chosen)} markers"
    rows = []
    ratios: dict[tuple[int, int], tuple[float, float, float]] = {}
    for gene_set, genes in sets.items():
        common = [gene for gene in sorted(genes) if gene in chosen]
        k, size = len(common), len(genes)
        key = (k, size)
        if key not in ratios:
            ratios[key] = odds_ratio(k, size, len(chosen), background)
        p = float(stats.hypergeom.sf(k - 1, background, size, len(chosen))) if chosen else np.nan
        rows.append(
            {
                "subtype": subtype,
                "direction": direction,
                "gene_set": gene_set,
                "overlap": k,
                "size": size,
                "n_marked": len(chosen),
                "background": background,
                "odds_ratio": ratios[key][0],
                "odds_ratio_ci_low": ratios[key][1],
                "odds_ratio_ci_high": ratios[key][2],
                "p": min(p, 1.0),
                "genes": ";".join(common),
                "common": tuple(common),
                "note": note,
            }
        )
    return pd.DataFrame(rows).sort_values(["p", "gene_set"], kind="stable")


def _empty() -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Series(
                dtype="float64" if name in _NUMERIC else "int64" if name in _COUNTS else object
            )
            for name in (*COLUMNS, *FACTS)
        }
    )
