"""A template for each subtype: the genes that are highest in it."""

import warnings

import numpy as np
import pandas as pd

from omicsfuse.checks.arguments import require
from omicsfuse.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.labelled import Z_LIMIT as INPUT_Z_LIMIT
from omicsfuse.labelled import expression_layer, labelled, without_layer
from omicsfuse.layers import Loss
from omicsfuse.results import Prepared, Signature, Subtypes
from omicsfuse.signatures.lock import lock
from omicsfuse.signatures.score import MINIMUM_GENES, MINIMUM_SHARE, WINSORISED, Z_LIMIT
from omicsfuse.signatures.training import patient_digest
from omicsfuse.statistics import Array, moments, welch_t, winsorise

#: Patients with the layer that a subtype needs to get a template.
MINIMUM_PATIENTS = 5


def derive_signature(
    subtypes: Subtypes,
    prepared: Prepared,
    *,
    layer: str | None = None,
    n_genes: int = 50,
    name: str = "",
) -> Signature:
    """Make a template of each subtype from one layer, and lock it.

    A subtype's template is the ``n_genes`` genes with the largest positive Welch t of the subtype
    against all other patients, each with weight 1, all other genes with weight 0. A gene that could
    serve two subtypes serves the one with the larger t, so templates have no gene in common. All
    genes of all templates, with their mean and standard deviation in the training patients, make
    the signature. Outcome is not looked at. Neither the order of the patients nor that of the genes
    matters, to the last bit.

    Parameters
    ----------
    subtypes : Subtypes
        Labels.
    prepared : Prepared
        Layers; ``PreparedLayer.values`` is used, limited to +-10 where it is z-scores, and with
        the 2.5% lowest and highest values of each gene brought to those of the next.
    layer : str, optional
        Layer to use; by default the first of kind ``expression``. It need not be one of those that
        were fused; patients with both a label and this layer are used.
    n_genes : int
        Genes a template, at least 5.
    name : str
        Name of the signature; by default that of the cohort.

    Returns
    -------
    Signature
        Locked. Its ``trained_on`` holds ``cohort`` and ``study`` (empty where not stated),
        ``layer``, ``n_labelled`` (patients with a subtype), ``n_patients`` (those of them with the
        layer, which were used), ``subtype_sizes`` (of these), and ``patient_digests``: for every
        patient with a subtype, what `patient_digest` makes of the identifier, sorted.

    Raises
    ------
    StudyError
        If there is no such layer, or ``n_genes`` is below 5.
    SignatureError
        If fewer than two subtypes get a template, or preprocessing found nothing usable in the
        layer.

    Warns
    -----
    OmicsfuseWarning
        If a subtype has fewer than 5 patients with the layer, or fewer than 5 genes with a positive
        t: it gets no template, and no patient elsewhere can be assigned to it.

    References
    ----------
    Hoshida 2010, PLoS ONE 5:e15543 (templates of ones and zeros, cosine distance).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.results import Prepared, PreparedLayer, Subtypes
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
    require(subtypes, Subtypes, "subtypes", "what of.cluster returns")
    require(prepared, Prepared, "prepared", "what of.preprocess returns")
    if n_genes < MINIMUM_GENES:
        raise StudyError(f"signature: n_genes is {n_genes}; it must be {MINIMUM_GENES} or more.")
    chosen = _layer(prepared, layer)
    ready = prepared.layers[chosen]
    values, own, genes = labelled(ready, subtypes)
    values = winsorise(values, WINSORISED)

    sizes = {subtype: int(np.sum(own == subtype)) for subtype in subtypes.names}
    kept = [subtype for subtype in subtypes.names if sizes[subtype] >= MINIMUM_PATIENTS]
    kept = [subtype for subtype in kept if len(own) - sizes[subtype] >= MINIMUM_PATIENTS]
    own_genes = _own_genes(values, own, kept, genes, n_genes)
    templated = [subtype for subtype in kept if len(own_genes[subtype]) >= MINIMUM_GENES]
    for subtype in subtypes.names:
        if subtype not in templated:
            found = f"{len(own_genes[subtype])} genes" if subtype in kept else "no genes"
            warnings.warn(
                f"signature: {subtype} gets no template: {sizes[subtype]} of its patients and "
                f"{len(own) - sizes[subtype]} others have layer {chosen} (at least "
                f"{MINIMUM_PATIENTS} each are needed), and {found} are its own (at least "
                f"{MINIMUM_GENES}). No patient elsewhere can be assigned to it.",
                OmicsfuseWarning,
                stacklevel=2,
            )
    if len(templated) < 2:
        raise SignatureError(
            f"signature: {len(templated)} of {len(subtypes.names)} subtypes get a template from "
            f"layer {chosen}, at least 2 are needed. Patients with the layer: "
            f"{', '.join(f'{s} {n}' for s, n in sizes.items())}."
        )
    members = sorted({gene for subtype in templated for gene in own_genes[subtype]})
    index = pd.Index(members, dtype=object, name="gene")
    templates = pd.DataFrame(
        {s: index.isin(own_genes[s]).astype(float) for s in templated}, index=index
    )
    reference = moments(values[:, [genes.index(gene) for gene in members]])
    return lock(
        Signature(
            name=name or prepared.name,
            templates=templates,
            reference=pd.DataFrame({"mean": reference.mean, "sd": reference.sd}, index=index),
            scale=ready.scale,
            trained_on={
                "cohort": prepared.name,
                "study": prepared.study,
                "layer": chosen,
                "n_labelled": len(subtypes.labels),
                "n_patients": len(own),
                "subtype_sizes": sizes,
                "patient_digests": sorted(map(patient_digest, subtypes.labels.index)),
            },
            settings={
                "method": "nearest template: genes with the largest positive Welch t, weight 1",
                "n_genes": n_genes,
                "input_z_limit": INPUT_Z_LIMIT,
                "winsorised_share": WINSORISED,
                "score": "cosine of standardised values with the template",
                "score_z_limit": Z_LIMIT,
                "minimum_share_of_genes": MINIMUM_SHARE,
                "minimum_genes_of_subtype": MINIMUM_GENES,
            },
        )
    )


def signature_losses(
    subtypes: Subtypes, prepared: Prepared, layer: str | None = None
) -> tuple[Loss, ...]:
    """Count the patients that have a subtype but take no part in the signature.

    Parameters
    ----------
    subtypes, prepared, layer
        As for `derive_signature`.

    Returns
    -------
    tuple of Loss
        Patients without the layer; empty where every patient has it.

    Raises
    ------
    StudyError, SignatureError
        As `derive_signature`, if the layer cannot be used at all.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.results import Prepared, PreparedLayer, Subtypes
    >>> table = pd.DataFrame({"A": [1.0]}, ["P1"])
    >>> ready = Prepared("toy", {"rna": PreparedLayer("expression", table, table, "log2", None)})
    >>> (loss,) = signature_losses(Subtypes(pd.Series("S1", ["P1", "P2"]), {}, {}), ready)
    >>> loss.step, loss.count, loss.examples
    ('signature', 1, ('P2',))
    """
    chosen = _layer(prepared, layer)
    return without_layer(subtypes.labels, prepared.layers[chosen], chosen, "signature")


def _layer(prepared: Prepared, layer: str | None) -> str:
    """Choose the layer; one that preprocessing found nothing usable in is the data's fault."""
    try:
        return expression_layer(prepared.layers, layer, "signature")
    except StudyError as error:
        there = {loss.layer for loss in prepared.losses if loss.step == "preprocess"}
        left_out = sorted(there - set(prepared.layers))
        if left_out and (layer is None or layer in left_out):
            raise SignatureError(
                f"{error} Preprocessing found no usable feature in: {', '.join(left_out)}."
            ) from error
        raise


def _own_genes(
    values: Array, own: np.ndarray, kept: list[str], genes: list[str], n_genes: int
) -> dict[str, list[str]]:
    """Genes of each subtype: largest positive t, each gene only where its t is largest."""
    if not kept:
        return {}
    t = np.column_stack(
        [welch_t(moments(values[own == s]), moments(values[own != s]))[0] for s in kept]
    )
    t = np.where(np.isnan(t), -np.inf, t)
    best = t.argmax(axis=1)
    chosen = {}
    for column, subtype in enumerate(kept):
        candidates = np.flatnonzero((best == column) & (t[:, column] > 0))
        ordered = sorted(candidates, key=lambda i: (-t[i, column], genes[i]))
        chosen[subtype] = [genes[i] for i in ordered[:n_genes]]
    return chosen
