"""What a careful reader should keep in mind: every weakness of the result in a sentence."""

import math

from omicsfuse.plot.clusters import UNSTABLE
from omicsfuse.plot.kaplan import overall_test
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.summary import LEVEL, best_p, listing, mean_jaccard, plural
from omicsfuse.results import RunResults, SurvivalComparison

_SMALL = 10
#: A signature should do better than this percentage of random gene sets.
_PERCENTILE = 95


def caveats(results: RunResults) -> list[str]:
    """List what weakens the result, most serious first.

    Parameters
    ----------
    results : RunResults
        The run.

    Returns
    -------
    list of str
        One sentence each; empty if nothing needs saying.

    Examples
    --------
    >>> from omicsfuse.report.caveats import caveats
    >>> caveats.__name__
    'caveats'
    """
    found: list[str] = []
    mean, table = mean_jaccard(results), results.assessment.stability
    if len(results.subtypes.names) == 1:
        found.append("There is one group only: nothing between subtypes can be compared.")
    elif math.isnan(mean):
        found.append("Stability was not assessed: do not take the subtypes for real yet.")
    elif mean < UNSTABLE:
        found.append(
            f"The subtypes are unstable (mean Jaccard similarity {mean:.2f}, below {UNSTABLE}): "
            "other patients of the same kind would probably fall into other groups."
        )
    else:
        weak = table.index[table["jaccard_mean"] < UNSTABLE]
        if len(weak):
            noun = "Subtype" if len(weak) == 1 else "Subtypes"
            verb = "is" if len(weak) == 1 else "are"
            found.append(
                f"{noun} {listing(list(weak))} {verb} unstable (Jaccard below {UNSTABLE})."
            )
    for comparison in results.survival.values():
        found += _survival_caveats(comparison)
    found += _verification_caveats(results)
    sizes = results.subtypes.labels.value_counts()
    small = [name for name in results.subtypes.names if sizes[name] < _SMALL]
    if small:
        has = "has" if len(small) == 1 else "have"
        found.append(f"{listing(small)} {has} fewer than {_SMALL} patients.")
    lost = len(results.fusion.coverage) - len(results.subtypes.labels)
    if lost > 0.2 * len(results.fusion.coverage):
        share = 100 * lost / len(results.fusion.coverage)
        found.append(
            f"{share:.0f}% of the patients were left out because a layer lacks them; those that "
            "remain may not stand for all."
        )
    return found


def _survival_caveats(comparison: SurvivalComparison) -> list[str]:
    test = overall_test(comparison)
    endpoint, p = clean(comparison.endpoint), best_p(test)
    if test is None or math.isnan(p):
        return [f"Survival ({endpoint}) could not be tested."]
    texts = []
    if p >= LEVEL:
        texts.append(
            f"There is no evidence of a survival difference ({endpoint}); with "
            f"{plural(int(test['events']), 'event')} this does not show that survival is the same."
        )
    asymptotic = float(test["p_asymptotic"])
    if math.isfinite(asymptotic) and (asymptotic < LEVEL) != (p < LEVEL):
        texts.append(
            f"The asymptotic and the permutation test of {endpoint} fall on different sides of "
            f"{LEVEL}: rely on the permutation test."
        )
    return texts


def _verification_caveats(results: RunResults) -> list[str]:
    """Name significant scores in other cohorts that random gene sets match."""
    if results.verification is None or results.verification.table.empty:
        return []
    table = results.verification.table
    matched = table[(table["p"] < LEVEL) & (table["random_null_percentile"] < _PERCENTILE)]
    internal = table.loc[table["note"].astype(str).str.contains("not independent"), "cohort"]
    same = [
        f"{clean(cohort)} is of the same study as the discovery cohort: other patients, but not "
        "independent validation."
        for cohort in internal.unique()
    ]
    return same + [
        f"In {clean(row['cohort'])} ({clean(row['endpoint'])}), {clean(row['comparison'])} has "
        f"{format_p(float(row['p']))}, but {100 - float(row['random_null_percentile']):.0f}% of "
        "random gene sets of the same size do as well or better."
        for _, row in matched.iterrows()
    ]
