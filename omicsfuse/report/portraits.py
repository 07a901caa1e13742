"""A short plain paragraph for each subtype: what was found of it, and what was not."""

from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, shorten
from omicsfuse.report.portrait_words import (
    Marked,
    features_sentence,
    gene_set_sentence,
    immune_sentence,
    label_sentences,
    layers_to_tell,
    marked_features,
    share_text,
)
from omicsfuse.report.views import Points
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import FDR

#: Features named of each direction in a layer of copy-number levels, where each takes a clause.
_FEW_LEVELS = 2
#: Subtypes up to which the summary has a sentence on each.
_FEW = 6


def portraits(results: RunResults) -> list[str]:
    """Describe each subtype by what was found of it: features, gene sets, immune context, labels.

    Nothing is said beyond the tables; layers and gene sets in which nothing was found are named.
    Two subtypes, which mirror each other, get one paragraph.

    Parameters
    ----------
    results : RunResults
        The run.

    Returns
    -------
    list of str
        One paragraph a subtype; none where there is one group or no markers were computed.
    """
    said = [_portrait(results, name) for name in _described(results)]
    return [Points(head, sentences) for head, *sentences in said]


def portrait_sentences(results: RunResults) -> list[str]:
    """Say of each subtype in one sentence what marks it most, for the summary.

    Parameters
    ----------
    results : RunResults
        The run.

    Returns
    -------
    list of str
        One sentence a subtype; none where there are more than six.
    """
    names = _described(results)
    if len(results.subtypes.names) > _FEW:
        return []
    sentences = [_short(results, name) for name in names]
    said = [sentence for sentence in sentences if sentence]
    if said:
        said.append(
            "These markers describe the subtypes and are no evidence that they exist: the subtypes "
            "were found on such features."
        )
    return said


def _described(results: RunResults) -> list[str]:
    names = results.subtypes.names
    if len(names) < 2 or results.markers.empty:
        return []
    return names[:1] if len(names) == 2 else names


def _head(results: RunResults, name: str) -> tuple[str, str]:
    """Who is described, and what the others are called."""
    sizes = results.subtypes.labels.astype(str).value_counts()
    n, total = int(sizes[name]), int(sizes.sum())
    if len(sizes) == 2:
        other = results.subtypes.names[1]
        return f"{name} ({plural(n, 'patient')}) against {other} ({total - n})", other
    return f"{name} ({n} of {plural(total, 'patient')}, {100 * n / total:.0f}%)", "the others"


def _portrait(results: RunResults, name: str) -> list[str]:
    head, others = _head(results, name)
    sentences = [f"{head}."]
    without = []
    untested = []
    for layer in layers_to_tell(results):
        prepared = results.prepared.layers.get(layer)
        levels = prepared is not None and prepared.scale == "gistic"
        marked = marked_features(results, name, layer, **({"most": _FEW_LEVELS} if levels else {}))
        if marked.n_found:
            sentences.append(features_sentence(results, name, marked, others))
        elif marked.n_tested:
            without.append(f"{clean(layer)} ({marked.n_tested:,} tested)")
        else:
            untested.append(clean(layer))
    if without:
        sentences.append(f"No feature of {listing(without)} reached FDR {FDR:g}.")
    if untested:
        sentences.append(f"Nothing could be tested in {listing(untested)}.")
    sentences.append(gene_set_sentence(results, name))
    sentences.append(immune_sentence(results, name))
    known = _labels(results, name)
    sentences += known
    if not known and results.cohort.known_labels and len(results.subtypes.names) > 2:
        labels = listing(list(results.cohort.known_labels))
        sentences.append(f"No level of a known label ({labels}) has most of its patients here.")
    return [sentence for sentence in sentences if sentence]


def _short(results: RunResults, name: str) -> str:
    """One sentence: up to two features a layer that holds calls, two up and two down of others."""
    head, _ = _head(results, name)
    parts = []
    for layer in layers_to_tell(results):
        prepared = results.prepared.layers.get(layer)
        marked = marked_features(results, name, layer, most=2)
        # Names of images' features and of neighbours on a chromosome say little in a summary.
        if prepared is None or not kind_of(prepared).telling or not marked.n_found:
            continue
        parts.append(_few(results, name, layer, marked))
    parts += [text.partition(" (")[0] for text in _labels(results, name)]
    if not parts:
        found = [
            x for x in layers_to_tell(results) if marked_features(results, name, x, most=1).n_found
        ]
        where = f" other than {listing(found)}" if found else ""
        return f"{head}: no feature marks it in any layer{where} at FDR {FDR:g}."
    return f"{head}: {'; '.join(parts)}."


def _few(results: RunResults, name: str, layer: str, marked: Marked) -> str:
    prepared = results.prepared.layers[layer]
    if prepared.scale == "binary":
        return "; ".join(
            share_text(results, name, prepared, feature, raised=feature in marked.raised)
            for feature in [*marked.raised, *marked.lowered][:2]
        )
    sides = (("raised", marked.raised), ("lowered", marked.lowered))
    texts = [f"{word} {listing([shorten(x, 32) for x in own])}" for word, own in sides if own]
    return f"{clean(layer)} {', '.join(texts)}"


def _labels(results: RunResults, name: str) -> list[str]:
    """Known labels of a subtype; of two, which are described together, of both."""
    names = results.subtypes.names if len(results.subtypes.names) == 2 else [name]
    return [sentence for each in names for sentence in label_sentences(results, each)]
