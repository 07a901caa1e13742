"""A locked signature in other cohorts: who is assigned to which subtype, and how they fare."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.cohort import Cohort, Loss
from omicsfuse.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.preprocessing import preprocess
from omicsfuse.results import Signature, SurvivalComparison, Verification
from omicsfuse.signatures import (
    require_locked,
    score_signature,
    standardise,
    template_scores,
)
from omicsfuse.survival import MINIMUM_EVENTS, compare_labels, hazard_ratio, score_z

COLUMNS = (
    "cohort",
    "endpoint",
    "comparison",
    "n",
    "events",
    "genes_found",
    "genes_total",
    "hr",
    "hr_ci_low",
    "hr_ci_high",
    "chi2",
    "p",
    "fdr",
    "random_null_percentile",
    "note",
)


@dataclass(frozen=True, eq=False)
class _Scored:
    """One cohort's scores, those of random gene sets, and what every row about it says."""

    assigned: pd.DataFrame
    random: npt.NDArray[np.float64]  # random sets x patients x subtypes
    genes_found: int
    note: str


def verify(
    signature: Signature,
    cohorts: Sequence[Cohort],
    *,
    endpoints: Sequence[str] | None = None,
    layer: str | None = None,
    n_random: int = 1000,
    n_permutations: int = 2000,
    random_state: int = 0,
) -> Verification:
    """Apply a locked signature to other cohorts and compare the survival of those it assigns.

    Each cohort's layer is brought to its scale of analysis and scaled by its own mean and spread;
    nothing is fitted. For each endpoint there is a Cox model of each subtype's score, a Cox model
    of the patients assigned to a subtype against all others, and a log-rank test over all assigned
    subtypes. As almost any large set of genes goes with outcome in some cancers, each score is also
    held against random sets of the cohort's own genes, as many as were found, scored in the same
    way: ``random_null_percentile`` is the percentage of them whose score-test ``|z|`` is smaller.

    Parameters
    ----------
    signature : Signature
        Locked.
    cohorts : sequence of Cohort
        Each with an expression layer; survival is optional.
    endpoints : sequence of str, optional
        Endpoints to test; by default all of each cohort.
    layer : str, optional
        Layer to use in every cohort; by default the one named as in training, else the only layer
        of kind expression.
    n_random : int
        Random gene sets; 0 leaves them out.
    n_permutations : int
        Permutations of the log-rank test.
    random_state : int
        Seed of both; a cohort's result does not depend on the other cohorts.

    Returns
    -------
    Verification
        One row a cohort, endpoint and comparison. ``p`` is Wald's for hazard ratios and the
        permutation p (the asymptotic one without permutations) for the log-rank test; rows with
        fewer than 10 events have none, and a note. ``fdr`` is Benjamini-Hochberg; its family is all
        rows of the table. A cohort that lacks the genes or an endpoint has a row whose note says
        so.

    Raises
    ------
    SignatureError
        If the signature is not locked, or was altered since.
    StudyError
        If no cohort is given, two have the same name, or no layer can be chosen.

    Warns
    -----
    OmicsfuseWarning
        If a cohort cannot be scored.

    References
    ----------
    Venet, Dumont and Detours 2011, PLoS Comput Biol 7:e1002240 (random signatures); Hoshida 2010,
    PLoS ONE 5:e15543 (nearest templates).

    Examples
    --------
    >>> from omicsfuse.datasets import simulate_cohort
    >>> from omicsfuse.preprocessing import preprocess
    >>> from omicsfuse.results import Subtypes
    >>> from omicsfuse.signatures import derive_signature
    >>> simulated = simulate_cohort(60, n_external=60, n_genes=200, effect=2, random_state=1)
    >>> ready = preprocess(simulated.discovery, ["expression"])
    >>> labels = "S" + simulated.truth.loc[ready.layers["expression"].scaled.index].astype(str)
    >>> signature = derive_signature(Subtypes(labels, {}, {}), ready, n_genes=15)
    >>> found = verify(signature, [simulated.external], n_random=50, n_permutations=99)
    >>> found.table["comparison"].tolist()[-1], int(found.table["genes_found"].iloc[0])
    ('assigned subtypes', 45)
    """
    require_locked(signature)
    _check(cohorts, n_random, n_permutations)
    rows: list[dict[str, object]] = []
    assignments: dict[str, pd.DataFrame] = {}
    survival: dict[str, SurvivalComparison] = {}
    losses: list[Loss] = []
    for cohort in cohorts:
        table, found = _expression(signature, cohort, layer)
        losses += found
        common = {"cohort": cohort.name, "genes_total": len(signature.templates)}
        try:
            scored = _score(signature, cohort, table, n_random, random_state)
        except SignatureError as error:
            present = int(signature.templates.index.isin(table.columns).sum())
            rows.append(
                common | {"n": len(table), "genes_found": present, "note": f"not scored: {error}"}
            )
            warnings.warn(
                f"cohort {cohort.name!r} cannot verify the signature: {error}",
                OmicsfuseWarning,
                stacklevel=2,
            )
            continue
        common["genes_found"] = scored.genes_found
        assignments[cohort.name] = scored.assigned
        wanted = list(cohort.endpoints) if endpoints is None else list(endpoints)
        if not wanted:
            rows.append(common | {"n": len(table), "note": _join(scored.note, "no endpoint")})
        for endpoint in wanted:
            key = {**common, "endpoint": endpoint}
            if endpoint not in cohort.endpoints or cohort.clinical is None:
                known = ", ".join(cohort.endpoints) or "none"
                note = _join(scored.note, f"no such endpoint; there is {known}")
                rows.append(key | {"n": len(table), "note": note})
                continue
            more, comparison = _endpoint(cohort, endpoint, scored, n_permutations, random_state)
            rows += [key | row for row in more]
            if comparison is not None:
                survival[f"{cohort.name}: {endpoint}"] = comparison
                losses += [replace(x, layer=cohort.name) for x in comparison.losses]
    return Verification(_table(rows), assignments, survival, tuple(losses))


