"""What the heterogeneity index goes with: survival, the clinic, the genome, subtypes, volume."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from omicsfuse.biology.variables import GENOME, ONE_SUBTYPE, TECHNICAL, Variable, variables
from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.labelled import require_labelled
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import HeterogeneityIndex, Subtypes
from omicsfuse.core.variables import ORDERED
from omicsfuse.imaging.heterogeneity.mutant_alleles import MATH, cohort_variants, math_score
from omicsfuse.imaging.volume import tumour_volume
from omicsfuse.stats.correlations import rank_correlations
from omicsfuse.stats.covariates import MINIMUM_LEVEL, combined_strata, encode_covariates
from omicsfuse.stats.group_tests import kruskal
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.survival.cox import cox_table

#: Columns of the tests; the last names the family whose false discovery rate is controlled.
TEST_COLUMNS = [
    "variable",
    "kind",
    "n",
    "events",
    "effect",
    "effect_ci_low",
    "effect_ci_high",
    "effect_name",
    "adjusted_for",
    "p",
    "fdr",
    "note",
    "family",
]
#: Covariates of a Cox model without its strata, and whether the test is of the subtypes or of MATH,
#: for programs; not written to files.
TEST_FACTS = ["covariates", "of"]
OF_SUBTYPES, OF_MATH = "subtypes", "math"

SURVIVAL, CLINICAL, GENOMIC, SCORES = "survival", "clinical", "genome", "scores"

_VOLUME = "tumour volume"


def index_tests(
    index: HeterogeneityIndex,
    cohort: Cohort,
    *,
    subtypes: Subtypes | None = None,
    endpoints: Sequence[str] | None = None,
    covariates: Sequence[str] | None = None,
    mutations: pd.DataFrame | None = None,
    scores: pd.DataFrame | None = None,
    volume: pd.Series | None = None,
) -> pd.DataFrame:
    """Test associations of the heterogeneity index.

    - Survival: Cox models of the index (hazard ratio per standard deviation), alone, adjusted for
      the covariates, and for tumour volume if known; with the strata of the cohort. With too few
      events there is a note and no estimate.
    - Numbers, and categories with an order (stage, grade): Spearman's correlation with 95%
      interval.
    - Other categories: Kruskal-Wallis test of the index, epsilon squared with 95% interval;
      categories of fewer than 5 patients are excluded.

    Variables are the clinical columns, technical variables and genomic burden, as in `associate`;
    and the subtypes, MATH and scores if known. The families, each with its own correction, are
    ``"survival"``, ``"clinical"`` (with the subtypes), ``"genome"`` (burden and MATH),
    ``"technical"`` (with tumour volume) and ``"scores"``.

    Parameters
    ----------
    index : HeterogeneityIndex
        Result of `heterogeneity_index`.
    cohort : Cohort
        Clinical table, endpoints and layers; the clinical table is optional.
    subtypes : Subtypes, optional
        Subtypes of the same patients.
    endpoints : sequence of str, optional
        Endpoints; all by default.
    covariates : sequence of str, optional
        Clinical columns to adjust for; those of the cohort by default.
    mutations : pandas.DataFrame, optional
        Mutations with allele fractions, as in `math_score`; by default the variants of the cohort's
        mutation layer, if read from a MAF with read counts.
    scores : pandas.DataFrame, optional
        Patients x scores, such as purity, stroma or immune scores.
    volume : pandas.Series, optional
        Patient -> tumour volume; by default the volume among the radiomic features.

    Returns
    -------
    pandas.DataFrame
        ``TEST_COLUMNS`` and ``TEST_FACTS``, for ``HeterogeneityIndex.tests``.

    Raises
    ------
    StudyError
        If an endpoint or a covariate does not exist.

    References
    ----------
    Spearman with intervals of Bonett and Wright 2000, Psychometrika 65:23-28; Kruskal and Wallis
    1952, J Am Stat Assoc 47:583-621; Mroz and Rocco 2013, Oral Oncol 49:211-215 (MATH).

    Examples
    --------
    >>> from omicsfuse import index_tests
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.core.cohort import Cohort
    >>> from omicsfuse.core.results import HeterogeneityIndex
    >>> names = pd.Index([f"P{i:02d}" for i in range(30)], name="patient")
    >>> patients = pd.DataFrame({"index": np.linspace(0, 1, 30), "group": "H1"}, names)
    >>> none = pd.DataFrame()
    >>> clinical = pd.DataFrame({"age": np.arange(30) % 7 + np.arange(30)}, names)
    >>> tests = index_tests(HeterogeneityIndex(patients, none, none), Cohort("toy", {}, clinical))
    >>> tests[["variable", "effect_name", "n"]].to_numpy().tolist()
    [['age', 'Spearman correlation', 30]]
    """
    require(index, HeterogeneityIndex, "index", "from of.heterogeneity_index")
    require(cohort, Cohort, "cohort", "from of.read_cohort")
    values = index.patients["index"].astype(float)
    size = _volume(cohort, index, volume)
    rows = _survival_rows(values, cohort, endpoints, covariates, size)
    as_groups = Subtypes(index.patients["group"].astype(str), {}, {})
    for variable in variables(as_groups, cohort):
        if volume is None or not variable.volume_of:
            rows.append(_variable_row(variable, values))
    if volume is not None and size is not None:
        rows.append(_correlation_row(_VOLUME, size, values, TECHNICAL))
    if subtypes is not None:
        require_labelled(subtypes, cohort, Cohort)
        labels = subtypes.labels.reindex(values.index).dropna().astype(str)
        rows.append(_category_row("subtype", labels, values, CLINICAL) | {"of": OF_SUBTYPES})
    mutations = cohort_variants(cohort) if mutations is None else mutations
    if mutations is not None:
        math = math_score(mutations).reindex(values.index)
        rows.append(_correlation_row(MATH, math, values, GENOMIC) | {"of": OF_MATH})
    if scores is not None:
        for name in scores.columns:
            score = scores[name].reindex(values.index)
            rows.append(_correlation_row(str(name), score, values, SCORES))
    return _table(rows)


def _volume(cohort: Cohort, index: HeterogeneityIndex, given: pd.Series | None) -> pd.Series | None:
    """Tumour volume of the patients of the index; None where it is not known."""
    patients = index.patients.index
    layer = cohort.omics.get(str(index.params.get("layer", "")))
    table = pd.DataFrame(index=patients) if layer is None else layer.table.reindex(patients)
    volume = tumour_volume(table, given)
    return None if volume is None else pd.Series(volume.amounts, patients)


def _survival_rows(
    values: pd.Series,
    cohort: Cohort,
    endpoints: Sequence[str] | None,
    covariates: Sequence[str] | None,
    size: pd.Series | None,
) -> list[dict[str, object]]:
    """Cox models of the index, of each endpoint."""
    names = list(cohort.endpoints) if endpoints is None else list(endpoints)
    for name in names:
        if name not in cohort.endpoints:
            raise StudyError(
                f"heterogeneity: endpoint {name!r} does not exist; "
                f"{did_you_mean(name, list(cohort.endpoints))}."
            )
    if not names or cohort.clinical is None:
        return []
    wanted = list(cohort.covariates if covariates is None else covariates)
    sd = float(values.std())
    standardised = pd.DataFrame({"index": (values - values.mean()) / (sd if sd > 0 else 1.0)})
    rows = []
    for name in names:
        survival = cohort.survival(name)
        survival = survival[survival.index.isin(values.index)]
        # Reference categories and rare ones are judged on the patients of this analysis.
        clinical = cohort.clinical.reindex(survival.index)
        encoded = encode_covariates(clinical, wanted, cohort.variables)
        strata = None
        if cohort.strata:
            strata = combined_strata(clinical, cohort.strata, cohort.variables)
        models: list[tuple[list[str], pd.DataFrame, pd.Series | None]] = [([], standardised, None)]
        if encoded.used:
            models.append((encoded.used, standardised.join(encoded.terms), strata))
        if size is not None:
            log_volume = np.log(size.where(size > 0)).rename("log tumour volume")
            adjusted = standardised.join(encoded.terms).join(log_volume)
            models.append(([*encoded.used, _VOLUME], adjusted, strata))
        for used, terms, groups in models:
            stratified = f"; strata {groups.name}" if groups is not None else ""
            given = {"covariates": ", ".join(used), "adjusted_for": ", ".join(used) + stratified}
            rows.append(_cox_row(name, survival, terms, groups) | given)
    return rows


def _cox_row(
    endpoint: str,
    survival: pd.DataFrame,
    terms: pd.DataFrame,
    strata: pd.Series | None,
) -> dict[str, object]:
    if survival.empty:
        none = {"variable": endpoint, "kind": "survival", "family": SURVIVAL}
        return {**none, "n": 0, "note": "no patient has index and endpoint"}
    # Cause-specific: whoever has a competing event is censored there.
    known = survival[[c for c in ("time", "event", "entry") if c in survival]]
    table = cox_table(known, terms.loc[known.index], endpoint, "index", strata)
    row = table.iloc[0]
    return {
        "variable": endpoint,
        "kind": "survival",
        "n": int(row["n"]),
        "events": int(row["events"]),
        "effect": float(row["hr"]),
        "effect_ci_low": float(row["hr_ci_low"]),
        "effect_ci_high": float(row["hr_ci_high"]),
        "effect_name": "hazard ratio per SD",
        "p": float(row["p"]),
        "note": str(row["note"]),
        "family": SURVIVAL,
    }


def _variable_row(variable: Variable, values: pd.Series) -> dict[str, object]:
    """Test of a clinical, technical or genomic variable."""
    family = {TECHNICAL: TECHNICAL, GENOME: GENOMIC}.get(variable.role, CLINICAL)
    column = variable.column.reindex(values.index)
    reason = "" if variable.note == ONE_SUBTYPE else variable.note
    if reason:
        kind = "number" if variable.ranked else "category"
        known = int(column.notna().sum())
        return {"variable": variable.name, "kind": kind, "n": known, "note": reason,
                "family": family}  # fmt: skip
    if variable.ranked:
        row = _correlation_row(
            variable.name, variable.numbers.reindex(values.index), values, family
        )
        return {**row, "kind": "order"} if variable.type == ORDERED else row
    groups = variable.groups.reindex(values.index).dropna().map(level_text)
    return _category_row(variable.name, groups, values, family)


def _correlation_row(
    name: str, column: pd.Series, values: pd.Series, family: str
) -> dict[str, object]:
    other = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    correlation = rank_correlations(values.to_numpy()[:, None], other[:, None])
    n = int(correlation.n[0, 0])
    r = float(correlation.correlation[0, 0])
    return {
        "variable": name,
        "kind": "number",
        "n": n,
        "effect": r,
        "effect_ci_low": float(correlation.low[0, 0]),
        "effect_ci_high": float(correlation.high[0, 0]),
        "effect_name": "Spearman correlation",
        "p": float(correlation.p[0, 0]),
        "note": "" if np.isfinite(r) else "too few patients, or no variation",
        "family": family,
    }


def _category_row(
    name: str, column: pd.Series, values: pd.Series, family: str
) -> dict[str, object]:
    counts = column.value_counts()
    usable = column[column.isin(counts.index[counts >= MINIMUM_LEVEL])]
    small = sorted(map(str, counts.index[counts < MINIMUM_LEVEL]))
    note = f"without {', '.join(small)} (fewer than {MINIMUM_LEVEL} patients)" if small else ""
    row: dict[str, object] = {
        "variable": name, "kind": "category", "n": len(usable), "note": note, "family": family,
    }  # fmt: skip
    if usable.nunique() < 2:
        return {**row, "note": f"fewer than two categories of {MINIMUM_LEVEL} patients or more"}
    usable = usable.sort_index()
    test = kruskal(values.loc[usable.index], usable)
    keys = ("effect", "effect_ci_low", "effect_ci_high", "effect_name", "p")
    told = [note, str(test["stands_out"])]
    return {**row, **{key: test[key] for key in keys}, "note": "; ".join(filter(None, told))}


def _table(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Rows to a table of fixed columns and types, with each family's false discovery rates."""
    text = {"variable", "kind", "effect_name", "adjusted_for", "note", "family", *TEST_FACTS}
    columns = [*TEST_COLUMNS, *TEST_FACTS]
    table = pd.DataFrame(
        {c: [row.get(c, "" if c in text else np.nan) for row in rows] for c in columns}
    )
    types = {c: object if c in text else "float64" for c in columns}
    table = table.astype({**types, "n": "int64"})
    p, fdr = table["p"].to_numpy(), np.full(len(table), np.nan)
    for family in dict.fromkeys(table["family"]):
        inside = (table["family"] == family).to_numpy()
        fdr[inside] = benjamini_hochberg(p[inside])
    return table.assign(fdr=fdr)
