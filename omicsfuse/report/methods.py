"""The methods section of a paper, written from the settings that were really used."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from omicsfuse.biology import MINIMUM_ALTERED
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean
from omicsfuse.report.evidence_methods import evidence_methods
from omicsfuse.report.imaging_methods import imaging_methods
from omicsfuse.report.references import REFERENCES, Citations
from omicsfuse.report.survival_methods import survival_methods
from omicsfuse.report.survival_words import log_rank_name
from omicsfuse.report.words import chosen_with_outcome, listing, plural


def methods_text(results: RunResults) -> tuple[list[str], list[str]]:
    """Write the methods, ready to paste, and the references they cite.

    Parameters
    ----------
    results : RunResults
        The run; only stages that took place are described.

    Returns
    -------
    paragraphs, references : list of str
        References are numbered from 1 in this order.
    """
    cite = Citations()
    paragraphs = [
        _integration(results, cite),
        _subtyping(results, cite),
        *evidence_methods(results, cite),
        *survival_methods(results, cite),
        _biology(results, cite),
        *imaging_methods(results, cite),
        _verification(results, cite),
        _software(results, cite),
    ]
    return [text for text in paragraphs if text], [REFERENCES[key] for key in cite.keys]


def _section(results: RunResults, name: str) -> Mapping[str, Any]:
    """Settings of a section of the study file; empty where there is none."""
    section = results.settings.get(name)
    return section if isinstance(section, Mapping) else {}


def _integration(results: RunResults, cite: Citations) -> str:
    params = results.fusion.params
    layers = results.prepared.layers
    rules = "; ".join(dict.fromkeys(kind_of(layer).preparation for layer in layers.values()))
    metrics = params.get("metrics", {})
    distances = ", ".join(
        f"{clean(metric)} for {clean(layer)} ({layers[layer].scaled.shape[1]:,} features)"
        if layer in layers
        else f"{clean(metric)} for {clean(layer)}"
        for layer, metric in metrics.items()
    )
    engine = clean(params.get("engine", "exact"))
    method = cite("snf", "snfpy") if engine == "snfpy" else cite("snf")
    text = (
        f"Each omics layer was prepared by itself: {rules}; features mostly missing or nearly "
        "constant were left out, and missing values imputed from the nearest patients within the "
        "layer. Continuous features were limited to five robust standard deviations around their "
        "median and standardised. Patients were compared by distances "
        f"({distances or 'one a layer'}), and the layers were combined by similarity network "
        f"fusion {method} "
        f"(variant {clean(params.get('variant', 'paper'))}, engine {engine}, "
        f"K = {params.get('n_neighbors', 'not recorded')} neighbours, "
        f"mu = {params.get('mu', 'not recorded')}, "
        f"{params.get('n_iterations', 'not recorded')} iterations)"
    )
    return f"{text} on {plural(len(results.subtypes.labels), 'patient')}. {_who(results)}".strip()


def _who(results: RunResults) -> str:
    """Say how patients without some layer were dealt with, and how far the fusion had settled."""
    fusion = results.fusion
    sentences = [_sparse_engine(fusion.params)] if fusion.params.get("engine") == "sparse" else []
    if not fusion.coverage.loc[fusion.patients].all(axis=None):
        pairs = fusion.params.get("pairs", {})
        sentences.append(
            "Patients who lack layers were fused by those they have: K in proportion to a layer's "
            "patients, pairs that a layer does not see started from the layers that do, and each "
            "pair weighted by the layers that both patients brought when the network was cut "
            f"({pairs.get('in_every_layer', math.nan):.0%} of the pairs were seen in every layer, "
            f"{pairs.get('in_no_layer', math.nan):.0%} in none and known through neighbours "
            "alone)."
        )
    elif len(fusion.coverage) > len(fusion.patients):
        sentences.append("Only patients with all the layers needed were fused.")
    if len(fusion.convergence):
        last = fusion.convergence["change"].iloc[-1]
        sentences.append(f"In the last iteration the network changed by {100 * last:.2g}%.")
    return " ".join(sentences)


def _sparse_engine(params: Mapping[str, Any]) -> str:
    """Say what the sparse engine leaves out, and why it was taken."""
    reason = clean(params.get("engine_reason", "not recorded"))
    return (
        "The sparse engine kept the "
        f"{params.get('n_kept', 'not recorded')} strongest pairs of each "
        f"patient and a smooth approximation of the others (why this engine: {reason})."
    )


def _subtyping(results: RunResults, cite: Citations) -> str:
    k = len(results.subtypes.names)
    rule = clean(results.subtypes.params.get("rule", "not stated")).rstrip(".")
    seen = chosen_with_outcome(results)
    blind = (
        f"Chosen with knowledge of survival: {seen}."
        if seen
        else "Neither the number of subtypes nor the features were chosen with knowledge of "
        "survival."
    )
    text = (
        f"The fused network was cut into {plural(k, 'subtype')} by spectral clustering "
        f"{cite('spectral')}. Number of subtypes: {rule}{_rule_sources(results, cite)}. {blind}"
    )
    return text + f" The 2-D map was drawn with UMAP {cite('umap')}."


def _rule_sources(results: RunResults, cite: Citations) -> str:
    """Cite what the rule for the number of subtypes rests on."""
    table = results.subtypes.evidence.get("n_clusters", pd.DataFrame())
    if "gap" in table and table["gap"].notna().any():
        return (
            f" (normalised cut {cite('cut')}; the rule of the gap statistic {cite('gap')} with "
            "redraws that keep the shared variation of the cohort)"
        )
    if len(table) > 1:
        return f" (eigengap {cite('eigengap')}, silhouette {cite('silhouette')})"
    return ""


def _biology(results: RunResults, cite: Citations) -> str:
    parts = []
    if len(results.clinical):
        tests = sorted({clean(test) for test in results.clinical["test"].dropna() if test})
        parts.append(
            f"Clinical columns were compared with subtypes ({'; '.join(tests) or 'no test'}); "
            f"effect sizes are Cramer's V and epsilon squared, with intervals from the noncentral "
            f"chi-square distribution {cite('noncentral')}; the false discovery rate {cite('fdr')} "
            "is over all clinical columns, and apart for technical variables and for the burden of "
            "alterations."
        )
    if len(results.alterations) and results.alterations["p"].notna().any():
        tests = sorted({clean(test) for test in results.alterations["test"] if test})
        parts.append(
            "Mutations and copy-number changes of each gene were compared with subtypes "
            f"({'; '.join(tests)}; Fisher's test of more than two subtypes as by Freeman and "
            f"Halton {cite('freeman')}), where at least {MINIMUM_ALTERED} patients had the "
            "alteration and as many had not; the false discovery rate is over the genes of a layer "
            "and a kind of alteration."
        )
    if len(results.table_one):
        parts.append(f"Table 1 was made with tableone {cite('tableone')}.")
    if len(results.markers):
        tests = sorted({clean(test) for test in results.markers["test"].dropna() if test})
        moderated = f" {cite('limma')}" if "moderated t" in tests else ""
        parts.append(
            f"Features of each subtype were compared with all other patients "
            f"({'; '.join(tests)}{moderated}); the false discovery rate {cite('fdr')} is over all "
            "features and subtypes of a layer."
        )
    if len(results.enrichment):
        settings = _section(results, "enrichment")
        permutations = settings.get("n_permutations")
        random = f"{int(permutations):,} random sets" if permutations else "random sets"
        sizes = ""
        if "min_size" in settings and "max_size" in settings:
            sizes = f" of {settings['min_size']} to {settings['max_size']} genes"
        parts.append(
            f"Gene sets{sizes} were tested by preranked enrichment analysis {cite('gsea')} with "
            f"gseapy {cite('gseapy')}: genes were ranked by the moderated t of the subtype against "
            f"the rest, and each score was held against {random} of as many genes. This permutes "
            "genes, not patients, so that p-values are too small where genes of a set are "
            "correlated; the false discovery rate is over all gene sets and subtypes."
        )
    return " ".join(parts)


def _verification(results: RunResults, cite: Citations) -> str:
    signature = results.signature
    if signature is None:
        return ""
    text = (
        f"A signature of {plural(len(signature.templates), 'gene')} was derived from the subtypes "
        f"(scale {clean(signature.scale)})."
    )
    if signature.hash:
        text += " It was locked, with a hash of its content (SHA-256, in signature.json)."
    if results.verification is not None:
        random = _section(results, "signature").get("n_random")
        sets = f"{int(random):,} random gene sets" if random else "random gene sets"
        text += (
            " External cohorts were opened only afterwards; each was preprocessed by itself, blind "
            "to outcome. There patients were assigned to subtypes by the signature alone, and its "
            f"scores were set against {sets} of the same size {cite('random')}."
        )
        if len(results.verification.survival):
            tests = set(map(log_rank_name, results.verification.survival.values()))
            text += f" Assigned subtypes were compared by the {listing(sorted(tests))}."
    return text


def _software(results: RunResults, cite: Citations) -> str:
    versions = results.provenance.get("versions", {})
    listed = ", ".join(f"{clean(name)} {clean(version)}" for name, version in versions.items())
    seed = results.provenance.get("seed", results.settings.get("seed", "not recorded"))
    return (
        f"Computed with omicsfuse, seed {clean(seed)}"
        + (f" ({listed})" if listed else "")
        + f". Clustering and agreement measures use scikit-learn {cite('sklearn')}."
    )