def _check(cohorts: Sequence[Cohort], n_random: int, n_permutations: int) -> None:
    names = [cohort.name for cohort in cohorts]
    if not names:
        raise StudyError("verify: no cohort was given; name at least one.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(
            f"verify: more than one cohort is named {', '.join(twice)}; give each its own name."
        )
    for name, value in (("n_random", n_random), ("n_permutations", n_permutations)):
        if value < 0:
            raise StudyError(f"verify: {name} is {value}; it must be 0 or more.")


def _expression(
    signature: Signature, cohort: Cohort, layer: str | None
) -> tuple[pd.DataFrame, list[Loss]]:
    """Patients x genes on the scale of analysis, and what was lost on the way there."""
    name = _layer(signature, cohort, layer)
    prepared = preprocess(cohort, [name])
    table = prepared.layers[name].values  # noqa: PD011 - a field of ours
    known = set(cohort.losses)
    losses = [replace(x, layer=cohort.name) for x in prepared.losses if x not in known]
    missing = signature.templates.index[~signature.templates.index.isin(table.columns)]
    if len(missing):
        examples = tuple(str(gene) for gene in missing[:5])
        reason = f"genes of the signature that layer {name} lacks"
        losses.append(Loss("verify", cohort.name, "genes", len(missing), reason, examples))
    return table, losses


def _layer(signature: Signature, cohort: Cohort, layer: str | None) -> str:
    listed = ", ".join(f"{name} ({found.kind})" for name, found in cohort.omics.items()) or "none"
    trained = str(signature.trained_on.get("layer", ""))
    if layer is not None:
        if layer in cohort.omics:
            return layer
        raise StudyError(
            f"verify: cohort {cohort.name!r} has no layer {layer!r}; its layers are {listed}."
        )
    if trained in cohort.omics:
        return trained
    kind = [name for name, found in cohort.omics.items() if found.kind == "expression"]
    if len(kind) == 1:
        return kind[0]
    raise StudyError(
        f"verify: the signature was trained on layer {trained!r}, which cohort {cohort.name!r} "
        f"lacks, and it has {len(kind)} layers of kind expression instead of one. Its layers are "
        f"{listed}; name one with layer=, or give it the name used in training."
    )


def _score(
    signature: Signature, cohort: Cohort, table: pd.DataFrame, n_random: int, random_state: int
) -> _Scored:
    """Score the patients, by the signature and by random gene sets of its size."""
    assigned = score_signature(signature, table)
    z = standardise(None, table)
    genes = [gene for gene in signature.templates.index if gene in z.columns]
    weights = signature.templates.loc[genes].to_numpy(dtype=float)
    rng = np.random.default_rng(random_state)
    everything = z.to_numpy()
    random = np.empty((n_random, len(z), weights.shape[1]))
    for i in range(n_random):
        drawn = rng.choice(everything.shape[1], len(genes), replace=False)
        random[i] = template_scores(everything[:, drawn], weights)
    notes = [_relation(signature, cohort)]
    if n_random and everything.shape[1] < 2 * len(genes):
        notes.append(
            f"only {everything.shape[1]} genes to draw random sets of {len(genes)} from: "
            "they share many genes with the signature"
        )
    return _Scored(assigned, np.nan_to_num(random), len(genes), _join(*notes))


