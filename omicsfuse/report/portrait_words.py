"""Clauses of a subtype's portrait: features of a layer, gene sets, immune scores, known labels."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.kinds import KINDS, analysis_of, kind_of
from omicsfuse.core.labelled import labelled
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import PreparedLayer, RunResults
from omicsfuse.plot.heatmap_rows import features_apart
from omicsfuse.plot.numbers import clean, format_p, p_text, shorten
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import FDR, MINIMUM_GROUP

#: Features named of each layer and direction.
_NAMED = 3
#: Markers of each direction, smallest p first, of which some are named.
_MOST_CANDIDATES = 30


def layers_to_tell(results: RunResults) -> list[str]:
    """Layers whose features were tested, in the order in which a reader wants to hear of them."""
    tested = set(results.markers["layer"].astype(str))
    first = [name for name in results.prepared.layers if name in tested]
    told = list(KINDS)
    first.sort(key=lambda name: told.index(results.prepared.layers[name].kind))
    return [*first, *sorted(tested - set(first))]


class Marked(NamedTuple):
    """What marks a subtype in one layer: how many, and the ones to name."""

    layer: str
    n_tested: int
    n_found: int
    raised: list[str]
    lowered: list[str]
    fdr: float


def marked_features(results: RunResults, name: str, layer: str, most: int = _NAMED) -> Marked:
    """Choose the features of a layer to name: of those with the smallest p, the largest effects.

    In layers of calls (mutations, copy-number levels) those with the smallest p themselves. Of
    features that go together one is named.
    """
    table = results.markers
    own = table[(table["subtype"].astype(str) == name) & (table["layer"] == layer)]
    tested = own.dropna(subset=["p"])
    found = tested[tested["fdr"] <= FDR]
    found = found.assign(_size=-found["effect"].abs())
    found = found.sort_values(["p", "_size", "feature"], kind="stable")
    prepared = results.prepared.layers.get(layer)
    sides = []
    for rows in (found[found["effect"] > 0], found[found["effect"] < 0]):
        rows = rows.head(_MOST_CANDIDATES)
        if prepared is None:
            sides.append([str(feature) for feature in rows["feature"].head(most)])
            continue
        if _calls(prepared) is None:
            rows = rows.sort_values(["_size", "p", "feature"], kind="stable")
        values = prepared.values  # noqa: PD011 - a field of ours
        sides.append(features_apart(rows["feature"], values, results.subtypes, [], most))
    named = found[found["feature"].isin([*sides[0], *sides[1]])]
    fdr = float(named["fdr"].max()) if len(named) else float("nan")
    return Marked(layer, len(tested), len(found), sides[0], sides[1], fdr)


def features_sentence(results: RunResults, name: str, marked: Marked, others: str) -> str:
    """Say what marks the subtype in a layer; shares where a layer holds calls."""
    layer = results.prepared.layers.get(marked.layer)
    noun = kind_of(layer).feature if layer is not None else "feature"
    several = f"{marked.n_tested:,} {noun}{'' if marked.n_tested == 1 else 's'}"
    verb = "differs" if marked.n_found == 1 else "differ"
    head = f"In {clean(marked.layer)}, {marked.n_found:,} of {several} {verb} from {others}"
    calls = None if layer is None else _calls(layer)
    if layer is None or calls is None:
        parts = []
        if marked.raised:
            parts.append(f"raised {_names(marked.raised)}")
        if marked.lowered:
            parts.append(f"lowered {_names(marked.lowered)}")
        said = "; ".join(parts)
        which = "all of them" if _all_named(marked) else "largest effects"
        return f"{head} ({which}: {said}; {_fdr(marked)})."
    parts = [
        share_text(results, name, layer, feature, raised=feature in marked.raised)
        for feature in [*marked.raised, *marked.lowered]
    ]
    return f"{head}: {'; '.join(parts)} ({_fdr(marked)})."


def _all_named(marked: Marked) -> bool:
    return marked.n_found == len(marked.raised) + len(marked.lowered)


def share_text(
    results: RunResults, name: str, layer: PreparedLayer, feature: str, *, raised: bool
) -> str:
    """Write how often a gene is altered inside and outside: mutated, gained or lost."""
    found = labelled(layer, results.subtypes)
    values = found.matrix[:, found.features.index(feature)]
    inside = found.subtype == name
    ways = _calls(layer) or {}
    shares = {
        word: (_share(values, inside, limit), _share(values, ~inside, limit))
        for word, limit in ways.items()
    }
    # Of gains and losses, the one in which the groups differ more, on the side of the effect.
    signed = {
        word: (a - b) * (1 if ways[word] > 0 else -1) * (1 if raised else -1)
        for word, (a, b) in shares.items()
    }
    word = max(signed, key=lambda way: signed[way])
    a, b = shares[word]
    return f"{clean(feature)} is {word} in {100 * a:.0f}% against {100 * b:.0f}%"


def _calls(layer: PreparedLayer) -> Mapping[str, float] | None:
    """Ways of being altered and their limits, of a layer that holds calls."""
    return analysis_of(layer).calls or None


def _share(values: npt.NDArray[np.float64], who: npt.NDArray[np.bool_], limit: float) -> float:
    own = values[who & ~np.isnan(values)]
    if not len(own):
        return float("nan")
    return float((own > limit).mean() if limit > 0 else (own < limit).mean())


def _fdr(marked: Marked) -> str:
    """False discovery rate of what is named; where that is several, the largest."""
    if len(marked.raised) + len(marked.lowered) == 1:
        return format_p(marked.fdr, "FDR")
    text = p_text(marked.fdr)
    return f"FDR of those named {text if text.startswith('<') else f'at most {text}'}"


def _names(names: list[str]) -> str:
    return listing([shorten(name, 40) for name in names])


def gene_set_sentence(results: RunResults, name: str) -> str:
    """Name the gene sets raised and lowered, one for each group of sets that say the same."""
    table = results.enrichment
    coverage = _coverage(results)
    if table.empty:
        return f"No gene set was tested{f' ({coverage})' if coverage else ''}."
    own = table[(table["subtype"].astype(str) == name) & table["fdr"].notna()]
    found = own[own["fdr"] <= FDR].sort_values(["fdr", "p", "gene_set"], kind="stable")
    if found.empty:
        tested = coverage or f"{plural(len(own), 'set')} tested"
        return f"No gene set reached FDR {FDR:g} ({tested})."
    group = _groups(results, found)
    shown = found[~pd.Series(group, found.index).duplicated()]
    parts = []
    for word, rows in (("raised", shown[shown["nes"] > 0]), ("lowered", shown[shown["nes"] < 0])):
        if len(rows):
            named = [shorten(x, 44) for x in rows["gene_set"].head(_NAMED)]
            rest = len(rows) - len(named)
            parts.append(f"{word} {listing([*named, *([f'{rest} more'] if rest else [])])}")
    return (
        f"Gene sets, genes permuted: {len(found)} of {len(own)} tested at FDR {FDR:g}"
        f"{f' ({coverage})' if coverage else ''}: {'; '.join(parts)}."
        f"{_among_patients(results, found)}"
    )


def _among_patients(results: RunResults, found: pd.DataFrame) -> str:
    """Say of how many sets the scores of patients differ too: permuted genes find too many."""
    tests = pd.DataFrame() if results.biology is None else results.biology.score_tests
    if tests.empty:
        return " Permuting genes finds too many sets, as genes of a set are correlated."
    name = str(found["subtype"].iloc[0])
    own = tests[(tests["comparison"].astype(str) == name) & (tests["fdr"] <= FDR)]
    sign = dict(zip(own["score"].astype(str), own["effect"] > 0, strict=True))
    same = sum(
        sign.get(str(gene_set)) == (nes > 0)
        for gene_set, nes in zip(found["gene_set"], found["nes"], strict=True)
    )
    if len(found) == 1:
        how = "differ too" if same else "do not differ"
    else:
        how = f"differ in the same direction for {same} of these"
    return f" Scores of the patients {how} at FDR {FDR:g} (all sets and comparisons)."


def _coverage(results: RunResults) -> str:
    """How many gene sets had enough genes among those measured."""
    sets = pd.DataFrame() if results.biology is None else results.biology.gene_sets
    if sets.empty or "tested" not in sets:
        return ""
    return f"{int(sets['tested'].sum())} of {len(sets)} sets had enough genes"


def _groups(results: RunResults, found: pd.DataFrame) -> list[str]:
    """Group of each set with its direction; sets of one group say the same thing."""
    own = found["gene_set"].astype(str)
    group = dict(zip(own, own, strict=True))
    source = found
    if "group" not in found and results.biology is not None:
        source = results.biology.gene_sets
    if "group" in source:
        known = source[source["group"].notna() & (source["group"] != "")]
        group |= dict(zip(known["gene_set"].astype(str), known["group"].astype(str), strict=True))
    return [
        f"{group[str(gene_set)]} {nes > 0}"
        for gene_set, nes in zip(found["gene_set"], found["nes"], strict=True)
    ]


def immune_sentence(results: RunResults, name: str) -> str:
    """Name the immune and stromal scores that differ; empty where none was computed."""
    if results.immune is None or results.immune.tests.empty:
        return ""
    table = results.immune.tests
    own = table[(table["comparison"].astype(str) == name) & table["p"].notna()]
    if own.empty:
        return ""
    found = own[own["fdr"] <= FDR]
    if found.empty:
        return f"No immune or stromal score differs at FDR {FDR:g} ({len(own)} tested)."
    found = found.assign(_size=-found["effect"].abs()).sort_values(
        ["_size", "p", "score"], kind="stable"
    )
    parts = []
    for word, sign in (("higher", 1), ("lower", -1)):
        rows = found[sign * found["effect"] > 0]
        if len(rows):
            named = [shorten(x, 40) for x in rows["score"].head(_NAMED)]
            rest = len(rows) - len(named)
            parts.append(f"{word} {listing([*named, *([f'{rest} more'] if rest else [])])}")
    return (
        f"Immune and stromal scores: {len(found)} of {len(own)} differ at FDR {FDR:g} within "
        "their collection: "
        f"{'; '.join(parts)}."
    )


def label_sentences(results: RunResults, name: str) -> list[str]:
    """Say of which levels of the known labels most patients are in this subtype.

    Only labels that go with the subtypes at all (FDR in the clinical table), and levels of at least
    3 patients.
    """
    clinical, labels = results.cohort.clinical, results.subtypes.labels.astype(str)
    if clinical is None:
        return []
    sentences = []
    for label in results.cohort.known_labels:
        if label not in clinical or not _goes_with_subtypes(results, label):
            continue
        column = clinical[label].reindex(labels.index).dropna().map(level_text)
        own = labels.loc[column.index] == name
        for level in sorted(column.unique()):
            has = column == level
            n, both = int(has.sum()), int((has & own).sum())
            rest = int((~has).sum())
            if min(n, rest) < MINIMUM_GROUP or both * 2 <= n:
                continue
            if both * len(own) <= n * int(own.sum()):
                continue
            here, there, known = int(own.sum()), int((~own).sum()), clean(label)
            sentences.append(
                f"{both} of {n} patients with {known} = {clean(level)} are in {name} ({both} of "
                f"the {here} in {name} whose {known} is known; {n - both} of the {there} others)."
            )
    return sentences


def _goes_with_subtypes(results: RunResults, label: str) -> bool:
    table = results.clinical
    if label not in table.index or "fdr" not in table:
        return False
    fdr = float(pd.to_numeric(table["fdr"], errors="coerce")[label])
    return fdr <= FDR
