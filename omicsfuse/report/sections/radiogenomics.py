"""The section on radiogenomic maps: what the images go with, and what they could have shown."""

from collections.abc import Hashable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RadiogenomicMap, RunResults
from omicsfuse.core.results.biology import patient_scores
from omicsfuse.plot.numbers import clean, format_number, format_p, shorten
from omicsfuse.plot.radiogenomic_map import pairs_drawn, radiogenomic_pairs, radiogenomic_quantiles
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Points, Section
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing, plural, two_decimals
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.p_values import p_text

REFERENCES = {
    "pitman": "Pitman EJG. Significance tests which may be applied to samples from any "
    "populations. II. The correlation coefficient test. J R Stat Soc Suppl 1937;4:225-232.",
    "bonett": "Bonett DG, Wright TA. Sample size requirements for estimating Pearson, Kendall and "
    "Spearman correlations. Psychometrika 2000;65:23-28. doi:10.1007/BF02294183",
}

_MOST_ROWS = 25
_SHOWN = ["feature", "layer", "target", "n", "rho", "interval", "p", "fdr"]
_SHOWN += ["adjusted", "adjusted_interval", "adjusted_p", "adjusted_fdr", "vanishes"]


def content(results: RunResults) -> Content | None:
    """Say what each family of tests showed, what it could have shown, and what size explains."""
    mapped = results.radiogenomics
    if mapped is None:
        return None
    families = mapped.families
    note = pd.Series(families["note"]).astype(str)
    shown = families.assign(
        smallest_fdr=[p_text(value) for value in families["smallest_fdr"]],
        shuffled_p=[p_text(value) for value in families["permuted_p"]],
        note=note,
    )
    columns = ["layer", "n", "features", "targets", "tests", "found", "smallest_fdr", "shuffled_p"]
    if mapped.params["adjusted_for"]:
        columns += ["kept", "vanished", "of_volume"]
    columns += ["needed_correlation", "detectable_correlation"]
    fdr = float(mapped.params["fdr"])
    return Content(
        "Which molecular features are associated with the images?",
        (opening(mapped), Points("", family_sentences(mapped)), _volume_words(mapped)),
        tables=[
            make_table(
                shown,
                [*columns, "note"],
                f"Families of tests: one layer against all {image_feature(mapped)}s. Found: false "
                f"discovery rate at most {fdr:g} over the tests of the row. "
                + (
                    "Shuffled p: share of shuffles of the patients in which the smallest FDR is as "
                    "small. "
                    if families["permutations"].any()
                    else ""
                )
                + (
                    f"Kept, vanished: found adjusted as well; adjusted p above {SIGNIFICANCE:g}. "
                    "Of volume: found for features that measure tumour volume under another name. "
                    if mapped.params["adjusted_for"]
                    else ""
                )
                + "Needed: the smallest |rho| that would be found alone; detectable: the smallest "
                "that is found with a chance of 80%.",
                file="radiogenomic_families.tsv",
            ),
            _associations_table(mapped),
        ],
        details=[_clusters_table(mapped)],
    )


def image_feature(mapped: RadiogenomicMap) -> str:
    """What one feature of the images is called, by the kind of their layer."""
    return str(mapped.params.get("feature", "radiomic feature"))


def opening(mapped: RadiogenomicMap) -> str:
    """Say what was held against what."""
    params = mapped.params
    many, clusters = int(params["n_features"]), int(params["n_clusters"])
    tested = (
        "one representative of each was tested"
        if params["features"] == "representatives"
        else "all features were tested"
    )
    adjusted = list(params["adjusted_for"])
    given = f"; adjusted correlations are given {listing(adjusted)}" if adjusted else ""
    return (
        f"The {plural(many, image_feature(mapped))} of layer {clean(params['radiomics'])} say "
        f"{plural(clusters, 'different thing')} (clusters in which every two features have |rho| "
        f"of at least {params['threshold']:g}); {tested} against {listing(params['targets'])}. "
        f"Correlations are Spearman's{given}."
    )


