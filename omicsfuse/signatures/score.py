"""How much each patient of a cohort resembles a signature, and who is assigned to which subtype."""

import warnings
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.checks.arguments import seed
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError
from omicsfuse.core.results import Signature
from omicsfuse.signatures.identifiers import match_genes, match_summary, rename_genes
from omicsfuse.signatures.scaling import MINIMUM_PATIENTS
from omicsfuse.signatures.scorer import SCALINGS_OF, check_scaling, make_scorer
from omicsfuse.signatures.scorers.base import Scorer
from omicsfuse.signatures.scorers.nearest_template import NearestTemplate
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.moments import moments
from omicsfuse.stats.multiple_testing import benjamini_hochberg

#: Share of a signature's genes that a cohort must have, where the signature does not say.
MINIMUM_SHARE = 0.3
#: Genes of each score that a cohort must have.
MINIMUM_GENES = 5


def score_signature(
    signature: Signature,
    table: pd.DataFrame,
    *,
    scorer: str | None = None,
    scaling: str | None = None,
    aliases: pd.DataFrame | None = None,
    max_fdr: float = FDR,
    minimum_share: float | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """Score patients on a signature, and assign them to its subtypes, or to high and low.

    A signature of several subtypes assigns each patient to one of them:

    - scorer ``"nearest_template"``: the template with the largest cosine, compared with random
      genes (p by 1,000 draws, Benjamini-Hochberg over the patients of the table). A patient with
      ``fdr`` above ``max_fdr`` gets no subtype. Random genes are from the cohort; with
      ``scaling="reference"`` from the signature, so that a patient's p does not depend on the other
      patients.
    - other scorers that scale genes: the largest score. All scores are means or enrichments of
      genes on one scale, 0 for the average patient.
    - scorers without scaling (rank, ssgsea): scores of different genes are not comparable, because
      highly expressed genes rank high in every patient. The score furthest above its locked
      cut-point is assigned. Without locked cut-points, scores are standardised over the patients of
      the table, at least 10, and the assignment depends on them.

    Only nearest templates give no subtype to some patients with scores.

    With scaling by the cohort, the assignment depends on the other patients of the cohort; a cohort
    of one subtype is also split.

    A signature with one score divides patients at its locked cut-point.

    Parameters
    ----------
    signature : Signature
        Weights or templates, scaling reference, cut-points.
    table : pandas.DataFrame
        Patients x all genes of the cohort, on a logarithmic or z-score scale; missing values are
        NaN.
    scorer : {"nearest_template", "weighted_z", "rank", "ssgsea", "gsva"}, optional
        By default the signature's own.
    scaling : {"cohort", "reference", "none"}, optional
        As in `make_scorer`; by default the signature's own, or the default of the scorer if it does
        not support that. ``"cohort"`` is valid across platforms, ``"reference"`` only for values
        measured as in the training cohort.
    aliases : pandas.DataFrame, optional
        Gene names, from `omicsfuse.io.read_gene_table`, for `match_genes`.
    max_fdr : float
        Largest false discovery rate of an assigned nearest template; 1 assigns all patients.
    minimum_share : float, optional
        Smallest share of the signature's genes to be found; by default that of the signature
        (``settings["minimum_share_of_genes"]``), or 0.3. Each score needs 5 genes.
    random_state : int
        Seed of the random genes.

    Returns
    -------
    pandas.DataFrame
        Index patient; columns ``subtype`` (None without assignment, and for a signature of one
        score), one column ``score_<name>`` for each score (NaN without measured genes); for nearest
        templates ``nearest``, ``p`` and ``fdr``; for one score ``high`` (True above the locked
        cut-point, None without one); ``scorer`` and ``scaling`` as used.

    Raises
    ------
    SignatureError
        If too few usable genes are found, the cohort is too small for its own scaling (10
        patients), or scorer and scaling are incompatible.

    Warns
    -----
    OmicsfuseWarning
        If patients cannot be scored, or cannot be assigned without cut-points.

    References
    ----------
    Hoshida 2010, PLoS ONE 5:e15543 (nearest template prediction and its p-value).

    Examples
    --------
    >>> from omicsfuse import score_signature
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.core.results import Signature
    >>> genes = [f"G{i}" for i in range(10)]
    >>> templates = pd.DataFrame({"S1": [1.0] * 5 + [0.0] * 5, "S2": [0.0] * 5 + [1.0] * 5}, genes)
    >>> reference = pd.DataFrame({"mean": 0.0, "sd": 1.0}, genes)
    >>> signature = Signature("toy", templates, reference, "log2", {}, {})
    >>> table = pd.DataFrame([[1.0] * 5 + [0.0] * 5], ["P1"], genes)
    >>> scored = score_signature(signature, table, scaling="reference")
    >>> scored[["subtype", "score_S1", "score_S2"]].round(3).to_dict("index")
    {'P1': {'subtype': 'S1', 'score_S1': 1.0, 'score_S2': 0.0}}
    """
    scorer = signature.scorer if scorer is None else scorer
    if scaling is None:
        known = SCALINGS_OF.get(scorer, (signature.scaling,))
        scaling = signature.scaling if signature.scaling in known else known[0]
    check_scaling(scorer, scaling)
    random_state = seed(random_state, "score_signature: random_state")
    for name, value in (("max_fdr", max_fdr), ("minimum_share", minimum_share)):
        if value is not None and not 0 <= value <= 1:
            raise SignatureError(f"{name} is {value!r}; it must be from 0 to 1.")
    if minimum_share is None:
        minimum_share = float(signature.settings.get("minimum_share_of_genes", MINIMUM_SHARE))

    matches = match_genes(signature.templates.index, table.columns, aliases=aliases)
    named = rename_genes(table, matches)
    engine = make_scorer(scorer, named, scaling=scaling, signature=signature)
    genes = _usable(signature, named, engine)
    _require_genes(signature, table, genes, match_summary(matches), minimum_share)
    members = engine.genes.get_indexer(pd.Index(genes))
    weights = signature.templates.loc[genes].to_numpy(dtype=float)
    names = [str(name) for name in signature.templates.columns]
    scores = engine.score(members, weights)
    _warn_unscored(signature, engine.patients, scores)

    result = pd.DataFrame({f"score_{name}": scores[:, j] for j, name in enumerate(names)})
    result.index = engine.patients
    cuts = _cut_points(signature, names, scorer, scaling)
    subtype: list[object] = [None] * len(result)
    if len(names) == 1:
        result["high"] = pd.Series(_high(scores[:, 0], cuts[0]), result.index, dtype=object)
    elif isinstance(engine, NearestTemplate):
        # With a reference, genes outside the signature are scaled by the cohort, or not there.
        pool = members if scaling == "reference" else None
        p = engine.resampled_p(members, weights, pool=pool, random_state=random_state)
        nearest = _largest(scores, names)
        result["nearest"] = pd.Series(nearest, index=result.index, dtype=object)
        result["p"] = p
        result["fdr"] = fdr = benjamini_hochberg(p)
        sure = np.nan_to_num(fdr, nan=np.inf) <= max_fdr
        subtype = [name if ok else None for name, ok in zip(nearest, sure, strict=True)]
    else:
        subtype = _largest(_comparable(signature, scores, cuts, scorer, scaling), names)
    result.insert(0, "subtype", pd.Series(subtype, index=result.index, dtype=object))
    return result.assign(scorer=scorer, scaling=scaling)


def gene_coverage(signature: Signature, genes: Iterable[str]) -> pd.DataFrame:
    """Count the genes of each template that a cohort has.

    Gives index subtype; columns ``wanted`` and ``found``.
    """
    available = signature.templates.index.isin(list(genes))
    used = signature.templates.to_numpy() != 0
    return pd.DataFrame(
        {"wanted": used.sum(axis=0), "found": used[available].sum(axis=0)},
        index=pd.Index(signature.templates.columns, name="subtype"),
    )


def _usable(signature: Signature, table: pd.DataFrame, engine: Scorer) -> list[str]:
    """Genes of the signature that can be scored, in its order."""
    genes = [str(gene) for gene in signature.templates.index if gene in engine.genes]
    observed = table[genes].notna().any()
    return [gene for gene in genes if observed[gene]]


def _require_genes(
    signature: Signature, table: pd.DataFrame, usable: list[str], summary: str, share: float
) -> None:
    """Refuse to score on too few genes, saying how many there are and how many it takes."""
    wanted = len(signature.templates)
    coverage = gene_coverage(signature, usable)
    short = coverage[coverage["found"] < np.minimum(MINIMUM_GENES, coverage["wanted"])]
    if len(usable) >= share * wanted and short.empty:
        return
    each = ", ".join(f"{s} {row.found} of {row.wanted}" for s, row in coverage.iterrows())
    raise SignatureError(
        f"signature {signature.name!r}: {len(usable)} of its {wanted} genes are found with "
        f"varying values ({each}); at least {share:.0%} of all and {MINIMUM_GENES} of each "
        f"subtype are needed. By name, {summary}. The cohort has {table.shape[1]} genes, for "
        f"example {', '.join(map(str, table.columns[:3]))}; the signature has, for example, "
        f"{', '.join(map(str, signature.templates.index[:3]))}. Check the kind of gene names; "
        "with a table of gene names (aliases=), genes are found under other names."
    )


def _warn_unscored(signature: Signature, patients: pd.Index, scores: Array) -> None:
    """Name the patients who cannot be scored."""
    unscored = [str(patient) for patient in patients[_lacking(scores)]]
    if unscored:
        warnings.warn(
            f"signature {signature.name!r}: {len(unscored)} patients have only missing or "
            "average values in the genes of a score and get no subtype: "
            f"{', '.join(unscored[:5])}.",
            OmicsfuseWarning,
            stacklevel=3,
        )


def _cut_points(signature: Signature, names: list[str], scorer: str, scaling: str) -> Array:
    """Locked cut-point of each score, for this scorer and scaling; NaN where there is none."""
    locked = signature.cut_points
    locked = locked[(locked["scorer"] == scorer) & (locked["scaling"] == scaling)]
    cuts = dict(zip(locked["score"].astype(str), locked["cut_point"], strict=True))
    return np.array([float(cuts.get(name, np.nan)) for name in names])


def _high(scores: Array, cut: float) -> list[object]:
    """Whether each score is above the cut-point; None where either is missing."""
    return [None if np.isnan(x) or np.isnan(cut) else bool(x > cut) for x in scores]


def _lacking(scores: Array) -> npt.NDArray[np.bool_]:
    return np.asarray(np.isnan(scores).any(axis=1), dtype=bool)


def _largest(scores: Array, names: list[str]) -> list[object]:
    """Name of the largest score of each patient, the first of equal ones; None where one lacks."""
    missing = _lacking(scores)
    best = np.where(missing[:, None], 0.0, scores).argmax(axis=1)
    return [None if bad else names[k] for bad, k in zip(missing, best, strict=True)]


def _comparable(
    signature: Signature, scores: Array, cuts: Array, scorer: str, scaling: str
) -> Array:
    """Bring scores of different genes to where the largest can be told."""
    if scaling != "none":
        return scores
    if not np.isnan(cuts).any():
        return scores - cuts
    if len(scores) < MINIMUM_PATIENTS:
        warnings.warn(
            f"signature {signature.name!r}: no patient is assigned a subtype: no cut-points "
            f"are locked for scorer {scorer!r}, and {len(scores)} patients are too few to "
            f"compare its scores without cut-points (at least {MINIMUM_PATIENTS}).",
            OmicsfuseWarning,
            stacklevel=3,
        )
        return np.full_like(scores, np.nan)
    scale = moments(scores)
    with np.errstate(invalid="ignore", divide="ignore"):
        standard: Array = (scores - scale.mean) / scale.sd
    return standard
