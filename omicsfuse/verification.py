"""A locked signature in other cohorts: who is assigned to which subtype, and how they fare."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.checks.arguments import require, seed, sequence_of, whole_number
from omicsfuse.cohort import Cohort, Loss
from omicsfuse.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.labelled import expression_layer
from omicsfuse.preprocessing import preprocess
from omicsfuse.results import VERIFICATION_COLUMNS, Signature, SurvivalComparison, Verification
from omicsfuse.signatures import (
    MINIMUM_PATIENTS,
    relation,
    require_locked,
    score_signature,
    standardise,
    template_scores,
    training_patients,
    without_patients,
)
from omicsfuse.statistics import benjamini_hochberg
from omicsfuse.survival import MINIMUM_EVENTS, compare_labels, hazard_ratio, score_z


@dataclass(frozen=True, eq=False)
class _Scored:
    """One cohort's scores, those of random gene sets, and what every row about it says."""

    cohort: Cohort
    assigned: pd.DataFrame
    random: npt.NDArray[np.float64]  # random sets x patients x subtypes
    usable: pd.Index  # genes that could be standardised
    note: str


def verify(
    signature: Signature,
    cohorts: Cohort | Sequence[Cohort],
    *,
    endpoints: Sequence[str] | None = None,
    layer: str | None = None,
    n_random: int = 1000,
    n_permutations: int | Literal["adaptive"] = "adaptive",
    random_state: int = 0,
) -> Verification:
    """Apply a locked signature to other cohorts and compare the survival of those it assigns.

    Nothing of the signature is fitted anew. What is learned from each cohort, from its layer alone
    and blind to its outcomes, is its own preprocessing: which genes are usable, and each gene's
    mean and spread, by which it is scaled. Patients that the signature was derived from, told by
    their identifiers, are left out.

    For each endpoint there is a Cox model of each subtype's score, a Cox model of the patients
    assigned to a subtype against all others, and a log-rank test over all assigned subtypes. As
    almost any large set of genes goes with outcome in some cancers, each score is also held against
    random sets of the cohort's own genes, as many as were found, scored in the same way:
    ``random_null_percentile`` is the percentage of them whose score-test ``|z|`` is smaller.

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
    n_permutations : int or "adaptive"
        Permutations of the log-rank test.
    random_state : int
        Seed of both; a cohort's result does not depend on the other cohorts.

    Returns
    -------
    Verification
        One row a cohort, endpoint and comparison, with the columns

        - ``cohort``, ``endpoint``;
        - ``comparison``: ``"S1 score per SD"``, ``"assigned S1 vs rest"`` (of two subtypes, only
          the first) or ``"assigned subtypes"``;
        - ``n`` patients and ``events``; ``genes_found`` of ``genes_total``;
        - ``hr``, ``hr_ci_low``, ``hr_ci_high`` of the Cox models; ``chi2`` of the log-rank test;
        - ``test``: what ``p`` is of: ``"Wald"`` for hazard ratios, ``"log-rank, permutation"`` or,
          without permutations, ``"log-rank, asymptotic"``. A permutation p stands beside the same
          ``chi2``, but is not taken from the chi-squared distribution;
        - ``p``: none with fewer than 10 events, and a note; ``fdr``: Benjamini-Hochberg, its family
          is all rows of the table;
        - ``random_null_percentile``: of score rows;
        - ``same_study``: whether the cohort comes from the study of the training cohort: ``"yes"``
          or ``"no"`` where both name their study, ``"by name"`` where the names of the cohorts
          suggest it, else empty;
        - ``note``: what else there is to know, why there is no p.

        A cohort that lacks the genes or an endpoint, or has fewer than 10 patients beside those of
        the training cohort, has a row whose note says so. ``losses`` counts, for each cohort,
        training patients left out, patients without any value, z-scores limited, genes of the
        signature that the layer lacks, others that are unusable there (too often missing, or
        hardly varying), and features that are unusable for random sets.

    Raises
    ------
    SignatureError
        If the signature is not locked, or was altered since.
    StudyError
        If no cohort is given, two have the same name, or no layer can be chosen.

    Warns
    -----
    OmicsfuseWarning
        If a cohort cannot be scored, or shares patients with the training cohort.

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
    require(signature, Signature, "signature", "what of.derive_signature returns")
    require_locked(signature)
    cohorts = _check(cohorts)
    asked = None if endpoints is None else sequence_of(endpoints, str, "verify: endpoints")
    n_random = whole_number(n_random, "verify: n_random", 0)
    if n_permutations != "adaptive":
        n_permutations = whole_number(n_permutations, "verify: n_permutations", 0)
    random_state = seed(random_state, "verify: random_state")
    rows: list[dict[str, object]] = []
    assignments: dict[str, pd.DataFrame] = {}
    survival: dict[str, SurvivalComparison] = {}
    losses: list[Loss] = []
    for whole in cohorts:
        common, scored, found = _apply(signature, whole, layer, n_random, random_state)
        losses += found
        if scored is None:
            rows.append(common)
            continue
        cohort = scored.cohort
        assignments[cohort.name] = scored.assigned
        wanted = list(cohort.endpoints) if asked is None else asked
        if not wanted:
            rows.append(common | {"note": _join(scored.note, "no endpoint")})
        for endpoint in wanted:
            key = {**common, "endpoint": endpoint}
            if endpoint not in cohort.endpoints or cohort.clinical is None:
                known = ", ".join(cohort.endpoints) or "none"
                note = _join(scored.note, f"no such endpoint; there is {known}")
                rows.append(key | {"note": note})
                continue
            more, comparison = _endpoint(endpoint, scored, n_permutations, random_state)
            rows += [key | row for row in more]
            if comparison is not None:
                survival[f"{cohort.name}: {endpoint}"] = comparison
                losses += [replace(x, layer=cohort.name) for x in comparison.losses]
    return Verification(_table(rows), assignments, survival, tuple(losses))


def _check(cohorts: Cohort | Sequence[Cohort]) -> list[Cohort]:
    cohorts = sequence_of(cohorts, Cohort, "verify: cohorts", "read them with read_cohort")
    names = [cohort.name for cohort in cohorts]
    if not names:
        raise StudyError("verify: no cohort was given; name at least one.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(
            f"verify: more than one cohort is named {', '.join(twice)}; give each its own name."
        )
    return cohorts


def _apply(
    signature: Signature, whole: Cohort, layer: str | None, n_random: int, random_state: int
) -> tuple[dict[str, object], _Scored | None, list[Loss]]:
    """Score one cohort: what every row about it says, its scores if there are any, its losses."""
    same_study, note = relation(signature, whole)
    name = expression_layer(
        whole.omics,
        layer,
        f"verify: cohort {whole.name!r}",
        trained=str(signature.trained_on.get("layer", "")),
    )
    given = whole.omics[name].table
    trained = training_patients(signature, given.index)
    left, usable = len(given) - len(trained), given.columns
    losses = []
    if len(trained):
        losses.append(_shared(signature, whole, trained))
        note = _join(note, f"{len(trained)} patients of the training cohort left out")
    scored = None
    try:
        if len(trained) and left < MINIMUM_PATIENTS:
            raise SignatureError(
                f"{left} of {len(given)} patients are not of the training cohort, at least "
                f"{MINIMUM_PATIENTS} are needed"
            )
        cohort = without_patients(whole, name, trained)
        table, lost = _expression(cohort, name)
        losses += lost
        left, usable = len(table), table.columns
        scored = _score(signature, cohort, table, n_random, random_state, note)
        usable = scored.usable
    except SignatureError as error:
        note = _join(note, f"not scored: {error}")
        warnings.warn(
            f"cohort {whole.name!r} cannot verify the signature: {error}",
            OmicsfuseWarning,
            stacklevel=3,
        )
    losses += _unusable(signature, whole, name, usable, n_random if scored else 0)
    row = {
        "cohort": whole.name,
        "n": left,
        "genes_found": int(signature.templates.index.isin(usable).sum()),
        "genes_total": len(signature.templates),
        "same_study": same_study,
        "note": note,
    }
    return row, scored, losses


def _shared(signature: Signature, cohort: Cohort, trained: pd.Index) -> Loss:
    """Say which patients the training cohort has too, and count them as lost."""
    examples = tuple(str(patient) for patient in trained[:5])
    origin = signature.trained_on.get("cohort", "")
    warnings.warn(
        f"cohort {cohort.name!r} has {len(trained)} patients of the training cohort {origin!r}, "
        f"which cannot verify the signature and are left out: {', '.join(examples)}. If these are "
        "other people under the same identifiers, give them identifiers of their own.",
        OmicsfuseWarning,
        stacklevel=4,
    )
    reason = "patients of the training cohort, left out"
    return Loss("verify", cohort.name, "patients", len(trained), reason, examples)


def _expression(cohort: Cohort, layer: str) -> tuple[pd.DataFrame, list[Loss]]:
    """Patients x usable genes on the scale of analysis, and what was lost on the way there.

    What preprocessing does to the matrix for distances (imputing, limiting, selecting) is of no
    consequence here and not counted.
    """
    prepared = preprocess(cohort, [layer])
    table = prepared.layers[layer].values  # noqa: PD011 - a field of ours
    losses = [
        replace(loss, layer=cohort.name)
        for loss in prepared.losses
        if loss.step == "preprocess" and loss.what == "patients"
    ]
    if prepared.layers[layer].scale == "zscore":
        given = cohort.omics[layer].table.loc[table.index, table.columns]
        limited = (given.abs() > table.abs()).sum()
        if limited.any():
            examples = tuple(str(gene) for gene in limited.index[limited > 0][:5])
            reason = "z-scores beyond the limit brought back to it"
            losses.append(
                Loss("verify", cohort.name, "values", int(limited.sum()), reason, examples)
            )
    return table, losses


def _unusable(
    signature: Signature, cohort: Cohort, layer: str, usable: pd.Index, n_random: int
) -> list[Loss]:
    """Count each gene that cannot be scored once: absent, unusable, or unusable and another's."""
    genes, given = signature.templates.index, cohort.omics[layer].table.columns
    why = "too often missing or hardly varying there"
    found = (
        ("genes", genes[~genes.isin(given)], f"genes of the signature that layer {layer} lacks"),
        (
            "genes",
            genes[genes.isin(given) & ~genes.isin(usable)],
            f"genes of the signature that layer {layer} has, unusable: {why}",
        ),
        (
            "features",
            given[~(given.isin(usable) | given.isin(genes))][: None if n_random else 0],
            f"other features of layer {layer}, not drawn for random sets: {why}",
        ),
    )
    return [
        Loss("verify", cohort.name, what, len(lost), reason, tuple(str(gene) for gene in lost[:5]))
        for what, lost, reason in found
        if len(lost)
    ]


