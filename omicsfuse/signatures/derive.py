"""From a target to a locked signature, with the evidence it rests on."""

import warnings
from dataclasses import replace
from typing import Any

import pandas as pd

from omicsfuse.core.checks.arguments import require, seed
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.labelled import Z_LIMIT as INPUT_Z_LIMIT
from omicsfuse.core.labelled import without_layer
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import (
    AGREEMENT_COLUMNS,
    DerivedSignature,
    Prepared,
    Signature,
    Subtypes,
    Target,
)
from omicsfuse.signatures.agreement import cross_validated_agreement, warn_of_disagreement
from omicsfuse.signatures.cut_points import fix_cut_points
from omicsfuse.signatures.derive_arguments import (
    fitting,
    least_genes,
    names_for,
    require_patients,
)
from omicsfuse.signatures.derived import Derived
from omicsfuse.signatures.identifiers import guess_namespace
from omicsfuse.signatures.lock import lock
from omicsfuse.signatures.methods import method_for
from omicsfuse.signatures.scaling import WINSORISED, Z_LIMIT
from omicsfuse.signatures.score import MINIMUM_GENES, MINIMUM_SHARE
from omicsfuse.signatures.target import as_target, group_names
from omicsfuse.signatures.training import patient_digest
from omicsfuse.signatures.training_data import (
    TrainingData,
    chosen_layer,
    training_data,
)
from omicsfuse.stats.covariates import Encoded
from omicsfuse.stats.moments import moments

#: Permutations of the target where none are asked for; fewer for methods that take long.
PERMUTATIONS = {"elastic_net": 19, "modules": 19}
USUAL_PERMUTATIONS = 99


def derive_signature(
    target: Subtypes | Target | pd.Series,
    prepared: Prepared,
    *,
    layer: str | None = None,
    method: str = "auto",
    n_genes: int = 50,
    name: str = "",
    covariates: pd.DataFrame | Encoded | None = None,
    scorer: str | None = None,
    scaling: str | None = None,
    minimum_share_of_genes: float = MINIMUM_SHARE,
    n_folds: int = 5,
    n_repeats: int = 5,
    n_permutations: int | None = None,
    random_state: int = 0,
    n_jobs: int = 1,
    **options: Any,
) -> Signature:
    """Derive and lock a signature: the genes of one layer that represent a target.

    With method ``"templates"``, the template of a subtype is the ``n_genes`` genes with the largest
    positive Welch t of the subtype against all other patients. The signature has all genes of all
    scores with their means and standard deviations in the training patients, and the agreement of
    held-out scores with the target (see `cross_validated_agreement`). The order of patients and
    genes has no influence, to the last bit.

    Parameters
    ----------
    target : Subtypes, Target or pandas.Series
        Target of the signature: subtypes, or the result of `feature_target`, `score_target` or
        `survival_target`. A Series of numbers is a score, a Series of text is groups.
    prepared : Prepared
        Layers; ``PreparedLayer.values`` is used, with z-scores limited to +-10, and each gene
        winsorised at 2.5% on either side. Constant genes, and genes of fewer than half of the
        patients, are excluded.
    layer : str, optional
        Layer to use, fused or not; by default the first of kind ``expression``. Patients with
        target and layer are used.
    method : str
        ``"auto"``: templates for groups, correlation for a number, elastic net for survival. Or
        ``"templates"`` and ``"moderated_t"`` for groups, ``"correlation"`` for a number or groups,
        ``"modules"``, ``"elastic_net"`` (also survival).
    n_genes : int
        Maximum number of genes of a score, at least 5.
    name : str
        Name of the signature; by default that of the cohort.
    covariates : pandas.DataFrame, optional
        Patients x numbers to adjust the selection of genes for, such as purity or volume. Patients
        without a covariate are excluded.
    scorer, scaling : str, optional
        Default scorer and scaling of the signature: ``"nearest_template"`` for templates and
        ``"weighted_z"`` for other methods; ``"cohort"``, and ``"none"`` for ranks within the
        patient.
    minimum_share_of_genes : float
        Smallest share of its genes in a cohort to be scored.
    n_folds, n_repeats, n_permutations, n_jobs : int
        As in `cross_validated_agreement`. By default 99 permutations, 19 for modules and elastic
        net; 0 gives no p-value. With 500 patients and 20,000 genes the default takes some minutes.
    random_state : int
        Seed.
    **options
        Settings of the method.

    Returns
    -------
    Signature
        Locked. Its ``trained_on`` has ``cohort`` and ``study`` (empty if not stated), ``layer``,
        ``n_labelled`` (patients with a value of the target), ``n_patients`` (patients used: with
        target, layer and covariates), ``subtype_sizes`` (of these; empty without groups),
        ``exclusions`` (in words), and ``patient_digests`` (sorted `patient_digest` of every patient
        with a value of the target).

    Raises
    ------
    StudyError
        If there is no such layer, method or option, or a setting is out of range.
    SignatureError
        If no gene set is found; the message gives the reason.

    Warns
    -----
    OmicsfuseWarning
        If a group has no score, or the agreement of held-out scores with the target is not
        significant.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse import Subtypes, derive_signature
    >>> from omicsfuse.core.results import Prepared
    >>> import numpy as np
    >>> from omicsfuse.core.results import PreparedLayer
    >>> patients = [f"P{i}" for i in range(20)]
    >>> values = np.random.default_rng(0).standard_normal((20, 40))
    >>> values[:10, :5] += 4
    >>> values[10:, 5:10] += 4
    >>> table = pd.DataFrame(values, patients, [f"G{i}" for i in range(40)])
    >>> ready = Prepared("toy", {"rna": PreparedLayer("expression", table, table, "log2", None)})
    >>> labels = pd.Series(["S1"] * 10 + ["S2"] * 10, patients)
    >>> signature = derive_signature(Subtypes(labels, {}, {}), ready, n_genes=5)
    >>> signature.templates.query("S2 == 1").index.tolist()
    ['G5', 'G6', 'G7', 'G8', 'G9']
    """
    return derive(
        target,
        prepared,
        layer=layer,
        method=method,
        n_genes=n_genes,
        name=name,
        covariates=covariates,
        scorer=scorer,
        scaling=scaling,
        minimum_share_of_genes=minimum_share_of_genes,
        n_folds=n_folds,
        n_repeats=n_repeats,
        n_permutations=n_permutations,
        random_state=random_state,
        n_jobs=n_jobs,
        **options,
    ).signature


