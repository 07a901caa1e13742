"""What a Cox model rests on: events per variable, variance inflation, how it was fitted."""

import numpy as np
import pandas as pd

from omicsfuse.survival.models import CoxModel

DIAGNOSTIC_COLUMNS = [
    "endpoint", "model", "term", "variance_inflation", "n", "events", "events_per_variable",
    "method", "strata",
]  # fmt: skip


def model_diagnostics(model: CoxModel, strata: str = "") -> pd.DataFrame:
    """List, for each term of a model, how far the other terms determine it, and the events it has.

    The variance inflation of a term is 1 / (1 - R2), with R2 of its regression on the others: by
    how much the variance of its coefficient grows because terms go together.

    Parameters
    ----------
    model : CoxModel
        A model, fitted or not.
    strata : str
        Name of the strata; empty where there are none.

    Returns
    -------
    pandas.DataFrame
        Columns ``endpoint``, ``model``, ``term``, ``variance_inflation`` (NaN for a term that does
        not vary, infinite for one that the others determine), ``n``, ``events``,
        ``events_per_variable`` (events over the terms that vary), ``method``, ``strata``.

    References
    ----------
    Belsley DA, Kuh E, Welsch RE. Regression Diagnostics. Wiley 1980, chapter 3. Peduzzi P et al.
    J Clin Epidemiol 1995;48:1503-1510 (events per variable).

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.survival.diagnostics import model_diagnostics
    >>> from omicsfuse.survival.models import fit_model
    >>> survival = pd.DataFrame({"time": range(1, 5), "event": 1})
    >>> terms = pd.DataFrame({"x": [0.0, 1, 0, 1], "y": [0.0, 0, 1, 1]})
    >>> model_diagnostics(fit_model(survival, terms, "os", "m"))["variance_inflation"].tolist()
    [1.0, 1.0]
    """
    used = model.design[:, model.varies]
    inflation = np.full(len(model.terms), np.nan)
    if used.shape[1] and len(used) > 1:
        correlation = np.atleast_2d(np.corrcoef(used, rowvar=False))
        singular = np.linalg.matrix_rank(correlation, hermitian=True) < len(correlation)
        inflation[model.varies] = np.inf if singular else np.diag(np.linalg.inv(correlation))
    method = "not fitted"
    if model.fit is not None:
        method = "Efron, Firth penalty" if model.fit.penalised else "Efron"
    table = pd.DataFrame({"term": list(model.terms), "variance_inflation": inflation})
    n_terms = int(model.varies.sum())
    return table.assign(
        endpoint=model.endpoint,
        model=model.name,
        n=model.n,
        events=model.events,
        events_per_variable=model.events / n_terms if n_terms else np.nan,
        method=method,
        strata=strata,
    )[DIAGNOSTIC_COLUMNS]