def _score(
    signature: Signature,
    cohort: Cohort,
    table: pd.DataFrame,
    n_random: int,
    random_state: int,
    note: str,
) -> _Scored:
    """Score the patients, by the signature and by random gene sets of its size."""
    assigned = score_signature(signature, table, max_fdr=1.0)
    z = standardise(None, table)
    genes = [gene for gene in signature.templates.index if gene in z.columns]
    weights = signature.templates.loc[genes].to_numpy(dtype=float)
    rng = np.random.default_rng(random_state)
    everything = z.to_numpy()
    random = np.empty((n_random, len(z), weights.shape[1]))
    for i in range(n_random):
        drawn = rng.choice(everything.shape[1], len(genes), replace=False)
        random[i] = template_scores(everything[:, drawn], weights)
    if n_random and everything.shape[1] < 2 * len(genes):
        note = _join(
            note,
            f"only {everything.shape[1]} genes to draw random sets of {len(genes)} from: "
            "they share many genes with the signature",
        )
    return _Scored(cohort, assigned, np.nan_to_num(random), z.columns, note)


def _endpoint(
    endpoint: str, scored: _Scored, n_permutations: int | Literal["adaptive"], random_state: int
) -> tuple[list[dict[str, object]], SurvivalComparison | None]:
    """All rows of one cohort and endpoint."""
    cohort = scored.cohort
    known = cohort.survival(endpoint)
    assigned = scored.assigned.dropna(subset=["subtype"])
    # In one order, so that sums do not depend on the order of the tables' rows.
    patients = assigned.index[assigned.index.isin(known.index)].sort_values()
    if patients.empty:
        return [{"n": 0, "note": _join(scored.note, "no scored patient has this endpoint")}], None
    known = known.loc[patients]
    time, event = known["time"].to_numpy(dtype=float), known["event"].to_numpy(dtype=int)
    entry = known["entry"].to_numpy(dtype=float) if "entry" in known else None
    counts = {"n": len(patients), "events": int(event.sum())}
    place = scored.assigned.index.get_indexer(patients)
    subtypes = [c.removeprefix("score_") for c in assigned.columns if c.startswith("score_")]
    labels = assigned.loc[patients, "subtype"].astype(str)

    rows: list[dict[str, object]] = []
    for j, subtype in enumerate(subtypes):
        score = assigned.loc[patients, f"score_{subtype}"].to_numpy(dtype=float)
        row = _cox(time, event, entry, _standard(score), scored.note)
        # The score test of random sets knows nothing of late entry.
        if counts["events"] >= MINIMUM_EVENTS and entry is None:
            row["random_null_percentile"] = _percentile(
                time, event, score, scored.random[:, place, j].T
            )
        rows.append(counts | {"comparison": f"{subtype} score per SD"} | row)
    # Of two subtypes, the second against the rest is the first one turned round.
    for subtype in subtypes if len(subtypes) > 2 else subtypes[:1]:
        inside = (labels == subtype).to_numpy(dtype=float)
        row = _cox(time, event, entry, inside, scored.note)
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
            "test": f"log-rank, {'permutation' if n_permutations else 'asymptotic'}",
            "p": test["p_asymptotic"] if pd.isna(permuted) else permuted,
            "note": _join(scored.note, str(test["note"])),
        }
    )
    return rows, comparison


def _cox(
    time: npt.NDArray[np.float64],
    event: npt.NDArray[np.int64],
    entry: npt.NDArray[np.float64] | None,
    x: npt.NDArray[np.float64],
    note: str,
) -> dict[str, object]:
    result = hazard_ratio(time, event, x, entry)
    return {
        "hr": result.hr,
        "hr_ci_low": result.ci_low,
        "hr_ci_high": result.ci_high,
        "test": "Wald",
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


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _table(rows: list[dict[str, object]]) -> pd.DataFrame:
    text = {"cohort", "endpoint", "comparison", "test", "same_study", "note"}
    text |= {"signature", "role", "scorer", "scaling", "adjusted_for"}
    # Events stay missing where nothing was counted: 0 would say that nobody had the event.
    whole = {"n", "genes_found", "genes_total"}
    table = pd.DataFrame(
        {
            c: [row.get(c, "" if c in text else 0 if c in whole else np.nan) for row in rows]
            for c in VERIFICATION_COLUMNS
        }
    )
    table = table.astype(
        {
            c: object if c in text else "int64" if c in whole else "float64"
            for c in VERIFICATION_COLUMNS
        }
    )
    return table.assign(fdr=benjamini_hochberg(table["p"].to_numpy()))
