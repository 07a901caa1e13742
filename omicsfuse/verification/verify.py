"""A locked signature in other cohorts: what its scores and subtypes show there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require, seed, sequence_of, whole_number
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import (
    SCALINGS,
    SCORERS,
    VERIFICATION_COLUMNS,
    VERIFICATION_FACTS,
    Signature,
    SurvivalComparison,
    Verification,
)
from omicsfuse.signatures.lock import require_locked
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.tasks import Runner
from omicsfuse.verification.endpoint import EndpointTests
from omicsfuse.verification.meta import across_cohorts
from omicsfuse.verification.null import null_scores
from omicsfuse.verification.proportions import PROPORTION_COLUMNS, proportions
from omicsfuse.verification.random_sets import MATCHED
from omicsfuse.verification.scored import How, join_notes, score_cohort

_NULL_COLUMNS = ["cohort", "endpoint", "signature", "score", "kind", "z"]
_GENE_COLUMNS = ["cohort", "signature", "gene", "found_as", "how"]


def verify(
    signature: Signature,
    cohorts: Cohort | Sequence[Cohort],
    *,
    negative_controls: Cohort | str | Sequence[Cohort | str] = (),
    endpoints: Sequence[str] | None = None,
    layer: str | None = None,
    scorer: str | None = None,
    scaling: str | None = None,
    aliases: pd.DataFrame | None = None,
    adjust: bool = True,
    matched: Literal["none", "mean_variance", "mean_variance_proliferation"] = "mean_variance",
    proliferation_genes: Sequence[str] | None = None,
    shuffled: Sequence[Signature] = (),
    n_random: int = 1000,
    n_permutations: int | Literal["adaptive"] = "adaptive",
    random_state: int = 0,
) -> Verification:
    """Apply a locked signature to other cohorts, and test it there.

    The signature is not re-fitted, and no cut-point is searched. Only preprocessing is fitted to
    each cohort, without its outcomes: the usable genes and, unless genes are scaled by the training
    cohort or ranked, the mean and standard deviation of each gene. Training patients, recognised by
    digests of their identifiers, are excluded.

    Each endpoint and score has a Cox model per standard deviation, alone and adjusted for the
    cohort's covariates within its strata, and a comparison of patients above a locked cut-point
    with the others. Signatures of groups also have a Cox model of each assigned subtype against the
    rest, and a log-rank test over all assigned subtypes. In some cancers almost any large gene set
    is associated with outcome. Each score is therefore compared with random sets of the cohort's
    own genes, of the same size and weights and of similar mean and variance, scored and tested in
    the same way (see `matched_sets`).

    Parameters
    ----------
    signature : Signature
        Locked.
    cohorts : Cohort or sequence of Cohort
        Each with an expression layer; survival is optional.
    negative_controls : Cohort, str or sequence of them
        Cohorts without an expected association, such as another disease: cohorts, or names of some
        of ``cohorts``.
    endpoints : sequence of str, optional
        Endpoints to test; by default all of each cohort.
    layer : str, optional
        Layer to use in every cohort; by default the layer named as in training, or the only layer
        of kind expression.
    scorer, scaling : str, optional
        One of ``SCORERS`` and of ``SCALINGS``; by default those of the signature.
    aliases : pandas.DataFrame, optional
        Gene names, from `omicsfuse.io.read_gene_table`, as for `score_signature`.
    adjust : bool
        Whether to adjust for the covariates and strata of each cohort.
    matched : {"mean_variance", "none", "mean_variance_proliferation"}
        Properties by which random genes match those of the signature.
    proliferation_genes : sequence of str, optional
        Genes of the proliferation score; by default ``PROLIFERATION_GENES``.
    shuffled : sequence of Signature
        Locked signatures derived in the same way from shuffled targets: the null distribution of
        the method.
    n_random : int
        Number of random gene sets; 0 for none.
    n_permutations : int or "adaptive"
        Permutations of the log-rank test.
    random_state : int
        Seed of both; a cohort's result does not depend on the other cohorts.

    Returns
    -------
    Verification
        ``table`` has one row a cohort, endpoint and comparison, with the columns

        - ``cohort``, ``endpoint``, ``signature``; ``role``: ``"external"``,
          ``"internal-external"`` (of the study of the training cohort, by what both say or by
          their names) or ``"negative control"``;
        - ``comparison``: ``"S1 score per SD"`` (of the patients tested), ``"S1 score per SD,
          adjusted"``, ``"S1 score above cut-point"``, ``"assigned S1 vs rest"`` (of two subtypes,
          only the first) or ``"assigned subtypes"``;
        - ``n`` patients and ``events``; ``genes_found`` of ``genes_total``; ``scorer`` and
          ``scaling``; ``cut_point``, which was locked; ``adjusted_for``: covariates and strata;
        - ``hr``, ``hr_ci_low``, ``hr_ci_high`` of the Cox models; ``chi2`` of log-rank tests;
        - ``test``: what ``p`` is of: ``"Wald"`` for scores and subtypes against the rest,
          ``"log-rank, permutation"`` for cut-points and assigned subtypes, or, without
          permutations, ``"log-rank, asymptotic"``. A permutation p stands beside the same
          ``chi2``, but is not taken from the chi-squared distribution;
        - ``p``: none with fewer than 10 events, or 5 a term, and a note; ``fdr``:
          Benjamini-Hochberg. Its family is all rows of the table that are not of negative
          controls; negative controls are a family of their own;
        - ``p_one_sided``: of scores, against the alternative that the log hazard ratio has the
          sign it had in the discovery cohort (``signature.discovery``); without that, empty and a
          note;
        - ``concordance``, ``concordance_ci_low``, ``concordance_ci_high``: Harrell's index of the
          score, higher scores for shorter survival; not with late entry;
        - ``random_null_percentile``: percentage of random sets whose score-test ``|z|`` is
          smaller; ``random_null_p``: ``(1 + random sets with |z| at least as large) / (1 + random
          sets)``; ``permuted_null_percentile`` and ``permuted_null_p``: the same of shuffled
          signatures;
        - ``same_study``: whether the cohort comes from the study of the training cohort: ``"yes"``
          or ``"no"`` where both name their study, ``"by name"`` where the names of the cohorts
          suggest it, else empty;
        - ``note``: remarks, and the reason for no p.

        A cohort without the genes or an endpoint, or with fewer than 10 patients outside the
        training cohort, has a row with a note. ``survival`` has the assigned subtypes or, for a
        signature of one score, patients above the locked cut-point (``"high"``) and the others
        (``"low"``). ``meta`` is the result of `across_cohorts`. ``exclusions`` counts, by cohort,
        training patients, patients without a value, limited values, genes of the signature that are
        missing or unusable (often missing, or almost constant), and features unusable for random
        sets.

    Raises
    ------
    SignatureError
        If the signature, or a shuffled one, is not locked or was altered.
    StudyError
        If no cohort is given, two have the same name, a negative control or a setting is unknown,
        or no layer can be chosen.

    Warns
    -----
    OmicsfuseWarning
        If a cohort cannot be scored, or shares patients with the training cohort.

    References
    ----------
    Venet, Dumont and Detours 2011, PLoS Comput Biol 7:e1002240 (random signatures); Hoshida 2010,
    PLoS ONE 5:e15543 (nearest templates); Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39
    (p-values of random sets).

    Examples
    --------
    >>> from omicsfuse import verify
    >>> from omicsfuse.datasets import simulate_cohort
    >>> from omicsfuse.preprocessing import preprocess
    >>> from omicsfuse.core.results import Subtypes
    >>> from omicsfuse.signatures import derive_signature
    >>> simulated = simulate_cohort(60, n_external=60, n_genes=200, effect=2, random_state=1)
    >>> ready = preprocess(simulated.discovery, ["expression"])
    >>> labels = "S" + simulated.truth.loc[ready.layers["expression"].scaled.index].astype(str)
    >>> signature = derive_signature(Subtypes(labels, {}, {}), ready, n_genes=15)
    >>> found = verify(signature, [simulated.external], n_random=50, n_permutations=99)
    >>> found.table["comparison"].tolist()[-1], int(found.table["genes_found"].iloc[0])
    ('assigned subtypes', 45)
    """
    require(signature, Signature, "signature", "from of.derive_signature")
    require_locked(signature)
    cohorts, controls = _check(cohorts, negative_controls)
    asked = None if endpoints is None else sequence_of(endpoints, str, "verify: endpoints")
    others = sequence_of(shuffled, Signature, "verify: shuffled", "locked signatures")
    for other in others:
        require_locked(other)
    for name, value, known in (
        ("scorer", scorer, SCORERS),
        ("scaling", scaling, SCALINGS),
        ("matched", matched, MATCHED),
    ):
        if value is not None and value not in known:
            raise StudyError(f"verify: {name} is {value!r}; it must be one of {', '.join(known)}.")
    n_random = whole_number(n_random, "verify: n_random", 0)
    if n_permutations != "adaptive":
        n_permutations = whole_number(n_permutations, "verify: n_permutations", 0)
    random_state = seed(random_state, "verify: random_state")
    how = How(layer, scorer, scaling, aliases)

    rows: list[dict[str, object]] = []
    assignments: dict[str, pd.DataFrame] = {}
    survival: dict[str, SurvivalComparison] = {}
    exclusions: list[Exclusion] = []
    null_rows: list[dict[str, object]] = []
    genes: list[pd.DataFrame] = []
    shares: list[pd.DataFrame] = []
    for whole in cohorts:
        control = whole.name in controls
        common, scored, gene_matches, lost = score_cohort(
            signature, whole, how, control=control, drawn=n_random > 0
        )
        exclusions += lost
        genes.append(gene_matches)
        if scored is None:
            rows.append(common)
            continue
        cohort = scored.cohort
        assignments[cohort.name] = scored.assigned
        shares.append(proportions(signature, scored))
        wanted = list(cohort.endpoints) if asked is None else asked
        if not wanted:
            rows.append(common | {"note": join_notes(scored.note, "no endpoint")})
        there = [name for name in wanted if name in cohort.endpoints]
        null = None
        if there and cohort.clinical is not None:
            null = null_scores(
                signature,
                scored,
                others,
                n_random=n_random,
                matched=matched,
                proliferation_genes=proliferation_genes,
                random_state=random_state,
            )
        for endpoint in wanted:
            key = {**common, "endpoint": endpoint}
            if endpoint not in there or cohort.clinical is None:
                listed = ", ".join(cohort.endpoints) or "none"
                note = join_notes(scored.note, f"no such endpoint; endpoints: {listed}")
                rows.append(key | {"note": note})
                continue
            tested = EndpointTests(
                endpoint, signature, scored, null, adjust, n_permutations, random_state
            ).run()
            rows += [key | row for row in tested.rows]
            place = {"cohort": cohort.name, "endpoint": endpoint, "signature": signature.name}
            null_rows += [place | row for row in tested.null]
            if tested.survival is not None:
                survival[f"{cohort.name}: {endpoint}"] = tested.survival
                exclusions += [replace(x, layer=cohort.name) for x in tested.survival.exclusions]
    table = _table(rows)
    return Verification(
        table,
        assignments,
        survival,
        tuple(dict.fromkeys(exclusions)),
        meta=across_cohorts(table),
        null=pd.DataFrame(null_rows, columns=_NULL_COLUMNS),
        proportions=_stacked(shares, PROPORTION_COLUMNS),
        genes=_stacked(genes, _GENE_COLUMNS),
    )


def verify_each(
    signatures: Sequence[Mapping[str, Any]],
    cohorts: Sequence[Cohort],
    *,
    n_jobs: int = 1,
    **common: Any,
) -> list[Verification]:
    """Apply several signatures to the same cohorts, each in a task of its own.

    ``signatures``: of each, the arguments of `verify` that are its own; ``common``: the others.
    """
    shared = (list(cohorts), common)
    return Runner(n_jobs).map(_verified, signatures, *shared, label="signatures")


def _verified(
    cohorts: list[Cohort], common: Mapping[str, Any], asked: Mapping[str, Any]
) -> Verification:
    return verify(cohorts=cohorts, **common, **asked)


def _check(
    cohorts: Cohort | Sequence[Cohort],
    negative_controls: Cohort | str | Sequence[Cohort | str],
) -> tuple[list[Cohort], set[str]]:
    """All cohorts, and the names of those that are negative controls."""
    listed = sequence_of(cohorts, Cohort, "verify: cohorts", "from of.read_cohort")
    if isinstance(negative_controls, str | Cohort):
        negative_controls = [negative_controls]
    named = [control for control in negative_controls if isinstance(control, str)]
    unknown = [name for name in named if name not in {cohort.name for cohort in listed}]
    if unknown:
        raise StudyError(
            f"verify: negative control {unknown[0]!r} is not among the cohorts "
            f"({', '.join(cohort.name for cohort in listed) or 'there are none'}); name one "
            "of them, or give the cohort object."
        )
    added = sequence_of(
        [control for control in negative_controls if not isinstance(control, str)],
        Cohort,
        "verify: negative_controls",
        "cohorts, or names of some of the cohorts",
    )
    # A control that stands in both lists is one cohort.
    added_names = {cohort.name for cohort in added}
    listed = [cohort for cohort in listed if not any(cohort is other for other in added)]
    everything = [*listed, *added]
    names = [cohort.name for cohort in everything]
    if not names:
        raise StudyError("verify: no cohort was given; name at least one.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(f"verify: more than one cohort is named {', '.join(twice)}; rename them.")
    return everything, {*named, *added_names}


def _stacked(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)


def _table(rows: list[dict[str, object]]) -> pd.DataFrame:
    """One table of all rows, with a false discovery rate for each of the two families."""
    text = {"cohort", "endpoint", "comparison", "test", "same_study", "note"}
    text |= {"signature", "role", "scorer", "scaling", "adjusted_for", *VERIFICATION_FACTS}
    columns = [*VERIFICATION_COLUMNS, *VERIFICATION_FACTS]
    # Events stay missing where nothing was counted: 0 would say that nobody had the event.
    whole = {"n", "genes_found", "genes_total"}
    table = pd.DataFrame(
        {
            c: [row.get(c, "" if c in text else 0 if c in whole else np.nan) for row in rows]
            for c in columns
        }
    )
    table = table.astype(
        {c: object if c in text else "int64" if c in whole else "float64" for c in columns}
    )
    p, fdr = table["p"].to_numpy(), np.full(len(table), np.nan)
    control = (table["role"] == "negative control").to_numpy()
    for family in (control, ~control):
        fdr[family] = benjamini_hochberg(p[family])
    return table.assign(fdr=fdr)
