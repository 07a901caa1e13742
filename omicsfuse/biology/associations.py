"""What the subtypes have to do with the clinical table."""

import numpy as np
import pandas as pd

from omicsfuse.biology.variables import IGNORED, Variable, variables
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.labelled import require_labelled
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import Subtypes
from omicsfuse.stats.group_tests import contingency, kruskal
from omicsfuse.stats.multiple_testing import benjamini_hochberg

COLUMNS = (
    "role",
    "test",
    "n",
    "missing",
    "statistic",
    "p",
    "fdr",
    "effect",
    "effect_ci_low",
    "effect_ci_high",
    "effect_name",
    "stands_out",
    "adjusted_rand_index",
    "normalised_mutual_information",
    "note",
)
#: What ``stands_out`` says, and the layer whose tumour volume a variable is, for programs; not
#: written to files.
FACTS = ("most_different", "how", "volume_of")


def associate(
    subtypes: Subtypes, cohort: Cohort, *, n_permutations: int = 9999, random_state: int = 0
) -> pd.DataFrame:
    """Test associations of subtypes with clinical columns, technical variables and genomic burden.

    Numeric and ordered columns (see ``Cohort.variables``) with more than two different values:
    Kruskal-Wallis test, with epsilon squared ``H / (n - 1)`` as effect, which is eta squared of the
    ranks. All other columns are compared as categories: Pearson's chi-square (no continuity
    correction) where every expected count is 5 or more; else Fisher's exact test for a 2 x 2 table,
    and for a larger one chi-square against random tables with the same margins (Monte Carlo); with
    Cramer's V as effect. Intervals of effects invert the noncentral chi-square distribution; that
    of epsilon squared is the large-sample approximation (``effect_sizes``).

    Variables form three families, each with its own correction for multiplicity:

    - clinical columns that are not technical;
    - ``technical``: the technical columns of the cohort, the tissue source site if patients are
      TCGA barcodes, and tumour volume if a radiomics layer has it;
    - ``genome``: the number of mutated genes and the fraction of the genome altered (``burden``).

    Outcomes are tested by `compare_survival`, which accounts for censoring: time and event columns
    of the endpoints are not listed; columns with the name of an outcome (`is_outcome`:
    ``vital_status``, ``dss_time``, ``days_to_death``) are listed without a test, unless they are
    ``known_labels``; so are the columns in ``ignore``. A column with the same grouping as an
    earlier column of its family or of an endpoint, or, for numeric columns, the same order, is not
    tested again.

    Parameters
    ----------
    subtypes : Subtypes
        Labels of the patients.
    cohort : Cohort
        Clinical table and layers; ``known_labels`` are also compared as partitions.
    n_permutations : int
        Random tables of the Monte Carlo test.
    random_state : int
        Seed of the Monte Carlo test.

    Returns
    -------
    pandas.DataFrame
        Index ``variable``; columns ``role`` (``"known label"``, ``"covariate"``, ``"technical"``,
        ``"genome"`` or empty), ``test``, ``n`` (patients with the value and a label), ``missing``,
        ``statistic``, ``p``, ``fdr`` (Benjamini-Hochberg over the tested variables of the family),
        ``effect`` with its 95% interval ``effect_ci_low`` to ``effect_ci_high``, ``effect_name``,
        ``stands_out`` (the subtype furthest from the others: ``"S2: higher"`` by mean rank, ``"S1:
        more HPV+"`` by adjusted residual), ``adjusted_rand_index`` and
        ``normalised_mutual_information`` (known labels only), ``note`` (reason for no p-value, or
        source of a variable that is not a clinical column); then, not in the files,
        ``most_different`` and ``how`` (both parts of ``stands_out``) and ``volume_of`` (layer whose
        tumour volume it is). Columns that are constant, look like identifiers, contain an outcome
        (``"outcome: see survival"``) or repeat an earlier column (``"same grouping as X"``, ``"same
        order as X"``) have a note and no p-value. Empty without variables.

    References
    ----------
    Kruskal and Wallis 1952, J Am Stat Assoc 47:583-621; Hope 1968, J R Stat Soc B 30:582-598
    (Monte Carlo tests); Cramer 1946, Mathematical Methods of Statistics, section 21.9; Smithson
    2003, Confidence Intervals, Sage; Hubert and Arabie 1985, J Classif 2:193-218 (adjusted Rand
    index).

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import associate
    >>> from omicsfuse.core.cohort import Cohort
    >>> from omicsfuse.core.results import Subtypes
    >>> patients = [f"P{i}" for i in range(12)]
    >>> clinical = pd.DataFrame({"hpv": ["+"] * 6 + ["-"] * 6, "age": range(50, 62)}, patients)
    >>> labels = pd.Series(["S1"] * 6 + ["S2"] * 6, patients)
    >>> table = associate(Subtypes(labels, {}, {}), Cohort("toy", {}, clinical))
    >>> table[["test", "n", "p", "effect"]].round(4).to_dict("index")["hpv"]
    {'test': 'Fisher exact', 'n': 12, 'p': 0.0022, 'effect': 1.0}
    """
    subtypes = require_labelled(subtypes, cohort, Cohort)
    rows: dict[str, dict[str, object]] = {}
    families: list[str] = []
    for variable in variables(subtypes, cohort):
        rows[variable.name] = _row(variable, subtypes.labels, n_permutations, random_state)
        families.append(variable.family)
    return _table(rows, families)


def _row(
    variable: Variable, labels: pd.Series, n_permutations: int, random_state: int
) -> dict[str, object]:
    """All that is said of one variable, but the false discovery rate."""
    values = variable.column.dropna()
    subtype_of = labels.loc[values.index].astype(str)
    row: dict[str, object] = {
        "role": variable.role,
        "n": len(values),
        "missing": len(labels) - len(values),
        "note": variable.note or variable.source,
        "volume_of": variable.volume_of,
    }
    if variable.note == IGNORED:
        return row
    if not variable.note:
        row |= (
            kruskal(variable.numbers.loc[values.index], subtype_of)
            if variable.ranked
            else contingency(
                variable.groups.dropna().map(level_text), subtype_of, n_permutations, random_state
            )
        )
    if variable.known and len(values):
        row |= _agreement(values.astype(str), subtype_of)
    return row


def _agreement(values: pd.Series, labels: pd.Series) -> dict[str, object]:
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return {
        "adjusted_rand_index": float(adjusted_rand_score(values, labels)),
        "normalised_mutual_information": float(normalized_mutual_info_score(values, labels)),
    }


def _table(rows: dict[str, dict[str, object]], families: list[str]) -> pd.DataFrame:
    """Rows to one table of fixed columns and types, with each family's false discovery rates."""
    text = {"role", "test", "effect_name", "stands_out", "note", *FACTS}
    columns: dict[str, list[object]] = {
        column: [row.get(column, "" if column in text else np.nan) for row in rows.values()]
        for column in (*COLUMNS, *FACTS)
    }
    types = {
        c: object if c in text else "int64" if c in {"n", "missing"} else "float64" for c in columns
    }
    table = pd.DataFrame(columns, index=pd.Index(list(rows), dtype=object, name="variable"))
    table = table.astype(types)
    p, fdr = table["p"].to_numpy(), np.full(len(table), np.nan)
    for family in dict.fromkeys(families):
        inside = np.array([other == family for other in families])
        fdr[inside] = benjamini_hochberg(p[inside])
    return table.assign(fdr=fdr)
