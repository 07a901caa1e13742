"""What the subtypes rest on: stability and layers in one call."""

from omicsfuse.assessment.layers import layer_contributions, missingness_agreement
from omicsfuse.assessment.refusion import MOST_REFUSED, refusion
from omicsfuse.assessment.stability import RESAMPLED_SHARE, subtype_stability
from omicsfuse.checks.arguments import require, seed, whole_number
from omicsfuse.errors import StudyError
from omicsfuse.results import Assessment, Fusion, Prepared, Subtypes

#: Resamples for each budget.
BUDGETS = {"quick": 50, "standard": 200, "thorough": 1000}


def assess(
    prepared: Prepared,
    fusion: Fusion,
    subtypes: Subtypes,
    *,
    budget: str = "quick",
    random_state: int = 0,
    n_jobs: int = 1,
) -> Assessment:
    """Ask of the subtypes whether they come back in resamples, and what each layer brings.

    Parameters
    ----------
    prepared : Prepared
        The layers that were fused.
    fusion : Fusion
        Their fusion.
    subtypes : Subtypes
        Subtypes of the fusion.
    budget : {"quick", "standard", "thorough"}
        50, 200 or 1,000 resamples.
    random_state : int
        Seed.
    n_jobs : int
        Processes or threads to use; the result does not depend on it.

    Returns
    -------
    Assessment
        ``stability`` (see ``subtype_stability``), ``layers`` (see ``layer_contributions``) and, in
        ``params``, ``missingness_agreement``: adjusted mutual information between the subtypes and
        who brought which layers.

    Raises
    ------
    StudyError
        If the budget is unknown or the layers are not those that were fused.

    Examples
    --------
    >>> import omicsfuse as of
    >>> ready = of.preprocess(of.simulate_cohort(45, n_external=0, effect=3.0).discovery)
    >>> fusion = of.fuse(ready, n_neighbors=8)
    >>> of.assess(ready, fusion, of.cluster(fusion, 3)).stability["n_resamples"].tolist()
    [50, 50, 50]
    """
    require(prepared, Prepared, "prepared", "what of.preprocess returns")
    require(fusion, Fusion, "fusion", "what of.fuse returns")
    require(subtypes, Subtypes, "subtypes", "what of.cluster returns")
    random_state, n_jobs = seed(random_state), whole_number(n_jobs, "n_jobs")
    if budget not in BUDGETS:
        raise StudyError(f"budget is {budget!r}; choose from {', '.join(BUDGETS)}.")
    if list(subtypes.labels.index) != list(fusion.patients):
        raise StudyError(
            f"the subtypes are of {len(subtypes.labels)} patients and the fusion of "
            f"{len(fusion.patients)}, and they are not the same in the same order; give the "
            "subtypes that of.cluster found in this fusion."
        )
    repeat = refusion(prepared, fusion)
    stability = subtype_stability(
        repeat,
        subtypes,
        n_resamples=BUDGETS[budget],
        random_state=random_state,
        n_jobs=n_jobs,
    )
    layers = layer_contributions(
        prepared, fusion, repeat, subtypes, random_state=random_state, n_threads=n_jobs
    )
    params = {
        "budget": budget,
        "n_resamples": BUDGETS[budget],
        "resampled_share": RESAMPLED_SHARE,
        "most_resampled": MOST_REFUSED,
        "missingness_agreement": missingness_agreement(fusion, subtypes),
        "random_state": random_state,
    }
    return Assessment(stability, layers, params)
