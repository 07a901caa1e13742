"""Interpreting an imaging model: everything known of the patients against its score or class."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.biology.gene_sets import GeneSets, read_gene_sets
from omicsfuse.core.checks.arguments import require, seed, whole_number
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import MINIMUM_PATIENTS, Cohort
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.kinds import SCALES, analysis_of, kind_of
from omicsfuse.core.labelled import expression_layer, require_labelled
from omicsfuse.core.results import ImmuneContext, Interpretation, Prepared, PreparedLayer, Subtypes
from omicsfuse.imaging.interpretation.adjusted import ADJUST_FOR, Covariates, covariates
from omicsfuse.imaging.interpretation.associations import (
    CARRIERS,
    MINIMUM_CARRIERS,
    compare_features,
    method_of,
)
from omicsfuse.imaging.interpretation.contrasts import Contrast, contrasts
from omicsfuse.imaging.interpretation.families import families_of, family_table
from omicsfuse.imaging.interpretation.groupings import (
    clinical_variables,
    compare_clinical,
    compare_groups,
)
from omicsfuse.imaging.interpretation.ranked_sets import (
    ENRICHMENT_COLUMNS,
    ENRICHMENT_FACTS,
    empty_enrichment,
    enrich_contrast,
)
from omicsfuse.imaging.interpretation.resampled import (
    among_strongest,
    ranking_stability,
    resampled_statistics,
)
from omicsfuse.imaging.interpretation.scores_file import CLASS, match_scores
from omicsfuse.imaging.interpretation.sources import (
    chosen_layers,
    first_of_genes,
    immune_tables,
    known_patients,
    ordered_values,
)
from omicsfuse.stats.correlations import rank_correlations
from omicsfuse.stats.multiple_testing import benjamini_hochberg

#: Columns of ``Interpretation.stability``.
STABILITY_COLUMNS = [
    *("layer", "n_resamples", "rank_correlation", "low", "high", "contrast"),
    *("split_half", "split_half_low", "split_half_high"),
]


def interpret(
    scores: pd.Series,
    cohort: Cohort,
    prepared: Prepared,
    *,
    subtypes: Subtypes | None = None,
    gene_sets: GeneSets | None = None,
    immune: ImmuneContext | pd.DataFrame | None = None,
    adjust_for: Sequence[str] = ADJUST_FOR,
    layers: Sequence[str] | None = None,
    gene_layer: str | None = None,
    min_size: int = 10,
    max_size: int = 500,
    n_permutations: int = 1000,
    n_resamples: int = 100,
    random_state: int = 0,
    n_jobs: int = 1,
) -> Interpretation:
    """Find biological associations of the score or class that an imaging model gives each patient.

    Every feature of every layer, immune scores, subtypes and clinical columns are compared with the
    score, with and without adjustment for covariates. Gene sets are tested on the ranking of genes,
    and rankings are compared with those of resampled patients. The tests are those of
    ``associations.compare_features`` and ``groupings.compare_groups``. Linear models use normal
    scores of the score's ranks, so its scale has no influence.

    Parameters
    ----------
    scores : pandas.Series
        Patient -> number, or class as text; at least 10 patients of the cohort. A score with two
        different numbers is two classes.
    cohort : Cohort
        Clinical table and radiomics layers, for covariates.
    prepared : Prepared
        Layers; ``PreparedLayer.values`` is compared.
    subtypes : Subtypes, optional
        Subtypes to compare the score between.
    gene_sets : str, Path, mapping, or list of these, optional
        Gene sets for the ranking of genes.
    immune : ImmuneContext or pandas.DataFrame, optional
        Immune scores: patients x ``"<collection>: <cell type>"``.
    adjust_for : sequence of str
        Covariates, see ``adjusted.covariates``; ``()`` for none.
    layers : sequence of str, optional
        Layers to compare; by default all prepared layers.
    gene_layer : str, optional
        Layer whose genes are ranked; by default the first of kind expression.
    min_size, max_size : int
        Smallest and largest number of a set's genes in that layer.
    n_permutations : int
        Permutations of the patients for gene sets; 0 for none.
    n_resamples : int
        Subsamples of 80% of the patients, and divisions into halves; 0 for none.
    random_state : int
        Seed.
    n_jobs : int
        Processes; the result does not depend on them.

    Returns
    -------
    Interpretation
        ``associations`` has one row for each feature and contrast, with its documented columns,
        ``adjusted_n`` and ``contrast`` (``"score"``, ``"high vs low"``, or each class ``vs rest``).
        ``fdr`` is Benjamini-Hochberg over a family: all features and contrasts of one layer (immune
        scores: of one collection). ``vanishes``: FDR at most 0.05, and adjusted FDR above 0.05.
        ``enrichment`` has ``p_patients`` and ``fdr_patients``, from permuted patients, beside p of
        random genes.

    Raises
    ------
    CohortError
        If too few patients have a score, or it is constant; see ``match_scores``.
    StudyError
        If an argument is at fault.

    Warns
    -----
    OmicsfuseWarning
        If gene sets are given without a ranking of genes, or no covariate is available.

    References
    ----------
    Smyth 2004, Stat Appl Genet Mol Biol 3:3; Subramanian et al. 2005, PNAS 102:15545-15550;
    Benjamini and Hochberg 1995, J R Stat Soc B 57:289-300.

    Examples
    --------
    >>> import omicsfuse as of
    >>> from omicsfuse.imaging.interpretation import interpret
    >>> cohort = of.simulate_cohort(40, n_external=0, random_state=1).discovery
    >>> ready = of.preprocess(cohort, ["expression"])
    >>> gene = ready.layers["expression"].values.iloc[:, 0]
    >>> found = interpret(gene, cohort, ready, n_resamples=5, random_state=0)
    >>> found.kind, found.associations.loc[0, "feature"] == gene.name
    ('score', True)
    """
    require(cohort, Cohort, "cohort", "from of.read_cohort")
    require(prepared, Prepared, "prepared", "from of.preprocess")
    if subtypes is not None:
        require_labelled(subtypes, cohort, Cohort)
    n_permutations = whole_number(n_permutations, "n_permutations", 0)
    n_resamples = whole_number(n_resamples, "n_resamples", 0)
    n_jobs = whole_number(n_jobs, "n_jobs")
    random_state = seed(random_state)
    name = str(getattr(scores, "name", None) or "score")
    chosen = chosen_layers(prepared, layers)
    matched = match_scores(scores, known_patients(cohort, prepared), name)
    values, kind = matched.scores, matched.kind
    given = covariates(cohort, values.index, adjust_for)
    compared = contrasts(values, kind)
    classes = values if kind == CLASS else None

    parts: list[pd.DataFrame] = []
    notes: dict[tuple[str, str], str] = {}
    stability: list[dict[str, Any]] = []
    tables = {
        key: (ordered_values(layer), kind_of(layer).family, layer.scale, method_of(layer))
        for key, layer in chosen.items()
    }
    tables |= immune_tables(immune)
    for layer, (table, family, scale, method) in tables.items():
        of_layer: list[pd.DataFrame] = []
        for contrast in compared:
            x = contrast.numbers.reindex(table.index).dropna()
            if len(x) < MINIMUM_PATIENTS or x.nunique() < 2:
                notes[layer, family] = (
                    f"{len(x)} patients with a score have this layer, too few to compare"
                )
                continue
            effects, note = compare_features(table, method, scale, contrast, given.design)
            effects["stability"] = np.nan
            if n_resamples and method != CARRIERS and family != "immune score":
                again = resampled_statistics(
                    table, method, contrast, None, n_resamples, random_state, n_jobs
                )
                if again is not None:
                    effects["stability"] = among_strongest(again)
                    stability.append(
                        {"layer": layer, "n_resamples": n_resamples, "contrast": contrast.name}
                        | ranking_stability(again)
                    )
            if method == CARRIERS:
                few = (
                    f"tested if at least {MINIMUM_CARRIERS} patients are altered and "
                    f"{MINIMUM_CARRIERS} unaltered"
                )
                note = "; ".join(filter(None, [few, note]))
            if note:
                notes[layer, family] = note
            of_layer.append(effects.assign(contrast=contrast.name))
        if of_layer:
            parts.append(pd.concat(of_layer, ignore_index=True).assign(layer=layer, kind=family))
    parts += _groups(cohort, subtypes, classes, compared, given, random_state, notes)
    associations = family_table(parts, given.names)
    enrichment = empty_enrichment()
    if gene_sets is not None:
        where = gene_layer or first_of_genes(chosen)
        settings = {
            "min_size": min_size,
            "max_size": max_size,
            "n_permutations": n_permutations,
            "n_resamples": n_resamples,
            "random_state": random_state,
            "n_jobs": n_jobs,
        }
        enrichment = _enrichment(chosen, where, compared, given, gene_sets, settings)
    params = {
        "adjust_for": list(adjust_for),
        "adjusted_for": list(given.names),
        "not_adjusted_for": list(given.notes),
        "n": len(values),
        "n_adjusted": int(given.design.notna().all(axis=1).sum()) if given.names else 0,
        "contrasts": [contrast.name for contrast in compared],
        "classes": {}
        if classes is None
        else {str(k): int(v) for k, v in classes.value_counts().sort_index().items()},
        "volume_correlation": _volume(given, compared),
        "gene_layer": gene_layer or first_of_genes(chosen),
        "n_permutations": n_permutations,
        "n_resamples": n_resamples,
        "random_state": random_state,
        "min_size": min_size,
        "max_size": max_size,
        "subtypes": {}
        if subtypes is None
        else subtypes.labels.reindex(values.index).dropna().astype(str).to_dict(),
    }
    return Interpretation(
        name=name,
        scores=values,
        kind=kind,
        associations=associations,
        families=families_of(associations, notes),
        enrichment=enrichment,
        stability=pd.DataFrame(stability, columns=STABILITY_COLUMNS),
        params=params,
        exclusions=matched.exclusions,
    )


def _groups(
    cohort: Cohort,
    subtypes: Subtypes | None,
    classes: pd.Series | None,
    compared: list[Contrast],
    given: Covariates,
    random_state: int,
    notes: dict[tuple[str, str], str],
) -> list[pd.DataFrame]:
    """Comparisons with subtypes and with clinical columns; all classes at once."""
    rows = []
    # Several classes are one comparison here.
    contrast = compared[0] if len(compared) == 1 else compared[0]._replace(name="all classes")
    if subtypes is not None:
        row = compare_groups(subtypes.labels, classes, contrast, given.design, random_state)
        if row is None:
            notes["subtypes", "subtype"] = "too few patients with a subtype, or one subtype"
        else:
            rows.append(row | {"layer": "subtypes", "kind": "subtype", "feature": "subtypes"})
    for name, values in clinical_variables(cohort).items():
        row = compare_clinical(name, values, classes, contrast, given.without(name), random_state)
        if row is not None:
            rows.append(row | {"layer": "clinical", "kind": "clinical", "feature": name})
    if classes is not None and rows:
        for row in rows:
            notes[str(row["layer"]), str(row["kind"])] = "tests between categories are not adjusted"
    for row in rows:
        note = row.pop("adjusted_note", "")
        if note and row["kind"] == "subtype":
            notes["subtypes", "subtype"] = str(note)
    if not rows:
        return []
    table = pd.DataFrame(rows).assign(contrast=contrast.name)
    return [part.reset_index(drop=True) for _, part in table.groupby("layer", sort=False)]


def _enrichment(
    layers: dict[str, PreparedLayer],
    where: str | None,
    compared: list[Contrast],
    given: Covariates,
    gene_sets: GeneSets,
    settings: dict[str, int],
) -> pd.DataFrame:
    """Gene sets on all rankings, plain and adjusted; each of the two is a family."""
    if where is None:
        expression_layer(layers, None, "interpret: gene sets")
    if where not in layers:
        raise StudyError(
            f"interpret: there is no layer {where!r}; {did_you_mean(str(where), layers)}."
        )
    if not analysis_of(layers[where]).slope:
        linear = ", ".join(name for name, scale in SCALES.items() if scale.slope)
        raise StudyError(
            f"interpret: genes are ranked by moderated t, and layer {where} is on scale "
            f"{layers[where].scale!r}; name a layer on scale {linear}."
        )
    table, sets = ordered_values(layers[where]), read_gene_sets(gene_sets)
    blocks = []
    for design in (None, given.design) if given.names else (None,):
        parts = [
            enrich_contrast(table, contrast, design, sets, **settings) for contrast in compared
        ]
        parts = [part for part in parts if len(part)]
        if not parts:
            continue
        block = pd.concat(parts, ignore_index=True)
        for p, fdr in (("p", "fdr"), ("p_patients", "fdr_patients")):
            block[fdr] = benjamini_hochberg(block[p].to_numpy(dtype=float))
        blocks.append(block)
    if not blocks:
        warnings.warn(
            f"interpret: no gene set could be tested on layer {where}; the table is empty.",
            OmicsfuseWarning,
            stacklevel=3,
        )
        return empty_enrichment()
    whole = pd.concat(blocks, ignore_index=True)
    return whole.reindex(columns=[*ENRICHMENT_COLUMNS, *ENRICHMENT_FACTS])


def _volume(given: Covariates, compared: list[Contrast]) -> dict[str, dict[str, float]]:
    """Spearman's correlation of each contrast with the tumour's volume."""
    if given.volume is None:
        return {}
    correlations = {}
    for contrast in compared:
        volume = given.volume.reindex(contrast.numbers.index).to_numpy(dtype=float)
        rho = rank_correlations(contrast.numbers.to_numpy(dtype=float)[:, None], volume[:, None])
        parts = {"correlation": rho.correlation, "low": rho.low, "high": rho.high, "p": rho.p}
        correlations[contrast.name] = {key: float(part[0, 0]) for key, part in parts.items()}
        correlations[contrast.name]["n"] = int(rho.n[0, 0])
    return correlations
