"""Covariates of patients by name: clinical columns (purity), immune and stromal scores."""

from collections.abc import Sequence

import pandas as pd

from omicsfuse.core.checks.arguments import require
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError


def covariate_table(
    cohort: Cohort, names: Sequence[str], scores: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Select covariates from the clinical table and from patient scores, by name.

    Parameters
    ----------
    cohort : Cohort
        Cohort, whose clinical table is searched first.
    names : sequence of str
        Clinical columns, or columns of ``scores`` such as ``"mcp_counter: Fibroblasts"``.
    scores : pandas.DataFrame, optional
        Patients x scores: ``ImmuneContext.scores``, or any other table of patients.

    Returns
    -------
    pandas.DataFrame
        Patients of the cohort x ``names``, in that order; missing values stay missing.

    Raises
    ------
    StudyError
        If a name is in neither table (the nearest valid name is given) or in both, or occurs twice.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology.covariates import covariate_table
    >>> from omicsfuse.core.cohort import Cohort
    >>> clinical = pd.DataFrame({"purity": [0.4, 0.8]}, ["P1", "P2"])
    >>> scores = pd.DataFrame({"mcp_counter: Fibroblasts": [5.0]}, ["P2"])
    >>> found = covariate_table(
    ...     Cohort("toy", {}, clinical), ["purity", "mcp_counter: Fibroblasts"], scores
    ... )
    >>> found.loc["P2"].tolist()
    [0.8, 5.0]
    """
    require(cohort, Cohort, "cohort", "from of.read_cohort")
    require(names, (str, Sequence), "names", "names of clinical columns or of scores")
    if scores is not None:
        require(scores, pd.DataFrame, "scores", "patients x scores")
    wanted = [names] if isinstance(names, str) else list(names)
    clinical = cohort.clinical
    there = list(clinical.columns) if clinical is not None else []
    scored = list(scores.columns) if scores is not None else []
    columns: dict[str, pd.Series] = {}
    for name in wanted:
        if name in columns:
            raise StudyError(f"covariates: {name!r} is named twice. Remove one.")
        if name in there and name in scored:
            raise StudyError(
                f"covariates: {name!r} is a clinical column and a score; rename one of them."
            )
        if clinical is not None and name in there:
            columns[name] = clinical[name]
        elif scores is not None and name in scored:
            columns[name] = scores[name]
        else:
            where = f"{len(there)} clinical columns and {len(scored)} scores"
            hint = did_you_mean(name, [*there, *scored])
            raise StudyError(
                f"covariates: {name!r} is not among the {where} of cohort {cohort.name!r}"
                f"{'; ' + hint if hint else ''}."
            )
    patients = clinical.index if clinical is not None else cohort.patients([])
    if clinical is None and scores is not None:
        patients = scores.index
    return pd.DataFrame(
        {name: column.reindex(patients) for name, column in columns.items()}, index=patients
    )[wanted]
