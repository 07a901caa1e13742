"""What marks a known label, beside what marks the subtype that holds most of its patients."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from omicsfuse.biology.markers import differential_features
from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.labelled import require_labelled, require_subtypes
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import Prepared, Subtypes
from omicsfuse.stats.levels import FDR, MINIMUM_GROUP
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.shares import mutated_share

#: Share of a level's patients that must be in one subtype for it to be concentrated there.
MOST = 0.5
#: A label with more levels than this is a measurement or an identifier rather than a grouping.
MOST_LEVELS = 20

CONCENTRATION = ("label", "level", "subtype", "n_level", "n_subtype", "n_both", "n", "p", "fdr")
COLUMNS = (
    *("label", "level", "subtype", "layer", "feature"),
    *("label_effect", "label_fdr", "subtype_effect", "subtype_fdr", "agrees"),
    *("effect_name", "rank", "n_level", "n_both"),
)


def label_concentration(
    subtypes: Subtypes, cohort: Cohort, labels: Sequence[str] | None = None
) -> pd.DataFrame:
    """Find the subtype in which most patients of each level of a known label are.

    ``p`` is Fisher's exact, two-sided, times the number of subtypes, as the subtype was chosen;
    ``fdr`` is over all rows. Levels with fewer than 3 patients with or without are left out.
    """
    rows = []
    subtype_of = subtypes.labels.astype(str)
    for label, column in _known(subtypes, cohort, labels).items():
        column = column.dropna()
        if column.nunique() > MOST_LEVELS:
            continue
        inside = subtype_of.loc[column.index]
        for level in sorted(column.unique()):
            has = (column == level).to_numpy()
            if min(int(has.sum()), int((~has).sum())) < MINIMUM_GROUP:
                continue
            counts = pd.DataFrame({"subtype": inside, "has": has}).groupby("subtype")["has"]
            counted = pd.DataFrame({"both": counts.sum(), "n": counts.size()})
            counted = counted.assign(
                share=counted["both"] / counted["n"], place=counted.index.str[1:]
            )
            counted = counted.astype({"place": int})
            order = ["both", "share", "place"]
            best = counted.sort_values(order, ascending=[False, False, True]).iloc[0]
            name = f"S{int(best['place'])}"
            here = (inside == name).to_numpy()
            there = has[:, None].astype(float)
            test = mutated_share(there[here], there[~here])
            p = float(np.minimum(1.0, test.p[0] * len(subtypes.names)))
            whole = (int(has.sum()), int(best["n"]), int(best["both"]), len(column))
            rows.append((label, level, name, *whole, p))
    table = pd.DataFrame(rows, columns=list(CONCENTRATION[:-1])).astype({"p": "float64"})
    return table.assign(fdr=benjamini_hochberg(table["p"].to_numpy(dtype=float)))


def label_markers(
    subtypes: Subtypes,
    cohort: Cohort,
    prepared: Prepared,
    labels: Sequence[str] | None = None,
    *,
    markers: pd.DataFrame | None = None,
    n_top: int = 20,
) -> pd.DataFrame:
    """Compare the markers of a known group with those of the subtype that contains it.

    If most patients of a level (HPV-positive, say) are in one subtype, the level is compared with
    all other levels, and the subtype with all other patients, feature by feature. Both comparisons
    share most of their patients, so agreement is expected and confirms neither the label nor the
    subtype. The features that do not agree show where the subtype differs from the known group.

    Parameters
    ----------
    subtypes : Subtypes
        Labels of the patients.
    cohort : Cohort
        Cohort with a clinical table that contains the labels.
    prepared : Prepared
        Layers, compared as in ``differential_features``.
    labels : sequence of str, optional
        Clinical columns; by default ``known_labels`` of the cohort.
    markers : pandas.DataFrame, optional
        Result of ``differential_features`` for the subtypes; computed if not given.
    n_top : int
        Features of each level and layer: the smallest p among those with a false discovery rate of
        at most 0.05.

    Returns
    -------
    pandas.DataFrame
        Columns ``label``, ``level``, ``subtype``, ``layer``, ``feature``, ``label_effect`` and
        ``label_fdr`` (the level against all other known levels; Benjamini-Hochberg over all
        features and levels of a layer), ``subtype_effect`` and ``subtype_fdr`` (the subtype against
        all others), ``agrees`` (the subtype's false discovery rate is at most 0.05 and both effects
        have the same sign), ``effect_name``, ``rank`` (within level and layer), ``n_level``,
        ``n_both``. Only levels with more than half of their patients in the subtype, at a false
        discovery rate of at most 0.05 (``label_concentration``). A layer without a marker of the
        level has no rows.

    Raises
    ------
    StudyError
        If a label is not a clinical column.

    Examples
    --------
    >>> from omicsfuse import Cohort
    >>> import pandas as pd
    >>> from omicsfuse.biology.known_groups import label_markers
    >>> from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
    >>> patients = [f"P{i}" for i in range(10, 26)]
    >>> values = pd.DataFrame({"CDKN2A": [9.0, 8, 9, 10, 9, 8] + [1.0, 2] * 5}, patients)
    >>> prepared = Prepared("x", {"rna": PreparedLayer("expression", values, values, "log2", None)})
    >>> known = pd.DataFrame({"hpv": ["+"] * 6 + ["-"] * 10}, patients)
    >>> cohort = Cohort("toy", {}, known, known_labels=("hpv",))
    >>> groups = Subtypes(pd.Series(["S2"] * 6 + ["S1"] * 10, patients), {}, {})
    >>> table = label_markers(groups, cohort, prepared)
    >>> table[["level", "subtype", "feature", "agrees"]].to_numpy().tolist()
    [['+', 'S2', 'CDKN2A', True], ['-', 'S1', 'CDKN2A', True]]
    """
    subtypes = require_labelled(subtypes, cohort, Cohort)
    require(prepared, Prepared, "prepared", "from of.preprocess")
    where = label_concentration(subtypes, cohort, labels)
    where = where[(where["fdr"] <= FDR) & (where["n_both"] > MOST * where["n_level"])]
    if where.empty:
        return _empty()
    if markers is None:
        markers = differential_features(subtypes, prepared)
    of_subtypes = markers.assign(subtype=markers["subtype"].astype(str))
    of_subtypes = of_subtypes[["subtype", "layer", "feature", "effect", "fdr"]].rename(
        columns={"effect": "subtype_effect", "fdr": "subtype_fdr"}
    )
    known = _known(subtypes, cohort, labels)
    parts = []
    for label in dict.fromkeys(where["label"]):
        of_levels = _of_levels(known[label].dropna(), prepared)
        for row in where[where["label"] == label].itertuples(index=False):
            top = of_levels[(of_levels["level"] == row.level) & (of_levels["label_fdr"] <= FDR)]
            if top.empty:
                continue
            top = top.assign(rank=top.groupby("layer", sort=False).cumcount() + 1)
            top = top[top["rank"] <= n_top].assign(
                label=label, subtype=row.subtype, n_level=row.n_level, n_both=row.n_both
            )
            parts.append(top.merge(of_subtypes, "left", ["subtype", "layer", "feature"]))
    if not parts:
        return _empty()
    table = pd.concat(parts, ignore_index=True)
    same = np.sign(table["label_effect"]) == np.sign(table["subtype_effect"])
    return table.assign(agrees=same & (table["subtype_fdr"] <= FDR))[list(COLUMNS)]


def _known(
    subtypes: Subtypes, cohort: Cohort, labels: Sequence[str] | None
) -> dict[str, pd.Series]:
    """Columns of the known labels, as text, of the patients who have a subtype."""
    require_subtypes(subtypes)
    require(cohort, Cohort, "cohort", "from of.read_cohort")
    names = list(cohort.known_labels if labels is None else labels)
    clinical = pd.DataFrame() if cohort.clinical is None else cohort.clinical
    for name in names:
        if name not in clinical:
            raise StudyError(
                f'label markers: cohort "{cohort.name}" has no clinical column "{name}"; '
                f"{did_you_mean(name, list(map(str, clinical.columns))) or 'it has none'}."
            )
    return {
        str(name): clinical[name].reindex(subtypes.labels.index).map(level_text, na_action="ignore")
        for name in names
    }


def _of_levels(column: pd.Series, prepared: Prepared) -> pd.DataFrame:
    """Compare each level with all others, feature by feature; sorted by layer and p."""
    counts = column.value_counts()
    levels = sorted(counts.index, key=lambda level: (-int(counts[level]), level))
    names = {level: f"S{i}" for i, level in enumerate(levels, start=1)}
    with warnings.catch_warnings():
        # Patients without the label are out on purpose; small levels have no p-value.
        warnings.simplefilter("ignore", OmicsfuseWarning)
        table = differential_features(Subtypes(column.map(names), {}, {}), prepared)
    table = table.rename(columns={"effect": "label_effect", "fdr": "label_fdr"})
    level = table["subtype"].map({name: level for level, name in names.items()})
    columns = ["layer", "feature", "label_effect", "label_fdr", "effect_name"]
    return table[columns].assign(level=level)


def _empty() -> pd.DataFrame:
    numbers = {"label_effect", "label_fdr", "subtype_effect", "subtype_fdr"}
    types = {"agrees": "bool", "rank": "int64", "n_level": "int64", "n_both": "int64"}
    return pd.DataFrame(
        {
            name: pd.Series(dtype="float64" if name in numbers else types.get(name, object))
            for name in COLUMNS
        }
    )
