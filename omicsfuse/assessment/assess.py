"""What the subtypes rest on, and whether there are any, in one call."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from omicsfuse.assessment.consensus import (
    RESAMPLED_SHARE,
    consensus_distribution,
    consensus_network,
    consensus_table,
    resample_clusters,
)
from omicsfuse.assessment.feature_groups import Groups, feature_group_contributions
from omicsfuse.assessment.given import N_SHUFFLES, labels_in_network, placed
from omicsfuse.assessment.layers import (
    layer_contributions,
    missingness_agreement,
    subtype_layers,
)
from omicsfuse.assessment.permuted import permuted_layers
from omicsfuse.assessment.prediction import prediction_strengths
from omicsfuse.assessment.refit import MOST_REFITTED, refit
from omicsfuse.assessment.sensitivity import sensitivity
from omicsfuse.assessment.stability import patient_stability, subtype_recovery
from omicsfuse.assessment.structure import STRUCTURE, structure_tests, verdict
from omicsfuse.clustering.cluster import AUTO_RANGE, cluster_range
from omicsfuse.core.checks.arguments import require, seed, whole_number
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.labelled import require_subtypes
from omicsfuse.core.results import NOT_TESTED, VERDICTS, Assessment, Fusion, Prepared, Subtypes
from omicsfuse.preprocessing.prepare import prepared_from
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.tasks import Runner


@dataclass(frozen=True)
class Budget:
    """How much is resampled; ``whole``: layers, feature groups and settings are looked at too."""

    n_resamples: int
    n_splits: int
    n_draws: int
    n_permutations: int
    whole: bool


#: Budgets by name.
BUDGETS: Mapping[str, Budget] = {
    "quick": Budget(50, 5, 39, 19, False),
    "standard": Budget(200, 25, 199, 99, True),
    "thorough": Budget(1000, 100, 999, 499, True),
}


def assess(
    prepared: Prepared | Cohort | Mapping[str, pd.DataFrame],
    fusion: Fusion,
    subtypes: Subtypes,
    *,
    budget: str = "quick",
    random_state: int = 0,
    n_jobs: int = 1,
    feature_groups: Mapping[str, Groups] | None = None,
    folder: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Assessment:
    """Test the existence of subtypes, their stability, and the contribution of each layer.

    Parameters
    ----------
    prepared : Prepared, Cohort, or mapping of str to pandas.DataFrame
        The layers as given to ``fuse``.
    fusion : Fusion
        Their fusion.
    subtypes : Subtypes
        Subtypes of the fusion, or given labels (``Subtypes.from_labels``; see the notes).
    budget : {"quick", "standard", "thorough"}
        50, 200 or 1,000 resamples of the patients; 39, 199 or 999 draws of each null; 19, 99 or 499
        permuted copies of each layer. ``"quick"`` omits the contribution of a layer to held-out
        layers, stability and silhouette, groups of features, and the sensitivity to settings.
    random_state : int
        Seed.
    n_jobs : int
        Processes; the result does not depend on them.
    feature_groups : mapping of str to mapping, Series or DataFrame, optional
        For a layer, the group of each of its features. Other radiomic features are grouped by their
        names.
    folder : Path, optional
        Folder to store finished work, so that an interrupted call can be continued.
    progress : callable, optional
        Called with the current step, the number of finished tasks, and the number of all tasks.

    Returns
    -------
    Assessment
        ``verdict``, ``supported``, ``p_shared``, ``p_structure`` and ``tests`` (see
        ``structure_tests``); ``n_clusters`` (all criteria by k); ``stability``, ``patients``,
        ``consensus`` and ``consensus_cdf``; ``layers``, ``subtype_layers`` and ``feature_groups``;
        ``sensitivity``; and, in ``params``, ``missingness_agreement``: adjusted mutual information
        between the subtypes and the missing layers. Tables that a budget omits are empty.

    Raises
    ------
    StudyError
        If the budget is unknown or the layers are not those that were fused.

    Notes
    -----
    The tests and all criteria use the range of k given to ``cluster``; for a single
    number, 2 to 6 and that number. Fix the range beforehand: a p-value chosen from several ranges
    is invalid.

    *Given labels.* Patients without a label are excluded, and the others are fused again. The
    tests, the criteria, the consensus and ``p_adds`` are those of the network, cut into as many
    groups as there are labels. ``stability`` is the agreement of each label with the cut of
    resampled networks: a valid label that the layers do not show has a low Jaccard index. The
    stability of the method that made the labels is unknown. ``given_labels`` has the silhouette of
    the labels in the network, compared with shuffled labels and with the network's own cut.

    Examples
    --------
    >>> import omicsfuse as of
    >>> ready = of.preprocess(of.simulate_cohort(45, n_external=0, effect=3.0).discovery)
    >>> fusion = of.fuse(ready, layers=["radiomics", "expression"], n_neighbors=8)
    >>> evidence = of.assess(ready, fusion, of.cluster(fusion, 3))
    >>> evidence.verdict, evidence.p_shared, evidence.p_structure
    ('subtypes supported', 0.025, 0.025)
    """
    prepared = prepared_from(prepared)
    require(fusion, Fusion, "fusion", "from of.fuse")
    require_subtypes(subtypes)
    random_state, n_jobs = seed(random_state), whole_number(n_jobs, "n_jobs")
    if budget not in BUDGETS:
        raise StudyError(
            f"budget is {budget!r}; choose from {', '.join(BUDGETS)}; "
            f"{did_you_mean(str(budget), list(BUDGETS))}."
        )
    if subtypes.given:
        prepared, fusion, subtypes = placed(prepared, fusion, subtypes, random_state)
    if list(subtypes.labels.index) != list(fusion.patients):
        raise StudyError(
            f"the subtypes have {len(subtypes.labels)} patients and the fusion "
            f"{len(fusion.patients)}, and patients or their order differ; give the subtypes "
            "from of.cluster of this fusion."
        )
    _check_labels(subtypes)
    _check_groups(feature_groups or {}, fusion)
    size = BUDGETS[budget]
    if feature_groups and not size.whole:
        warnings.warn(
            f'groups of features need budget "standard" or higher; this is {budget!r}.',
            OmicsfuseWarning,
            stacklevel=2,
        )
    runner = Runner(n_jobs, folder, progress)
    repeat = refit(prepared, fusion)
    k = subtypes.labels.nunique()
    ks = tried(subtypes, len(fusion.patients))
    try:
        tests, p_shared, p_structure = structure_tests(
            repeat, ks, n_draws=size.n_draws, random_state=random_state, runner=runner
        )
        says = verdict(p_shared, p_structure)
    except StudyError as error:
        warnings.warn(
            f"the existence of subtypes was not tested: {error}", OmicsfuseWarning, stacklevel=2
        )
        tests, p_shared, p_structure, says = pd.DataFrame(), np.nan, np.nan, NOT_TESTED
    if k == 1 and says == VERDICTS[0]:
        warnings.warn(
            "the tests support groups, but the number of subtypes is 1. See the criteria for "
            "the number of subtypes.",
            OmicsfuseWarning,
            stacklevel=2,
        )
    resamples = resample_clusters(
        repeat,
        sorted({*ks, k}),
        n_resamples=size.n_resamples,
        random_state=random_state,
        runner=runner,
    )
    strengths = prediction_strengths(
        repeat,
        fusion.network(),
        ks,
        n_splits=size.n_splits,
        random_state=random_state,
        runner=runner,
    )
    layers = layer_contributions(
        prepared, fusion, repeat, subtypes, random_state=random_state, n_threads=n_jobs
    )
    permuted = permuted_layers(
        repeat,
        subtypes,
        n_permutations=size.n_permutations,
        whole=size.whole,
        random_state=random_state,
        runner=runner,
    )
    parts, moved = pd.DataFrame(), pd.DataFrame()
    if size.whole:
        parts = feature_group_contributions(
            prepared, fusion, repeat, subtypes, feature_groups,
            n_permutations=size.n_permutations, random_state=random_state, runner=runner,
        )  # fmt: skip
        moved = sensitivity(prepared, fusion, subtypes, random_state=random_state, runner=runner)
    return Assessment(
        stability=subtype_recovery(resamples, subtypes),
        layers=layers.join(permuted.rename(columns=_in_fused_network)),
        params={
            "budget": budget,
            **asdict(size),
            "resampled_share": RESAMPLED_SHARE,
            "most_resampled": MOST_REFITTED,
            "level": SIGNIFICANCE,
            "ks": list(ks),
            "missingness_agreement": missingness_agreement(fusion, subtypes),
            "random_state": random_state,
        },
        p_shared=p_shared,
        p_structure=p_structure,
        verdict=says,
        tests=tests,
        n_clusters=_by_k(subtypes, consensus_table(resamples, ks), strengths, tests),
        patients=patient_stability(resamples, subtypes),
        consensus=consensus_network(repeat, resamples, k) if k > 1 else pd.DataFrame(),
        consensus_cdf=consensus_distribution(resamples, ks),
        subtype_layers=subtype_layers(fusion, repeat, subtypes),
        feature_groups=parts,
        sensitivity=moved,
        given_labels=labels_in_network(
            fusion,
            subtypes,
            # A shuffle costs next to nothing in a network that is not large.
            n_permutations=max(size.n_draws, N_SHUFFLES if len(fusion.patients) <= 1000 else 0),
            random_state=random_state,
        )
        if subtypes.given
        else pd.DataFrame(),
    )


def _check_labels(subtypes: Subtypes) -> None:
    """Refuse subtypes that were not made by ``cluster``."""
    labels = subtypes.labels.dropna().unique().tolist()
    if subtypes.labels.isna().any() or set(labels) != set(subtypes.names):
        raise StudyError(
            f"subtypes are labelled {', '.join(map(str, labels))}"
            + (", and some patients have none" if subtypes.labels.isna().any() else "")
            + "; expected S1 to Sk and a label for each patient, as of.cluster returns."
        )
    missing = {"n_clusters", "patients"} - set(subtypes.evidence)
    if missing:
        raise StudyError(
            f"the evidence of the subtypes lacks the tables {', '.join(sorted(missing))}; "
            "give the result of of.cluster."
        )


def _check_groups(groups: Mapping[str, Groups], fusion: Fusion) -> None:
    """Refuse groups of features of a layer that was not fused, or has no features."""
    for name in groups:
        if name not in fusion.params["layers"]:
            raise StudyError(
                f"feature_groups names layer {name!r}, which is not a fused layer; "
                f"{did_you_mean(name, list(fusion.params['layers']))}."
            )
        if isinstance(fusion.metrics.get(name), pd.DataFrame):
            raise StudyError(
                f"feature_groups names layer {name!r}, which was given as distances: it has "
                "no features to group."
            )


def tried(subtypes: Subtypes, n: int) -> list[int]:
    """Numbers of groups that are looked at: the range that was asked for, or that of ``"auto"``.

    They rise, each at least 2; that of the subtypes is among them, unless it is 1.
    """
    low, high = subtypes.params.get("range", AUTO_RANGE)
    if low == high:
        low, high, _ = cluster_range("auto", max(n, 2 * AUTO_RANGE[0]))
    wanted = {*range(max(low, 2), min(high, n // 2) + 1), subtypes.labels.nunique()}
    return sorted(wanted - {1})


def _in_fused_network(column: str) -> str:
    """Tell the silhouette in the fused network from that in a layer's own."""
    return f"fused_{column}" if column.startswith("silhouette") else column


def _by_k(
    subtypes: Subtypes, consensus: pd.DataFrame, strengths: pd.DataFrame, tests: pd.DataFrame
) -> pd.DataFrame:
    """All criteria by k, the choice last."""
    table = subtypes.evidence["n_clusters"]
    every = table.index.union(consensus.index).rename("k")
    table = table.reindex(every).join(consensus).join(strengths)
    if len(tests):
        drawn = tests[tests["test"] == STRUCTURE]
        for criterion in ("eigengap", "silhouette", "normalised_cut"):
            excess = drawn[drawn["statistic"] == criterion].set_index("k")["excess"]
            table[f"{criterion}_over_continuum"] = excess.reindex(every)
    chosen = table.pop("chosen")
    table["smallest"] = table["smallest"].astype("Int64")
    table["chosen"] = chosen.eq(True).to_numpy(dtype=bool)
    return table
