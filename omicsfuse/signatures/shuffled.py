"""Signatures of a shuffled target: what the same derivation finds where there is nothing."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require, seed, whole_number
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError
from omicsfuse.core.results import Prepared, Signature, Subtypes, Target
from omicsfuse.signatures.derive import as_signature
from omicsfuse.signatures.derive_arguments import (
    fitting,
    least_genes,
    names_for,
    require_patients,
)
from omicsfuse.signatures.methods import accepts
from omicsfuse.signatures.target import as_target
from omicsfuse.signatures.training_data import shuffled, training_data
from omicsfuse.stats.covariates import Encoded

#: Targets shuffled in vain, for each signature wanted, before giving up.
ATTEMPTS = 3


def shuffled_signatures(
    target: Subtypes | Target | pd.Series,
    prepared: Prepared,
    *,
    n: int = 100,
    layer: str | None = None,
    method: str = "templates",
    n_genes: int = 50,
    name: str = "",
    covariates: pd.DataFrame | Encoded | None = None,
    scorer: str | None = None,
    scaling: str | None = None,
    random_state: int = 0,
    **options: Any,
) -> list[Signature]:
    """Derive signatures after the target was shuffled among the patients: a null for `verify`.

    Ungated (``gate=False``) and not locked; fewer than ``n`` where shuffled targets gave no gene
    set. Michiels, Koscielny and Hill 2005, Lancet 365:488-492.
    """
    wanted = as_target(target)
    require(prepared, Prepared, "prepared", "from of.preprocess")
    n = whole_number(n, "n", 1)
    n_genes = least_genes(n_genes)
    random_state = seed(random_state)
    function, scorer, scaling = fitting(
        method,
        wanted.kind,
        wanted.name,
        adjusted=covariates is not None,
        scorer=scorer,
        scaling=scaling,
        options=options,
    )
    data = training_data(wanted, prepared, layer, covariates)
    require_patients(data)
    values = data.usable
    options = {**options, **names_for(function, wanted, data.layer)}
    if accepts(function, "gate"):
        options["gate"] = False
    expected: list[str] | None = None
    signatures: list[Signature] = []
    reason = ""
    rng = np.random.default_rng([random_state, 6])
    for attempt in range(ATTEMPTS * n + 1):
        # The target itself first: it says which scores there are to be.
        order = rng.permutation(len(values)) if attempt else np.arange(len(values))
        adjust = data.covariates
        if adjust is not None:
            adjust = adjust.iloc[order].set_axis(adjust.index)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OmicsfuseWarning)
            try:
                derived = function(
                    values,
                    shuffled(data.target, order),
                    covariates=adjust,
                    n_genes=n_genes,
                    random_state=random_state,
                    **options,
                )
            except SignatureError as error:
                if attempt == 0:
                    raise
                reason = str(error).rstrip(".")
                continue
        columns = [str(column) for column in derived.weights.columns]
        if expected is None:
            expected = columns
            continue
        if columns != expected:
            reason = f"the scores were {', '.join(columns)} in place of {', '.join(expected)}"
            continue
        label = f"{name or prepared.name}, target shuffled ({len(signatures) + 1})"
        signature = as_signature(derived, data, prepared, wanted, label, method)
        signatures.append(replace(signature, scorer=scorer, scaling=scaling))
        if len(signatures) == n:
            return signatures
    if not signatures:
        raise SignatureError(
            f"signature: none of {ATTEMPTS * n} shuffled targets gave a gene set; last "
            f"reason: {reason}."
        )
    warnings.warn(
        f"signature: {len(signatures)} of {n} signatures of shuffled targets were derived in "
        f"{ATTEMPTS * n} attempts; last failure: {reason}.",
        OmicsfuseWarning,
        stacklevel=2,
    )
    return signatures
