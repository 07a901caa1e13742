"""How much each patient of a cohort resembles each template of a signature."""

import warnings
from collections.abc import Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.errors import OmicsfuseWarning, SignatureError
from omicsfuse.results import Signature
from omicsfuse.statistics import Array, moments, varies, winsorise

#: Share of patients at either end whose values are set to those of the next one inside.
WINSORISED = 0.025
#: Standardised values beyond this are set to it, so that no gene decides a patient alone.
Z_LIMIT = 4.0
#: Share of a signature's genes that a cohort must have, and genes of each subtype.
MINIMUM_SHARE = 0.3
MINIMUM_GENES = 5
#: Fewest patients whose own mean and spread can stand for a cohort.
MINIMUM_PATIENTS = 10


def score_signature(
    signature: Signature,
    table: pd.DataFrame,
    *,
    scaling: Literal["cohort", "reference"] = "cohort",
) -> pd.DataFrame:
    """Score patients against each template, and assign each to the nearest.

    Each gene is standardised, then the score of patient i for subtype s is the cosine of the
    patient's values z and the template w over the genes found::

        score(i, s) = sum_g z(i, g) w(g, s) / (||z(i)|| ||w(s)||)

    from -1 to 1; the subtype with the largest score is assigned. Every patient is assigned, also
    one who resembles no template: look at the scores. With ``scaling="cohort"`` the assignment
    also depends on who else is in the cohort; a cohort of one subtype only is split all the same.

    Parameters
    ----------
    signature : Signature
        Templates and scaling reference.
    table : pandas.DataFrame
        Patients x genes, on a logarithmic or z-score scale; missing values are NaN and left out
        for the patient concerned.
    scaling : {"cohort", "reference"}
        ``"cohort"``: mean and standard deviation of this cohort, after its 2.5% lowest and highest
        values of each gene are brought to those of the next; right across platforms.
        ``"reference"``: those of the training cohort; only for values made the very same way.

    Returns
    -------
    pandas.DataFrame
        Index patient; column ``subtype`` (None where no gene was observed) and one column
        ``score_<subtype>`` for each template.

    Raises
    ------
    SignatureError
        If fewer than 30% of the genes, or fewer than 5 of a subtype, are found with values that
        vary; if the cohort is too small for its own scaling (10 patients); or the scaling unknown.

    References
    ----------
    Hoshida 2010, PLoS ONE 5:e15543 (nearest template prediction).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.results import Signature
    >>> genes = [f"G{i}" for i in range(10)]
    >>> templates = pd.DataFrame({"S1": [1.0] * 5 + [0.0] * 5, "S2": [0.0] * 5 + [1.0] * 5}, genes)
    >>> reference = pd.DataFrame({"mean": 0.0, "sd": 1.0}, genes)
    >>> signature = Signature("toy", templates, reference, "log2", {}, {})
    >>> table = pd.DataFrame([[1.0] * 5 + [0.0] * 5], ["P1"], genes)
    >>> score_signature(signature, table, scaling="reference").round(3).to_dict("index")
    {'P1': {'subtype': 'S1', 'score_S1': 1.0, 'score_S2': 0.0}}
    """
    z = standardise(signature, table, scaling=scaling)
    _require_genes(signature, table, z.columns)
    subtypes = [str(subtype) for subtype in signature.templates.columns]
    scores = template_scores(z.to_numpy(), signature.templates.loc[z.columns].to_numpy(float))
    unscored: npt.NDArray[np.bool_] = np.asarray(np.isnan(scores).any(axis=1))
    if unscored.any():
        patients = [str(patient) for patient in z.index[unscored]]
        warnings.warn(
            f"signature {signature.name!r}: {len(patients)} patients have no value that differs "
            f"from the mean in any gene and get no subtype: {', '.join(patients[:5])}.",
            OmicsfuseWarning,
            stacklevel=2,
        )
    best = np.where(unscored[:, None], 0.0, scores).argmax(axis=1)
    assigned: list[str | None] = [
        None if bad else subtypes[k] for bad, k in zip(unscored, best, strict=True)
    ]
    columns = {f"score_{subtype}": scores[:, j] for j, subtype in enumerate(subtypes)}
    return pd.DataFrame(
        {"subtype": pd.Series(assigned, index=z.index, dtype=object), **columns}, index=z.index
    )