def family_sentences(mapped: RadiogenomicMap) -> list[str]:
    """Say of each family what was found, or how large a correlation had to be."""
    fdr = float(mapped.params["fdr"])
    sentences = []
    for row in mapped.families.to_dict("records"):
        layer, n, tests = clean(row["layer"]), int(row["n"]), int(row["tests"])
        if not tests:
            sentences.append(f"{layer}: {clean(row['note'])}.")
            continue
        family = f"{layer}: {plural(tests, 'test')} in {plural(n, 'patient')}"
        needed, likely = row["needed_correlation"], row["detectable_correlation"]
        detectable = (
            f"a single one would have been from |rho| = {needed:.2f} on, and one of {likely:.2f} "
            "is with a chance of 80%"
            if np.isfinite(likely)
            else "with so few patients even a strong one might not have been"
        )
        if not row["found"]:
            sentences.append(
                f"{family}, and no association was found (smallest FDR "
                f"{p_text(row['smallest_fdr'])}); {detectable}."
            )
            continue
        sentences.append(
            f"{family}, {plural(int(row['found']), 'association')} at a false discovery rate of "
            f"{fdr:g}, of {plural(int(row['clusters_found']), 'cluster')} of features with "
            f"{plural(int(row['targets_found']), 'target')} (smallest FDR "
            f"{p_text(row['smallest_fdr'])}).{_shuffled_words(row)}"
        )
    return sentences


def _shuffled_words(row: Mapping[Hashable, Any]) -> str:
    """What shuffled patients show beside what was found."""
    times = int(row["permutations"])
    if not times:
        return ""
    p, expected = float(row["permuted_p"]), float(row["permuted_found"])
    words = (
        f" With the patients of the images shuffled ({times} times), "
        f"{format_number(expected, 2)} such pairs are expected by chance"
    )
    if p <= SIGNIFICANCE:
        return f"{words}, and few shuffles have so small a rate ({format_p(p)})."
    return (
        f"{words}, and {100 * p:.0f}% of the shuffles have so small a rate: taken as a whole, the "
        "family is no firm evidence that the images go with this layer."
    )


def _volume_words(mapped: RadiogenomicMap) -> str:
    """What tumour volume leaves of the findings."""
    if not mapped.params["adjusted_for"]:
        return (
            "Neither tumour volume nor covariates are known: whether associations are of the size "
            "of the tumour cannot be said."
        )
    table = mapped.families
    count = int(table["found"].sum())
    if not count:
        return ""
    given = listing(mapped.params["adjusted_for"])
    kept, gone, of_volume = (int(table[name].sum()) for name in ("kept", "vanished", "of_volume"))
    rest = count - kept - gone - of_volume
    others = [
        f"{gone:,} {'vanishes' if gone == 1 else 'vanish'} (p above {SIGNIFICANCE:g})",
        f"{of_volume:,} {'is of a feature' if of_volume == 1 else 'are of features'} that measure"
        f"{'s' if of_volume == 1 else ''} tumour volume under another name",
        f"{rest:,} {'does' if rest == 1 else 'do'} neither: too weak to be told from chance among "
        "so many tests",
    ]
    told = [text for text, number in zip(others, (gone, of_volume, rest), strict=True) if number]
    again = f"{kept:,} of the {plural(count, 'association')} found {'is' if kept == 1 else 'are'}"
    return (
        f"Given {given}, {listing([f'{again} found again', *told])}. An association that vanishes "
        f"is not proven to be one with {given}: adjusting costs power."
        if gone
        else f"Given {given}, {listing([f'{again} found again', *told])}."
    )


def _associations_table(mapped: RadiogenomicMap) -> Table | None:
    table = mapped.associations
    if table.empty:
        return None
    table = table.sort_values("p", kind="stable").head(_MOST_ROWS)
    table = with_interval(table, "correlation", two_decimals)
    table = with_interval(table, "adjusted", two_decimals, "adjusted_interval")
    table = table.assign(
        p=[_small(value) for value in table["p"]],
        rho=[two_decimals(value) for value in table["correlation"]],
        adjusted=[two_decimals(value) for value in table["adjusted_correlation"]],
        adjusted_p=[_small(value) for value in table["adjusted_p"]],
        adjusted_fdr=[p_text(value) for value in table["adjusted_fdr"]],
        feature=[shorten(name, 44) for name in table["feature"]],
        target=[shorten(name, 44) for name in table["target"]],
        vanishes=np.where(table["vanishes"], "vanishes", ""),
    )
    return make_table(
        table,
        _SHOWN,
        f"The {len(table)} strongest associations of all families, found or not. The strongest of "
        "many are stronger here than they would be in other patients. All that were found are in "
        "radiogenomic_associations.tsv.",
        file="radiogenomic_associations.tsv",
    )


def _clusters_table(mapped: RadiogenomicMap) -> Table | None:
    table = mapped.clusters
    table = table[table["representative"] & (table["size"] > 1)]
    table = table.assign(
        correlation_with_volume=[two_decimals(value) for value in table["correlation_with_volume"]]
    )
    return make_table(
        table,
        ["cluster", "feature", "size", "correlation_with_volume"],
        f"Clusters of {image_feature(mapped)}s that say the same, by their representative.",
        most=40,
        file="radiomic_clusters.tsv",
    )


