"""A short plain paragraph for each subtype: the findings, and where there was none."""

import pandas as pd

from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, shorten
from omicsfuse.report.section import Points
from omicsfuse.report.sections.biology.features import (
    NAMED,
    Marked,
    features_sentence,
    layers_to_tell,
    marked_features,
    shares_text,
)
from omicsfuse.report.sections.biology.known_labels import Held, held_levels
from omicsfuse.report.words import listing, plural, told_apart
from omicsfuse.stats.levels import FDR

#: Signs of features that are higher and lower in a subtype: shapes, which need no colour.
RAISED, LOWERED = "\u25b2", "\u25bc"
#: Features named of each direction in a layer of copy-number levels, where each takes a clause.
_FEW_LEVELS = 2
#: Times its overall share from which a level of a known label is named in a line.
_MORE_FREQUENT = 1.25


def portraits(results: RunResults) -> list[str]:
    """Describe each subtype by its findings: features, gene sets, immune context, labels.

    Nothing is said beyond the tables; layers and gene sets without findings are named.
    Two subtypes, which mirror each other, get one paragraph.
    """
    said = [_portrait(results, name) for name in _described(results)]
    return [Points(head, sentences) for head, *sentences in said]


def _described(results: RunResults) -> list[str]:
    names = results.subtypes.names
    if len(names) < 2 or results.markers.empty:
        return []
    return told_apart(names)


def _head(results: RunResults, name: str) -> str:
    """The two groups that are compared."""
    sizes = results.subtypes.labels.astype(str).value_counts()
    n, total = int(sizes[name]), int(sizes.sum())
    if len(sizes) == 2:
        other = results.subtypes.names[1]
        return f"{name} ({plural(n, 'patient')}) against {other} ({total - n})"
    share = f"{n} of {plural(total, 'patient')}, {100 * n / total:.0f}%"
    return f"{name} ({share}) against all other patients"


def _portrait(results: RunResults, name: str) -> list[str]:
    sentences = [f"{_head(results, name)}."]
    without = []
    untested = []
    for layer in layers_to_tell(results):
        prepared = results.prepared.layers.get(layer)
        levels = prepared is not None and prepared.scale == "gistic"
        marked = marked_features(results, name, layer, **({"most": _FEW_LEVELS} if levels else {}))
        if marked.n_found:
            sentences.append(features_sentence(results, name, marked))
        elif marked.n_tested:
            without.append(f"{clean(layer)} ({marked.n_tested:,} tested)")
        else:
            untested.append(clean(layer))
    if without:
        sentences.append(f"In {listing(without)}, no feature reached FDR {FDR:g}.")
    if untested:
        sentences.append(f"In {listing(untested)}, no feature could be tested.")
    sentences.append(gene_set_sentence(results, name))
    sentences.append(immune_sentence(results, name))
    known = _labels(results, name)
    sentences += [f"{each.said} ({each.detail})." for each in known]
    if not known and results.cohort.known_labels and len(results.subtypes.names) > 2:
        labels = listing(list(results.cohort.known_labels))
        sentences.append(
            f"No level of a known label ({labels}) has most of its patients in {name}."
        )
    return [sentence for sentence in sentences if sentence]


def marks(results: RunResults, name: str) -> str:
    """Name what marks a subtype in a line: few features of fused layers, one known label.

    ``RAISED`` stands before features with higher values in the subtype, ``LOWERED`` before others.
    """
    if results.markers.empty:
        return ""
    parts = []
    told = layers_to_tell(results)
    for layer in [name for name in told if name in results.fusion.per_layer] or told:
        prepared = results.prepared.layers.get(layer)
        # Names of images' features and of neighbours on a chromosome say little in a line.
        if prepared is None or not kind_of(prepared).telling:
            continue
        marked = marked_features(results, name, layer, most=2)
        if marked.n_found:
            parts.append(_few(results, name, layer, marked))
    # Of the levels that are clearly more frequent here, the one that is most so.
    held = [each for each in held_levels(results, name) if each.lift >= _MORE_FREQUENT]
    parts += [each.said for each in sorted(held, key=lambda each: -each.lift)[:1]]
    return "; ".join(parts) if parts else f"no marker with a name at FDR {FDR:g}"


def _few(results: RunResults, name: str, layer: str, marked: Marked) -> str:
    prepared = results.prepared.layers[layer]
    if prepared.scale == "binary":
        return "; ".join(
            f"{RAISED if (raised := feature in marked.raised) else LOWERED} {clean(feature)} "
            f"{shares_text(results, name, prepared, feature, raised=raised)}"
            for feature in [*marked.raised, *marked.lowered][:2]
        )
    sides = ((RAISED, marked.raised), (LOWERED, marked.lowered))
    texts = [
        f"{sign} {', '.join(shorten(x, 32) for x in features)}"
        for sign, features in sides
        if features
    ]
    return f"{clean(layer)} {' '.join(texts)}"


