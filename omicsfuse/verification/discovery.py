"""What a signature showed where it was derived: the direction that others have to replicate."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require, sequence_of
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.labelled import expression_layer
from omicsfuse.core.results import DISCOVERY_COLUMNS, Signature
from omicsfuse.signatures import score_signature
from omicsfuse.signatures.lock import lock, require_locked
from omicsfuse.signatures.training import training_patients, without_patients
from omicsfuse.survival.models import fit_model
from omicsfuse.verification.scored import expression_values, score_names


def record_discovery(
    signature: Signature, cohort: Cohort, endpoints: Sequence[str] | None = None
) -> Signature:
    """Record the hazard ratios of a signature in its discovery cohort, and lock it again.

    The training patients are scored, and each score is tested in a Cox model per standard
    deviation. The sign of the log hazard ratio is the direction of one-sided tests in other
    cohorts, and must be fixed before they are opened. These hazard ratios are in-sample, in the
    patients who gave the genes, and are no evidence for the signature.

    Parameters
    ----------
    signature : Signature
        Locked or not; an earlier record is replaced.
    cohort : Cohort
        Its discovery cohort, with expression and endpoints.
    endpoints : sequence of str, optional
        Endpoints to record; by default all of the cohort.

    Returns
    -------
    Signature
        Locked, with ``discovery``: one row an endpoint and score; ``log_hr`` and ``se`` are missing
        with fewer than 10 events.

    Raises
    ------
    SignatureError
        If the signature was altered after it was locked, or none of its patients is in the cohort.
    StudyError
        If an endpoint is not the cohort's.

    Examples
    --------
    >>> from omicsfuse import record_discovery
    >>> from omicsfuse.datasets import simulate_cohort
    >>> from omicsfuse.preprocessing import preprocess
    >>> from omicsfuse.core.results import Subtypes
    >>> from omicsfuse.signatures import derive_signature
    >>> discovery = simulate_cohort(60, n_external=0, n_genes=200, effect=2).discovery
    >>> ready = preprocess(discovery, ["expression"])
    >>> labels = discovery.clinical["planted_subtype"].str.replace("planted ", "S")
    >>> signature = derive_signature(Subtypes(labels, {}, {}), ready, n_genes=15)
    >>> fixed = record_discovery(signature, discovery)
    >>> fixed.discovery["score"].tolist(), fixed.hash != signature.hash
    (['S1', 'S2', 'S3'], True)
    """
    require(signature, Signature, "signature", "from of.derive_signature")
    require(cohort, Cohort, "cohort", "from of.read_cohort")
    if signature.hash:
        require_locked(signature)
    wanted = list(cohort.endpoints)
    if endpoints is not None:
        wanted = sequence_of(endpoints, str, "record_discovery: endpoints")
        unknown = [name for name in wanted if name not in cohort.endpoints]
        if unknown:
            raise StudyError(
                f"record_discovery: cohort {cohort.name!r} has no endpoint {unknown[0]!r}; "
                f"its endpoints are {', '.join(cohort.endpoints) or 'none'}."
            )
    name = expression_layer(
        cohort.omics,
        None,
        f"record_discovery: cohort {cohort.name!r}",
        trained=str(signature.trained_on.get("layer", "")),
    )
    patients = cohort.omics[name].table.index
    if signature.trained_on.get("patient_digests"):
        trained = training_patients(signature, patients)
        if trained.empty:
            raise SignatureError(
                f"record_discovery: none of the {len(patients)} patients of cohort "
                f"{cohort.name!r} is a training patient of signature {signature.name!r} "
                f"(cohort {signature.trained_on.get('cohort', '')!r}); give the training cohort."
            )
        others = patients[~patients.isin(trained)]
        cohort = without_patients(cohort, name, others)
    table, _ = expression_values(cohort, name)
    assigned = score_signature(signature, table.sort_index(axis=1))
    rows = [
        row
        for endpoint in wanted
        for row in _rows(assigned, cohort.survival(endpoint), endpoint, cohort.name)
    ]
    discovery = pd.DataFrame(rows, columns=DISCOVERY_COLUMNS)
    numbers = {"n": "int64", "events": "int64", "log_hr": "float64", "se": "float64"}
    discovery = discovery.astype(numbers) if rows else discovery
    return lock(replace(signature, discovery=discovery, hash=""))


def _rows(
    assigned: pd.DataFrame, survival: pd.DataFrame, endpoint: str, cohort: str
) -> list[tuple[object, ...]]:
    """Log hazard ratio of each score per standard deviation."""
    names = score_names(assigned)
    scores = assigned[[f"score_{name}" for name in names]].dropna()
    patients = scores.index[scores.index.isin(survival.index)].sort_values()
    known = survival.loc[patients]
    rows: list[tuple[object, ...]] = []
    for name in names:
        values = scores.loc[patients, f"score_{name}"].to_numpy(dtype=float)
        counts = (endpoint, name, len(patients), int(known["event"].sum()))
        ratio, se, reason = np.nan, np.nan, "no patient has both"
        if len(patients) > 1 and np.ptp(values) > 0:
            standard = (values - values.mean()) / values.std(ddof=1)
            terms = pd.DataFrame({name: standard}, index=patients)
            model = fit_model(known, terms, endpoint, "discovery")
            reason = model.reason
            if model.fit is not None:
                ratio = float(model.fit.coefficients[0])
                se = float(np.sqrt(model.fit.covariance[0, 0]))
        if not np.isfinite(ratio):
            warnings.warn(
                f"cohort {cohort!r}: no direction is fixed for score {name} and endpoint "
                f"{endpoint}: {reason}.",
                OmicsfuseWarning,
                stacklevel=3,
            )
        rows.append((*counts, ratio, se))
    return rows
