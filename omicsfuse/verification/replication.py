"""Did it replicate? One row for each score and endpoint, by a rule fixed beforehand."""

import numpy as np
import pandas as pd

from omicsfuse.core.results import PER_SD, Verification
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.multiple_testing import holm
from omicsfuse.verification.meta import log_ratios, meta_analysis

REPLICATION_COLUMNS = [
    "signature", "endpoint", "score", "scope", "direction", "cohorts", "cohort_names", "n",
    "events", "hr", "hr_ci_low", "hr_ci_high", "p_one_sided", "p_holm", "replicated",
    "random_null_p", "permuted_null_p", "verdict", "note",
]  # fmt: skip


_SCOPES = {
    "external": "independent cohorts",
    "internal-external": "cohorts of the same study",
    "negative control": "negative controls",
}


def replication(verification: Verification) -> pd.DataFrame:
    """Give a verdict of replication for each score and endpoint.

    A score replicated if the one-sided p-value of its unadjusted log hazard ratio per standard
    deviation, in the direction of the discovery cohort, is at most 0.05 after Holm's correction
    over the scores of the signature. With several cohorts the test is of their inverse-variance
    mean (fixed effect; null hypothesis: no effect in any cohort). Independent cohorts, cohorts of
    the same study and negative controls have separate verdicts. Only the first are an independent
    replication; replication in a negative control means that the signal is not specific.

    Parameters
    ----------
    verification : Verification
        Result of `verify`.

    Returns
    -------
    pandas.DataFrame
        One row a signature, endpoint, score and scope, with the columns

        - ``signature``, ``endpoint``, ``score``;
        - ``scope``: ``"independent cohorts"``, ``"cohorts of the same study"`` or ``"negative
          controls"``;
        - ``direction``: ``"higher score, higher hazard"``, ``"higher score, lower hazard"`` or
          empty if none was fixed;
        - ``cohorts`` that have an estimate, and ``cohort_names``; ``n``, ``events``;
        - ``hr``, ``hr_ci_low``, ``hr_ci_high``; ``p_one_sided``; ``p_holm``, its family the scores
          of this signature, endpoint and scope;
        - ``replicated``: ``"yes"``, ``"no"`` or ``"not tested"``;
        - ``random_null_p``, ``permuted_null_p``: p among random gene sets and among signatures of
          shuffled targets, the largest over the cohorts;
        - ``verdict``: ``"replicates"`` if it replicated and both of these, as far as computed, are
          at most 0.05; ``"not beyond random gene sets"`` or ``"not beyond shuffled targets"`` if it
          replicated and one is larger, the first that applies; ``"does not replicate"``; ``"not
          tested"``;
        - ``note``: the reason for no test, or cohorts without an estimate.

    References
    ----------
    Holm S. Scand J Stat 1979;6:65-70.

    Examples
    --------
    >>> from omicsfuse import replication
    >>> import pandas as pd
    >>> from omicsfuse.core.results import Verification
    >>> table = pd.DataFrame({
    ...     "cohort": ["a"], "endpoint": "os", "signature": "toy", "role": "external",
    ...     "score": "S1", "contrast": "per SD", "n": 90, "events": 40.0, "hr": [1.5],
    ...     "hr_ci_low": [1.1], "hr_ci_high": [2.0], "p": [0.01], "p_one_sided": [0.005],
    ...     "random_null_p": [0.02]})
    >>> replication(Verification(table, {}, {}))[["direction", "verdict"]].values.tolist()
    [['higher score, higher hazard', 'replicates']]
    """
    table = verification.table
    rows: list[dict[str, object]] = []
    if len(table):
        scores = table[table["contrast"] == PER_SD]
        keys = ["signature", "endpoint", "role"]
        for (signature, endpoint, role), part in scores.groupby(keys, sort=False):
            family = [
                {
                    "signature": signature,
                    "endpoint": endpoint,
                    "score": str(score),
                    "scope": _SCOPES.get(str(role), str(role)),
                }
                | _judged(group)
                for score, group in part.groupby("score", sort=False)
            ]
            corrected = holm(np.array([row["p_one_sided"] for row in family], dtype=float))
            for row, p in zip(family, corrected, strict=True):
                tested = bool(np.isfinite(p))
                row["p_holm"] = p
                row["replicated"] = (
                    ("yes" if p <= SIGNIFICANCE else "no") if tested else "not tested"
                )
                row["verdict"] = _verdict(row)
            rows += family
    judged = pd.DataFrame(rows).reindex(columns=REPLICATION_COLUMNS)
    order = {scope: place for place, scope in enumerate(_SCOPES.values())}
    return judged.sort_values(
        "scope", key=lambda column: column.map(order).fillna(len(order)), kind="stable"
    ).reset_index(drop=True)


def _judged(part: pd.DataFrame) -> dict[str, object]:
    """What the cohorts of one score show together."""
    y, se, sign = log_ratios(part)
    usable = np.isfinite(y) & np.isfinite(se) & (se > 0)
    lost = part["cohort"][~usable].astype(str).tolist()
    note = f"no usable estimate in {', '.join(lost)}" if lost else ""
    part, y, se = part[usable], y[usable], se[usable]
    row: dict[str, object] = {
        null: float(part[null].max()) if null in part else np.nan
        for null in ("random_null_p", "permuted_null_p")
    }
    row |= {
        "direction": "" if np.isnan(sign) else _direction(sign),
        "cohorts": len(part),
        "cohort_names": ", ".join(part["cohort"].astype(str)),
        "n": int(part["n"].sum()),
        "events": int(part["events"].sum()),
        "p_one_sided": np.nan,
        "note": note,
    }
    if len(part) == 1:
        test = part.iloc[0]
        row |= {name: test[name] for name in ("hr", "hr_ci_low", "hr_ci_high", "p_one_sided")}
    elif len(part):
        mean = meta_analysis(y, se)
        row |= {"hr": np.exp(mean.log_hr), "hr_ci_low": np.exp(mean.ci_low)}
        row |= {"hr_ci_high": np.exp(mean.ci_high), "p_one_sided": mean.one_sided(sign)}
    if len(part) and np.isnan(sign):
        why = "not tested: no direction was fixed in the discovery cohort"
        row["note"] = "; ".join(text for text in (why, note) if text)
    return row


def _verdict(row: dict[str, object]) -> str:
    """What the test and both nulls say together; a null that was not drawn stands in no way."""
    if row["replicated"] != "yes":
        return "not tested" if row["replicated"] == "not tested" else "does not replicate"
    for null, same in (
        ("random_null_p", "not beyond random gene sets"),
        ("permuted_null_p", "not beyond shuffled targets"),
    ):
        if float(str(row[null])) > SIGNIFICANCE:
            return same
    return "replicates"


def _direction(sign: float) -> str:
    return f"higher score, {'higher' if sign > 0 else 'lower'} hazard"
