"""Features that mark a subtype, layer by layer, and how they are said."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from omicsfuse.core.kinds import KINDS, analysis_of, kind_of
from omicsfuse.core.labelled import labelled
from omicsfuse.core.results import PreparedLayer, RunResults
from omicsfuse.plot.heatmap_rows import features_apart
from omicsfuse.plot.numbers import clean, format_p, shorten
from omicsfuse.report.words import listing
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.p_values import p_text

#: Features, gene sets and scores named of each layer and direction.
NAMED = 3
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


def marked_features(results: RunResults, name: str, layer: str, most: int = NAMED) -> Marked:
    """Choose the features of a layer to name: of those with the smallest p, the largest effects.

    In layers of calls (mutations, copy-number levels) those with the smallest p themselves. Of
    features that go together one is named.
    """
    table = results.markers
    markers = table[(table["subtype"].astype(str) == name) & (table["layer"] == layer)]
    tested = markers.dropna(subset=["p"])
    significant = tested[tested["fdr"] <= FDR]
    significant = significant.assign(_size=-significant["effect"].abs())
    significant = significant.sort_values(["p", "_size", "feature"], kind="stable")
    prepared = results.prepared.layers.get(layer)
    sides = []
    for rows in (significant[significant["effect"] > 0], significant[significant["effect"] < 0]):
        rows = rows.head(_MOST_CANDIDATES)
        if prepared is None:
            sides.append([str(feature) for feature in rows["feature"].head(most)])
            continue
        if _calls(prepared) is None:
            rows = rows.sort_values(["_size", "p", "feature"], kind="stable")
        values = prepared.values
        sides.append(features_apart(rows["feature"], values, results.subtypes, [], most))
    named = significant[significant["feature"].isin([*sides[0], *sides[1]])]
    fdr = float(named["fdr"].max()) if len(named) else float("nan")
    return Marked(layer, len(tested), len(significant), sides[0], sides[1], fdr)


def features_sentence(results: RunResults, name: str, marked: Marked) -> str:
    """Say what marks the subtype in a layer; shares where a layer holds calls."""
    layer = results.prepared.layers.get(marked.layer)
    noun = kind_of(layer).feature if layer is not None else "feature"
    several = f"{marked.n_tested:,} {noun}{'' if marked.n_tested == 1 else 's'}"
    verb = "differs" if marked.n_found == 1 else "differ"
    head = f"In {clean(marked.layer)}, {marked.n_found:,} of {several} {verb}"
    calls = None if layer is None else _calls(layer)
    if layer is None or calls is None:
        parts = []
        if marked.raised:
            parts.append(f"raised {_names(marked.raised)}")
        if marked.lowered:
            parts.append(f"lowered {_names(marked.lowered)}")
        said = "; ".join(parts)
        which = "" if _all_named(marked) else "largest effects: "
        return f"{head} ({which}{said}; {_fdr(marked)})."
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
    """Write how often a gene is altered inside and outside, with the name of the gene."""
    return f"{clean(feature)} is {shares_text(results, name, layer, feature, raised=raised)}"


def shares_text(
    results: RunResults, name: str, layer: PreparedLayer, feature: str, *, raised: bool
) -> str:
    """Write how often a gene is altered inside and outside: mutated, gained or lost."""
    calls = labelled(layer, results.subtypes)
    values = calls.matrix[:, calls.features.index(feature)]
    inside = calls.subtype == name
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
    return f"{word} in {100 * a:.0f}% against {100 * b:.0f}%"


def _calls(layer: PreparedLayer) -> Mapping[str, float] | None:
    """Ways of being altered and their limits, of a layer that holds calls."""
    return analysis_of(layer).calls or None


def _share(values: npt.NDArray[np.float64], who: npt.NDArray[np.bool_], limit: float) -> float:
    known = values[who & ~np.isnan(values)]
    if not len(known):
        return float("nan")
    return float((known > limit).mean() if limit > 0 else (known < limit).mean())


def _fdr(marked: Marked) -> str:
    """False discovery rate of the features named; of several, the largest."""
    if len(marked.raised) + len(marked.lowered) == 1:
        return format_p(marked.fdr, "FDR")
    text = p_text(marked.fdr)
    return f"each FDR {text if text.startswith('<') else f'at most {text}'}"


def _names(names: list[str]) -> str:
    return listing([shorten(name, 40) for name in names])
