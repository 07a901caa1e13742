"""Survival of the subtypes for one endpoint: tests, Cox models and curves in one object."""

from collections.abc import Collection, Sequence

import pandas as pd

from omicsfuse.checks.arguments import require
from omicsfuse.cohort import Cohort, Loss
from omicsfuse.results import COX_COLUMNS, Subtypes, SurvivalComparison
from omicsfuse.survival._input import patients_in_common
from omicsfuse.survival.comparisons import logrank_table
from omicsfuse.survival.covariates import encode_covariates
from omicsfuse.survival.cox import cox_table
from omicsfuse.survival.curves import kaplan_meier


def compare_survival(
    subtypes: Subtypes,
    cohort: Cohort,
    endpoint: str = "os",
    *,
    covariates: Sequence[str] | None = None,
    n_permutations: int = 2000,
    random_state: int = 0,
) -> SurvivalComparison:
    """Compare the survival of a cohort's subtypes.

    Parameters
    ----------
    subtypes : Subtypes
        Subtypes found without seeing survival.
    cohort : Cohort
        The cohort with its clinical table and endpoints.
    endpoint : str
        Which of the cohort's endpoints.
    covariates : sequence of str, optional
        Clinical columns to adjust for; by default the cohort's. An empty one leaves the
        multivariable model out.
    n_permutations : int
        Permutations for each log-rank test; 0 leaves them out.
    random_state : int
        Seed of the permutations.

    Returns
    -------
    SurvivalComparison
        See `compare_labels`.

    Raises
    ------
    CohortError
        If the cohort has no clinical table or not this endpoint, or no patient with a subtype has
        the endpoint.
    StudyError
        If a covariate is not a clinical column or ``n_permutations`` is not a whole number.

    Examples
    --------
    >>> from omicsfuse.datasets import simulate_cohort
    >>> from omicsfuse.results import Subtypes
    >>> from omicsfuse.survival import compare_survival
    >>> simulated = simulate_cohort(80, n_external=0, random_state=0)
    >>> labels = "S" + simulated.truth.astype(str)
    >>> comparison = compare_survival(
    ...     Subtypes(labels, {}, {}), simulated.discovery, "os", n_permutations=99
    ... )
    >>> comparison.tests["comparison"].tolist()
    ['overall', 'S1 vs S2', 'S1 vs S3', 'S2 vs S3']
    >>> comparison.cox["term"].tolist()
    ['S2 vs S1', 'S3 vs S1', 'S2 vs S1', 'S3 vs S1', 'age', 'stage (per step)']
    """
    require(subtypes, Subtypes, "subtypes", "what of.cluster returns")
    require(cohort, Cohort, "cohort", "what of.read_cohort returns")
    survival = cohort.survival(endpoint)
    chosen = list(cohort.covariates if covariates is None else covariates)
    table = None
    if chosen and cohort.clinical is not None:
        encode_covariates(cohort.clinical.iloc[:0], chosen)  # names are checked before any work
        table = cohort.clinical[list(dict.fromkeys(chosen))]
    return compare_labels(
        subtypes.labels,
        survival,
        endpoint,
        cohort.endpoints[endpoint].unit,
        table,
        n_permutations=n_permutations,
        random_state=random_state,
        losses=cohort.survival_losses(endpoint),
        counted=() if cohort.clinical is None else cohort.clinical.index,
    )