def _labels(results: RunResults, name: str) -> list[Held]:
    """Known labels of a subtype; of two, which are described together, of both."""
    names = results.subtypes.names if len(results.subtypes.names) == 2 else [name]
    return [held for each in names for held in held_levels(results, each)]


def gene_set_sentence(results: RunResults, name: str) -> str:
    """Name the gene sets raised and lowered, one for each group of sets that say the same."""
    table = results.enrichment
    coverage = _coverage(results)
    if table.empty:
        return f"No gene set was tested{f' ({coverage})' if coverage else ''}."
    tested = table[(table["subtype"].astype(str) == name) & table["fdr"].notna()]
    enriched = tested[tested["fdr"] <= FDR].sort_values(["fdr", "p", "gene_set"], kind="stable")
    if enriched.empty:
        return f"No gene set reached FDR {FDR:g} ({len(tested)} tested)."
    group = _groups(results, enriched)
    shown = enriched[~pd.Series(group, enriched.index).duplicated()]
    sides = _sides(shown["gene_set"], shown["nes"], ("raised", "lowered"), 44)
    return (
        f"With permuted genes, {len(enriched)} of {plural(len(tested), 'gene set')} reached FDR "
        f"{FDR:g}: {sides}."
        f"{_among_patients(results, enriched)}"
    )


def _sides(names: pd.Series, effects: pd.Series, words: tuple[str, str], length: int) -> str:
    """Name the first of each direction, and count the others."""
    parts = []
    for word, side in zip(words, (names[effects > 0], names[effects < 0]), strict=True):
        if len(side):
            named = [shorten(name, length) for name in side.head(NAMED)]
            rest = [f"{len(side) - NAMED} more"] if len(side) > NAMED else []
            parts.append(f"{word} {listing([*named, *rest])}")
    return "; ".join(parts)


def _among_patients(results: RunResults, enriched: pd.DataFrame) -> str:
    """Say of how many sets the scores of patients differ too: permuted genes find too many."""
    tests = pd.DataFrame() if results.biology is None else results.biology.score_tests
    if tests.empty:
        return " Permuting genes finds too many sets, because genes of a set are correlated."
    name = str(enriched["subtype"].iloc[0])
    differing = tests[(tests["comparison"].astype(str) == name) & (tests["fdr"] <= FDR)]
    sign = dict(zip(differing["score"].astype(str), differing["effect"] > 0, strict=True))
    same = sum(
        sign.get(str(gene_set)) == (nes > 0)
        for gene_set, nes in zip(enriched["gene_set"], enriched["nes"], strict=True)
    )
    if len(enriched) == 1:
        how = "also reach" if same else "do not reach"
        return f" Patient scores of this set {how} FDR {FDR:g} (over all sets and comparisons)."
    return (
        f" Patient scores reach FDR {FDR:g} in the same direction for {same} of these sets (over "
        "all sets and comparisons)."
    )


def _coverage(results: RunResults) -> str:
    """How many gene sets had enough genes among those measured."""
    sets = pd.DataFrame() if results.biology is None else results.biology.gene_sets
    if sets.empty or "tested" not in sets:
        return ""
    return f"{int(sets['tested'].sum())} of {len(sets)} sets had enough genes"


def _groups(results: RunResults, enriched: pd.DataFrame) -> list[str]:
    """Group of each set with its direction; sets of one group say the same thing."""
    sets = enriched["gene_set"].astype(str)
    group = dict(zip(sets, sets, strict=True))
    source = enriched
    if "group" not in enriched and results.biology is not None:
        source = results.biology.gene_sets
    if "group" in source:
        known = source[source["group"].notna() & (source["group"] != "")]
        group |= dict(zip(known["gene_set"].astype(str), known["group"].astype(str), strict=True))
    return [
        f"{group[str(gene_set)]} {nes > 0}"
        for gene_set, nes in zip(enriched["gene_set"], enriched["nes"], strict=True)
    ]


def immune_sentence(results: RunResults, name: str) -> str:
    """Name the immune and stromal scores that differ; empty where none was computed."""
    if results.immune is None or results.immune.tests.empty:
        return ""
    table = results.immune.tests
    tested = table[(table["comparison"].astype(str) == name) & table["p"].notna()]
    if tested.empty:
        return ""
    differing = tested[tested["fdr"] <= FDR]
    if differing.empty:
        return f"No immune or stromal score reached FDR {FDR:g} ({len(tested)} tested)."
    differing = differing.assign(_size=-differing["effect"].abs()).sort_values(
        ["_size", "p", "score"], kind="stable"
    )
    sides = _sides(differing["score"], differing["effect"], ("higher", "lower"), 40)
    return (
        f"{len(differing)} of {plural(len(tested), 'immune or stromal score')} reached FDR {FDR:g} "
        f"within the collection: {sides}."
    )