def standardise(
    signature: Signature | None,
    table: pd.DataFrame,
    *,
    scaling: Literal["cohort", "reference"] = "cohort",
) -> pd.DataFrame:
    """Standardise genes robustly, so that no gene and no patient can outweigh the others.

    Genes that do not vary, or (with the cohort's own scaling) that fewer than half of the patients
    have, are left out. A missing value becomes 0, the mean, and so adds nothing to a score.

    Parameters
    ----------
    signature : Signature or None
        Whose genes are taken, in its order; None takes all genes of the table.
    table : pandas.DataFrame
        Patients x genes.
    scaling : {"cohort", "reference"}
        As in ``score_signature``.

    Returns
    -------
    pandas.DataFrame
        Patients x usable genes, within +-4; 0 (the mean) where a value is missing.

    Raises
    ------
    SignatureError
        If the cohort has fewer than 10 patients for its own scaling, the scaling is unknown, or
        there is no signature to take a reference from.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"A": [*range(10)], "constant": 1.0}, [f"P{i}" for i in range(10)])
    >>> standardise(None, table).round(2).iloc[:3].to_dict("list")
    {'A': [-1.45, -1.18, -0.85]}
    """
    if scaling not in ("cohort", "reference"):
        raise SignatureError(f"scaling is {scaling!r}; it must be 'cohort' or 'reference'.")
    if scaling == "cohort" and len(table) < MINIMUM_PATIENTS:
        raise SignatureError(
            f"{len(table)} patients are too few to scale genes by their own mean and spread (at "
            f"least {MINIMUM_PATIENTS}); use scaling='reference' if the values were made as those "
            "of the training cohort."
        )
    if signature is not None:
        table = table[[gene for gene in signature.templates.index if gene in table.columns]]
    values = table.to_numpy(dtype=float)
    if scaling == "cohort":
        values = winsorise(values, WINSORISED)
        found = moments(values)
        mean, sd = found.mean, found.sd
    elif signature is None:
        raise SignatureError("scaling='reference' needs a signature to take the reference from.")
    else:
        reference = signature.reference.loc[table.columns]
        mean, sd = reference["mean"].to_numpy(float), reference["sd"].to_numpy(float)
    usable = varies(mean, sd)
    present = (~np.isnan(values)).mean(axis=0) if len(values) else np.zeros(values.shape[1])
    usable &= present >= 0.5 if scaling == "cohort" else present > 0
    z = np.clip((values[:, usable] - mean[usable]) / sd[usable], -Z_LIMIT, Z_LIMIT)
    return pd.DataFrame(np.nan_to_num(z), index=table.index, columns=table.columns[usable])


def template_scores(z: Array, weights: Array) -> Array:
    """Cosine of each patient with each template.

    Parameters
    ----------
    z : ndarray of float, shape (n, m)
        Standardised values, patients x genes.
    weights : ndarray of float, shape (m, k)
        Templates, genes x subtypes.

    Returns
    -------
    ndarray of float, shape (n, k)
        NaN for a patient whose values are all 0.

    Examples
    --------
    >>> import numpy as np
    >>> template_scores(np.array([[3.0, 4.0]]), np.eye(2)).tolist()
    [[0.6, 0.8]]
    """
    # Without BLAS, and in one layout: a patient's score has the same bits for any number of
    # threads and whatever rows stand beside it.
    z = np.ascontiguousarray(z, dtype=float)
    weights = np.ascontiguousarray(weights.T, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        lengths = np.sqrt((z**2).sum(axis=1))[:, None] * np.sqrt((weights**2).sum(axis=1))
        scores: Array = np.einsum("ig,kg->ik", z, weights) / lengths
    return scores


def weighted_scores(z: Array, weights: Array) -> Array:
    """Weighted mean of standardised values: sum_g w(g) z(g) / sum_g |w(g)|.

    Parameters
    ----------
    z : ndarray of float, shape (n, m)
        Standardised values, patients x genes.
    weights : ndarray of float, shape (m, k)
        Weights, genes x scores.

    Returns
    -------
    ndarray of float, shape (n, k)
        NaN for a score without any weight.

    Examples
    --------
    >>> import numpy as np
    >>> weighted_scores(np.array([[3.0, 4.0]]), np.array([[1.0], [-1.0]])).tolist()
    [[-0.5]]
    """
    z = np.ascontiguousarray(z, dtype=float)
    weights = np.ascontiguousarray(weights.T, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores: Array = np.einsum("ig,kg->ik", z, weights) / np.abs(weights).sum(axis=1)
    return scores


def gene_coverage(signature: Signature, genes: Iterable[str]) -> pd.DataFrame:
    """Count the genes of each template that a cohort has.

    Parameters
    ----------
    signature : Signature
        Templates.
    genes : iterable of str
        Genes of the cohort.

    Returns
    -------
    pandas.DataFrame
        Index subtype; columns ``wanted`` and ``found``.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.results import Signature
    >>> templates = pd.DataFrame({"S1": [1.0, 0.0], "S2": [0.0, 1.0]}, ["A", "B"])
    >>> signature = Signature("toy", templates, pd.DataFrame(), "log2", {}, {})
    >>> gene_coverage(signature, ["A"]).to_dict("list")
    {'wanted': [1, 1], 'found': [1, 0]}
    """
    available = signature.templates.index.isin(list(genes))
    used = signature.templates.to_numpy() != 0
    return pd.DataFrame(
        {"wanted": used.sum(axis=0), "found": used[available].sum(axis=0)},
        index=pd.Index(signature.templates.columns, name="subtype"),
    )


def _require_genes(signature: Signature, table: pd.DataFrame, usable: pd.Index) -> None:
    """Refuse to score on too few genes, saying how many there are and how many it takes."""
    wanted = len(signature.templates)
    coverage = gene_coverage(signature, usable)
    short = coverage[coverage["found"] < np.minimum(MINIMUM_GENES, coverage["wanted"])]
    if len(usable) >= MINIMUM_SHARE * wanted and short.empty:
        return
    each = ", ".join(f"{s} {row.found} of {row.wanted}" for s, row in coverage.iterrows())
    raise SignatureError(
        f"signature {signature.name!r}: {len(usable)} of its {wanted} genes are found with values "
        f"that vary ({each}); at least {MINIMUM_SHARE:.0%} of all and {MINIMUM_GENES} of each "
        f"subtype are needed. The cohort has {table.shape[1]} genes, for example "
        f"{', '.join(map(str, table.columns[:3]))}; the signature has, for example, "
        f"{', '.join(map(str, signature.templates.index[:3]))}. Check the kind of gene names."
    )