def _small(p: float) -> str:
    """A p-value among many, of which the order of magnitude matters."""
    return "" if not np.isfinite(p) else f"{p:.1e}" if p < 0.001 else p_text(p)


def figures(results: RunResults) -> Iterator[Plan]:
    """Figures of the map: heatmap, p-values against chance, the strongest pairs."""
    mapped = results.radiogenomics
    if mapped is None or mapped.associations.empty:
        return
    fdr, feature = float(mapped.params["fdr"]), image_feature(mapped)
    adjusted = listing(mapped.params["adjusted_for"]) if mapped.params["adjusted_for"] else ""
    named = mapped.associations["fdr"] <= fdr
    vanishing = (named & mapped.associations["vanishes"]).any()
    yield Plan(
        "radiogenomic_map",
        "The strongest associations",
        f"Spearman's correlation of {feature}s (rows) with the targets that have the "
        "smallest p-values, families in turn; whatever was found is among them only as far as "
        f"there is room. A dot marks a false discovery rate of at most {fdr:g}"
        + (f", a ring one that vanishes given {adjusted}" if vanishing else "")
        + ("." if named.any() else ": the colours are what the strongest of many look like."),
        f"Heatmap of correlations of {feature}s with molecular targets.",
        partial(plot.radiogenomic_heatmap, mapped),
        image=True,
    )
    yield Plan(
        "radiogenomic_p_values",
        "Is there anything at all?",
        "Ordered p-values of each family against those of chance. Lines along the diagonal hold "
        "nothing; tests of correlated features and genes make a line stray by chance too"
        + (f". Dashed: given {adjusted}." if mapped.quantiles["adjusted"].any() else "."),
        "Quantiles of p-values of each family against uniform ones.",
        partial(radiogenomic_quantiles, mapped),
    )
    tables = _tables(results)
    drawn = pairs_drawn(mapped, tables)
    if len(drawn):
        yield Plan(
            "radiogenomic_pairs",
            *_pairs_words(mapped, drawn, fdr),
            f"Scatter plots of {feature}s against their targets.",
            partial(radiogenomic_pairs, mapped, tables),
        )


def _pairs_words(mapped: RadiogenomicMap, drawn: pd.DataFrame, fdr: float) -> tuple[str, str]:
    """Title and caption of the figure of pairs: associations found, or those of no evidence."""
    count = int((mapped.associations["fdr"] <= fdr).sum())
    end = "; lighter dots are larger tumours." if mapped.params.get("volume_feature") else "."
    ranks = "Ranks of the patients; each target with the feature that goes with it best"
    if (drawn["fdr"] <= fdr).all():
        associations = plural(count, "association")
        return "Associations found, patient by patient", (
            f"{ranks}. The {plural(len(drawn), 'pair')} of smallest false discovery rate among the "
            f"{associations} found (at most {fdr:g}), all families together{end}"
        )
    return "The strongest pairs, none of them found", (
        f"{ranks}. No association drawn here reached a false discovery rate of {fdr:g}: these are "
        f"the strongest of many tests, as chance gives them too{end}"
    )


def _tables(results: RunResults) -> dict[str, pd.DataFrame]:
    """Values to draw, of the layers and of the scores that were targets."""
    layers = {
        name: layer.values  # noqa: PD011 - a field of ours
        for name, layer in results.prepared.layers.items()
    }
    return {**layers, **patient_scores(results.biology, results.immune)}


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Describe correlations, adjustment and shuffles."""
    mapped = results.radiogenomics
    if mapped is None or mapped.families.empty:
        return
    params = mapped.params
    adjusted = list(params.get("adjusted_for", ()))
    given = listing(adjusted) if adjusted else ""
    text = (
        f"{image_feature(mapped).capitalize()}s with |rho| of at least {params['threshold']:g} to "
        "one another were gathered (complete linkage), and one representative of each cluster was "
        "correlated (Spearman) with everything molecular; p-values have the first four moments of "
        f"the permutation distribution {cite('pitman')}, intervals are by Fisher's transformation "
        f"{cite('bonett')}, and the false discovery rate {cite('fdr')} is over all pairs of one "
        "layer. "
    )
    text += f"Adjusted, they are partial rank correlations given {given}. " if given else ""
    shuffles = int(mapped.families["permutations"].max())
    if shuffles:
        text += (
            f"Patients were shuffled {plural(shuffles, 'time')} to see how small a false discovery "
            "rate comes by chance."
        )
    yield text.strip()


SECTION = Section("radiogenomics", content, figures, methods, REFERENCES)