def derive(
    target: Subtypes | Target | pd.Series,
    prepared: Prepared,
    *,
    layer: str | None = None,
    method: str = "auto",
    n_genes: int = 50,
    name: str = "",
    covariates: pd.DataFrame | Encoded | None = None,
    scorer: str | None = None,
    scaling: str | None = None,
    minimum_share_of_genes: float = MINIMUM_SHARE,
    n_folds: int = 5,
    n_repeats: int = 5,
    n_permutations: int | None = None,
    random_state: int = 0,
    n_jobs: int = 1,
    **options: Any,
) -> DerivedSignature:
    """Derive a signature as `derive_signature`, and keep the statistics of all genes.

    Parameters
    ----------
    target, prepared, layer, method, n_genes, name, covariates, scorer, scaling, \
minimum_share_of_genes, n_folds, n_repeats, n_permutations, random_state, n_jobs, **options
        As for `derive_signature`.

    Returns
    -------
    DerivedSignature
        ``details`` also has ``"agreement"``, as in the signature.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse import derive
    >>> from omicsfuse.core.results import Prepared
    >>> import numpy as np
    >>> from omicsfuse.core.results import PreparedLayer
    >>> patients = [f"P{i:02d}" for i in range(60)]
    >>> values = np.random.default_rng(0).standard_normal((60, 40))
    >>> table = pd.DataFrame(values, patients, [f"G{i:02d}" for i in range(40)])
    >>> ready = Prepared("toy", {"rna": PreparedLayer("expression", table, table, "log2", None)})
    >>> score = pd.Series(values[:, :3].sum(axis=1), patients, name="texture")
    >>> found = derive(score, ready, n_genes=5, n_permutations=19)
    >>> found.genes.columns.tolist()
    ['score', 'gene', 'weight', 'effect', 'n', 'p', 'fdr', 'stability']
    """
    wanted = as_target(target)
    require(prepared, Prepared, "prepared", "from of.preprocess")
    n_genes = least_genes(n_genes)
    random_state = seed(random_state)
    method = method_for(method, wanted.kind)
    function, scorer, scaling = fitting(
        method,
        wanted.kind,
        wanted.name,
        adjusted=covariates is not None,
        scorer=scorer,
        scaling=scaling,
        options=options,
    )
    if not 0 < minimum_share_of_genes <= 1:
        raise StudyError(
            f"signature: minimum_share_of_genes is {minimum_share_of_genes!r}; it must be above 0 "
            "and at most 1."
        )
    data = training_data(wanted, prepared, layer, covariates)
    require_patients(data)
    options = {**options, **names_for(function, wanted, data.layer)}
    derived = function(
        data.usable,
        data.target,
        covariates=data.covariates,
        n_genes=n_genes,
        random_state=random_state,
        **options,
    )
    if n_permutations is None:
        n_permutations = PERMUTATIONS.get(method, USUAL_PERMUTATIONS)
    agreement = cross_validated_agreement(
        data.values,
        data.target,
        function,
        covariates=data.covariates,
        n_genes=n_genes,
        columns=list(derived.weights.columns),
        nearest=scorer == "nearest_template",
        n_folds=n_folds,
        n_repeats=n_repeats,
        n_permutations=n_permutations,
        random_state=random_state,
        n_jobs=n_jobs,
        options=options,
    )
    warn_of_disagreement(agreement, wanted.name)
    agreement = agreement[AGREEMENT_COLUMNS]
    signature = replace(
        as_signature(derived, data, prepared, wanted, name or prepared.name, method),
        scorer=scorer,
        scaling=scaling,
        agreement=agreement,
    )
    held_out = {"n_folds": n_folds, "n_repeats": n_repeats, "n_permutations": n_permutations}
    least = float(minimum_share_of_genes)
    settings = {**signature.settings, "agreement": held_out, "minimum_share_of_genes": least}
    signature = replace(signature, settings=settings)
    with warnings.catch_warnings():
        # A score of no group, or of everyone, has no cut-point, and says so where it is used.
        warnings.simplefilter("ignore", OmicsfuseWarning)
        cut_points = fix_cut_points(signature, data.values, data.target)
    signature = replace(signature, cut_points=cut_points)
    details = {**derived.details, "agreement": agreement}
    return DerivedSignature(lock(signature), derived.genes, None, details)


