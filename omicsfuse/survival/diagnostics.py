"""What a Cox model rests on: events per variable, variance inflation, how it was fitted."""

import numpy as np
import pandas as pd

from omicsfuse.survival.models import CoxModel

DIAGNOSTIC_COLUMNS = [
    "endpoint", "model", "term", "variance_inflation", "n", "events", "events_per_variable",
    "method", "strata",
]  # fmt: skip


def model_diagnostics(model: CoxModel, strata: str = "") -> pd.DataFrame:
    """List, for each term of a model, its variance inflation and the events per term.

    The inflation is 1 / (1 - R2), with R2 of the term's regression on the others: NaN for a term
    that does not vary, infinite for one that the others determine (Belsley, Kuh and Welsch 1980,
    chapter 3; events per variable: Peduzzi et al. 1995, J Clin Epidemiol 48:1503-1510).
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