def _endpoint(
    cohort: Cohort, endpoint: str, scored: _Scored, n_permutations: int, random_state: int
) -> tuple[list[dict[str, object]], SurvivalComparison | None]:
    """All rows of one cohort and endpoint."""
    known = cohort.survival(endpoint)
    assigned = scored.assigned.dropna(subset=["subtype"])
    patients = assigned.index[assigned.index.isin(known.index)]
    if patients.empty:
        return [{"note": _join(scored.note, "no scored patient has this endpoint")}], None
    known = known.loc[patients]
    time, event = known["time"].to_numpy(dtype=float), known["event"].to_numpy(dtype=int)
    counts = {"n": len(patients), "events": int(event.sum())}
    place = scored.assigned.index.get_indexer(patients)
    subtypes = [column.removeprefix("score_") for column in assigned.columns[1:]]
    labels = assigned.loc[patients, "subtype"].astype(str)

    rows: list[dict[str, object]] = []
    for j, subtype in enumerate(subtypes):
        score = assigned.loc[patients, f"score_{subtype}"].to_numpy(dtype=float)
        row = _cox(time, event, _standard(score), scored.note)
        if counts["events"] >= MINIMUM_EVENTS:
            row["random_null_percentile"] = _percentile(
                time, event, score, scored.random[:, place, j].T
            )
        rows.append(counts | {"comparison": f"{subtype} score per SD"} | row)
    # Of two subtypes, the second against the rest is the first one turned round.
    for subtype in subtypes if len(subtypes) > 2 else subtypes[:1]:
        inside = (labels == subtype).to_numpy(dtype=float)
        row = _cox(time, event, inside, scored.note)
        rows.append(counts | {"comparison": f"assigned {subtype} vs rest"} | row)

    comparison = compare_labels(
        labels,
        known,
        endpoint,
        cohort.endpoints[endpoint].unit,
        n_permutations=n_permutations,
        random_state=random_state,
        losses=cohort.survival_losses(endpoint),
    )
    test = comparison.tests.set_index("comparison").loc["overall"]
    permuted = test["p_permutation"]
    rows.append(
        counts
        | {
            "comparison": "assigned subtypes",
            "chi2": test["chi2"],
            "p": test["p_asymptotic"] if pd.isna(permuted) else permuted,
            "note": _join(scored.note, str(test["note"])),
        }
    )
    return rows, comparison


def _cox(
    time: npt.NDArray[np.float64],
    event: npt.NDArray[np.int64],
    x: npt.NDArray[np.float64],
    note: str,
) -> dict[str, object]:
    result = hazard_ratio(time, event, x)
    return {
        "hr": result.hr,
        "hr_ci_low": result.ci_low,
        "hr_ci_high": result.ci_high,
        "p": result.p,
        "note": _join(note, result.note),
    }


def _percentile(
    time: npt.NDArray[np.float64],
    event: npt.NDArray[np.int64],
    score: npt.NDArray[np.float64],
    random: npt.NDArray[np.float64],
) -> float:
    """Percentage of random sets whose score goes less with outcome than this one."""
    observed = abs(score_z(time, event, score[:, None])[0])
    null = np.abs(score_z(time, event, random))
    null = null[np.isfinite(null)]
    if not len(null) or not np.isfinite(observed):
        return float("nan")
    return float(100 * np.mean(null < observed))


def _standard(score: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    spread = score.std(ddof=1) if len(score) > 1 else 0.0
    return (score - score.mean()) / (spread if spread > 0 else 1.0)


def _relation(signature: Signature, cohort: Cohort) -> str:
    """Say in a note, from their names alone, that two cohorts are or look like one study's."""
    trained = str(signature.trained_on.get("cohort", ""))
    if trained == cohort.name:
        return "the training cohort itself: no verification"
    own, other = (
        [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
        for name in (trained, cohort.name)
    )
    shared = min(2, len(own), len(other))
    if shared and own[:shared] == other[:shared]:
        return "same study, other patients: internal-external, not independent"
    return ""


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _table(rows: list[dict[str, object]]) -> pd.DataFrame:
    from scipy.stats import false_discovery_control

    text = {"cohort", "endpoint", "comparison", "note"}
    whole = {"n", "events", "genes_found", "genes_total"}
    table = pd.DataFrame(
        {
            c: [row.get(c, "" if c in text else 0 if c in whole else np.nan) for row in rows]
            for c in COLUMNS
        }
    )
    table = table.astype(
        {c: object if c in text else "int64" if c in whole else "float64" for c in COLUMNS}
    )
    tested = table["p"].notna()
    if tested.any():
        table.loc[tested, "fdr"] = false_discovery_control(table.loc[tested, "p"], method="bh")
    return table