def as_signature(
    derived: Derived, data: TrainingData, prepared: Prepared, target: Target, name: str, method: str
) -> Signature:
    """Make a signature, not locked, of what a method chose.

    It holds the mean and standard deviation of its genes in the training patients.
    """
    weights = derived.weights.sort_index()
    if not weights.size:
        raise SignatureError(f"signature: method {method!r} selected no gene for {target.name!r}.")
    index = pd.Index([str(gene) for gene in weights.index], dtype=object, name="gene")
    weights = weights.set_axis(index).set_axis([str(c) for c in weights.columns], axis=1)
    reference = moments(data.usable[list(index)].to_numpy())
    values = data.target.values  # noqa: PD011 - a field of ours
    everybody = target.values.index  # noqa: PD011 - a field of ours
    sizes = {}
    if target.kind == "groups":
        counted = values.value_counts()
        sizes = {group: int(counted.get(group, 0)) for group in group_names(target)}
    trained_on: dict[str, Any] = {
        "cohort": prepared.name,
        "study": prepared.study,
        "layer": data.layer,
        "n_labelled": len(everybody),
        "n_patients": len(values),
        "subtype_sizes": sizes,
        "losses": list(data.exclusions),
        "patient_digests": sorted(map(patient_digest, everybody)),
    }
    if target.kind == "survival":
        trained_on["events"] = int(values["event"].sum())
    return Signature(
        name=name,
        templates=weights.astype(float),
        reference=pd.DataFrame({"mean": reference.mean, "sd": reference.sd}, index=index),
        scale=data.scale,
        trained_on=trained_on,
        settings={
            **derived.settings,
            "input_z_limit": INPUT_Z_LIMIT,
            "winsorised_share": WINSORISED,
            "score_z_limit": Z_LIMIT,
            "minimum_share_of_genes": MINIMUM_SHARE,
            "minimum_genes_of_subtype": MINIMUM_GENES,
        },
        target={"name": target.name, "kind": target.kind, "source": target.source},
        method=method,
        namespace=guess_namespace(index),
    )


def signature_exclusions(
    target: Subtypes | Target | pd.Series, prepared: Prepared, layer: str | None = None
) -> tuple[Exclusion, ...]:
    """Count the patients that have a value of the target but take no part in the signature.

    Gives patients without the layer; empty where every patient has it.
    """
    chosen = chosen_layer(prepared, layer)
    wanted = as_target(target)
    # Who has a value is all that counts here, not what it is.
    known = pd.Series(wanted.name, wanted.values.index)  # noqa: PD011 - a field of ours
    exclusions = without_layer(known, prepared.layers[chosen], chosen, "signature")
    if wanted.source == "subtypes":
        return exclusions
    reason = f"with {wanted.name} but without layer {chosen}"
    return tuple(replace(exclusion, reason=reason) for exclusion in exclusions)