def compare_labels(
    labels: pd.Series,
    survival: pd.DataFrame,
    endpoint: str,
    unit: str,
    covariates: pd.DataFrame | None = None,
    *,
    n_permutations: int = 2000,
    random_state: int = 0,
    losses: Sequence[Loss] = (),
    counted: Collection[str] = (),
) -> SurvivalComparison:
    """Compare the survival of labelled patients: of subtypes found, or assigned in another cohort.

    Log-rank tests overall and of each pair (`logrank_table`), Kaplan-Meier curves and medians
    (`kaplan_meier`), and Cox models (`cox_table`): one of the subtypes alone (``"univariable"``),
    and, where there are covariates, one of subtypes and covariates together
    (``"multivariable"``). Subtypes are set against the first one, usually S1, the largest.

    Parameters
    ----------
    labels : pandas.Series
        Patient -> subtype.
    survival : pandas.DataFrame
        Index patient; columns ``time`` and ``event`` (0 or 1), complete.
    endpoint, unit : str
        Name of the endpoint and unit of its times.
    covariates : pandas.DataFrame, optional
        Patients x clinical columns to adjust for, as read; see `encode_covariates`.
    n_permutations : int
        Permutations for each log-rank test; 0 leaves them out.
    random_state : int
        Seed of the permutations.
    losses : sequence of Loss
        What was lost before, put in front of what is lost here.
    counted : collection of str
        Patients whose time or event ``losses`` already accounts for: they are not counted again
        for want of the endpoint.

    Returns
    -------
    SurvivalComparison
        Tests, Cox models, curves, medians, and patients lost on the way.

    Raises
    ------
    CohortError
        If no patient has both a subtype and the endpoint, or values cannot be survival data.
    StudyError
        If ``n_permutations`` is not a whole number.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.survival import compare_labels
    >>> patients = [f"P{i}" for i in range(40)]
    >>> labels = pd.Series(["S1", "S2"] * 20, index=patients)
    >>> survival = pd.DataFrame({"time": range(1, 41), "event": 1}, index=patients)
    >>> comparison = compare_labels(labels, survival, "os", "days", n_permutations=0)
    >>> comparison.medians["median"].tolist()
    [19.0, 20.0]
    """
    matched, known, names = patients_in_common(labels, survival)
    tests = logrank_table(matched, known, endpoint, n_permutations, random_state)
    curves, medians = kaplan_meier(matched, known)
    return SurvivalComparison(
        endpoint=endpoint,
        unit=unit,
        tests=tests,
        cox=_cox(matched, known, names, endpoint, covariates),
        curves=curves,
        medians=medians,
        losses=(*losses, *_unmatched(labels, survival, matched, endpoint, counted)),
    )


def _cox(
    labels: pd.Series,
    survival: pd.DataFrame,
    names: list[str],
    endpoint: str,
    covariates: pd.DataFrame | None,
) -> pd.DataFrame:
    """Both models, one below the other; no rows where there is one subtype only."""
    if len(names) < 2:
        return pd.DataFrame(columns=list(COX_COLUMNS))
    subtypes = pd.DataFrame(
        {f"{name} vs {names[0]}": (labels == name).astype(float) for name in names[1:]}
    )
    tables = [cox_table(survival, subtypes, endpoint, "univariable")]
    if covariates is not None and covariates.shape[1]:
        # Reference categories and rare ones are judged on the patients of this analysis.
        clinical = covariates.reindex(labels.index)
        terms, notes = encode_covariates(clinical, list(clinical.columns))
        table = cox_table(survival, subtypes.join(terms), endpoint, "multivariable")
        tables.append(_with_notes(table, terms, notes))
    return pd.concat(tables, ignore_index=True)


def _with_notes(table: pd.DataFrame, terms: pd.DataFrame, notes: dict[str, str]) -> pd.DataFrame:
    """Say beside each covariate's terms what encoding changed; a row for those left out."""
    extra = []
    for name, note in notes.items():
        prefixes = (f"{name}: ", f"{name} (per step)")
        own = [term for term in terms.columns if term == name or term.startswith(prefixes)]
        rows = table["term"].isin(own)
        if rows.any():
            table.loc[rows, "note"] = [
                f"{before}; {note}" if before else note for before in table.loc[rows, "note"]
            ]
        else:
            first = table.iloc[0]
            extra.append(
                {**first[["endpoint", "model", "n", "events"]], "term": name, "note": note}
            )
    if not extra:
        return table
    return pd.concat([table, pd.DataFrame(extra).reindex(columns=table.columns)], ignore_index=True)


def _unmatched(
    labels: pd.Series,
    survival: pd.DataFrame,
    matched: pd.Series,
    endpoint: str,
    counted: Collection[str],
) -> list[Loss]:
    """Patients who have a subtype but not the endpoint, and the other way round, each once."""
    known = labels.dropna().index
    without_endpoint = known[~(known.isin(matched.index) | known.isin(list(counted)))]
    without_subtype = survival.index[~survival.index.isin(matched.index)]
    reasons = (
        (without_endpoint, f"have a subtype but no usable time and event for {endpoint!r}"),
        (without_subtype, f"have {endpoint!r} but no subtype"),
    )
    return [
        Loss("survival", endpoint, "patients", len(lost), reason, tuple(map(str, lost[:5])))
        for lost, reason in reasons
        if len(lost)
    ]
