"""The section on radiogenomic maps: associations of images, and what could have been detected."""

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
#: Heads of the table of families.
_HEADS = {
    "found": "significant",
    "kept": "remaining",
    "of_volume": "volume",
    "needed_correlation": "smallest |rho|",
    "detectable_correlation": "|rho| with 80% power",
}
_SHOWN = ["feature", "layer", "target", "n", "rho", "interval", "p", "fdr"]
_SHOWN += ["adjusted", "adjusted_interval", "adjusted_p", "adjusted_fdr", "vanishes"]


TITLE = "Which molecular features are associated with the images?"


def summary(results: RunResults) -> Iterator[str]:
    """Count associations and tests, name the layers, say how many remain after adjustment."""
    mapped = results.radiogenomics
    if mapped is None:
        return
    table = mapped.families[mapped.families["tests"] > 0]
    if table.empty:
        yield "No association was tested: see the notes of the table."
        return
    fdr, tests = float(mapped.params["fdr"]), int(table["tests"].sum())
    among = f"{plural(tests, 'test')} in {_patients(table['n'])}"
    found = table[table["found"] > 0]
    if found.empty:
        best = table.sort_values("smallest_fdr", kind="stable").iloc[0]
        yield (
            f"No association was found: none of {among} reaches a false discovery rate of {fdr:g} "
            f"({format_p(float(best['smallest_fdr']), 'smallest FDR')}, {clean(best['layer'])})."
        )
        return
    count = int(found["found"].sum())
    each = [f"{int(row['found']):,} with {clean(row['layer'])}" for _, row in found.iterrows()]
    if len(each) == 1:
        each = [f"{'' if count == 1 else 'all '}with {clean(found['layer'].iloc[0])}"]
    yield (
        f"{plural(count, 'association')} among {among} (false discovery rate at most {fdr:g} "
        f"within each layer): {listing(each)}.{_remaining(mapped, count)}"
    )


def _patients(n: pd.Series) -> str:
    """Write the number of patients of several layers."""
    low, high = int(n.min()), int(n.max())
    return plural(high, "patient") if low == high else f"{low:,} to {high:,} patients"


def _remaining(mapped: RadiogenomicMap, count: int) -> str:
    """Say how many associations remain once adjusted, as a sentence with a space before it."""
    names = mapped.params["adjusted_for"]
    if not names:
        return ""
    kept, gone = (int(mapped.families[name].sum()) for name in ("kept", "vanished"))
    vanish = f"; {gone:,} {'vanishes' if gone == 1 else 'vanish'} (p above {SIGNIFICANCE:g})"
    return (
        f" After adjustment for {listing(names)}, {kept:,} of {count:,} "
        f"{'remains' if kept == 1 else 'remain'} significant{vanish if gone else ''}."
    )


def caveats(results: RunResults) -> Iterator[str]:
    """Name layers whose shuffled patients do as well, and what adjustment cannot say."""
    mapped = results.radiogenomics
    if mapped is None or not mapped.families["found"].any():
        return
    table = mapped.families
    weak = table[(table["found"] > 0) & (table["permuted_p"] > SIGNIFICANCE)]
    if len(weak):
        named = [
            f"{100 * float(row['permuted_p']):.0f}% for {clean(row['layer'])}"
            for _, row in weak.iterrows()
        ]
        yield (
            "Shuffled patients often give as small a false discovery rate "
            f"({listing(named)} of the shuffles): as a whole, these associations are no firm "
            "evidence."
        )
    if not mapped.params["adjusted_for"]:
        yield (
            "Neither tumour volume nor covariates are known: the associations may reflect the size "
            "of the tumour."
        )
    elif table["vanished"].any():
        yield (
            "An association that vanishes is not thereby explained by "
            f"{listing(mapped.params['adjusted_for'])}: adjustment reduces power."
        )


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
        TITLE,
        (opening(mapped), Points("", family_sentences(mapped)), _volume_words(mapped)),
        tables=[
            make_table(
                shown.rename(columns=_HEADS),
                [_HEADS.get(column, column) for column in [*columns, "note"]],
                f"Tests by layer. Each row tests one layer against all {image_feature(mapped)}s. "
                f"Significant: associations with a false discovery rate of at most {fdr:g} over "
                "the tests of the row. "
                + (
                    "Shuffled p: share of shuffles of the patients with as small a smallest FDR. "
                    if families["permutations"].any()
                    else ""
                )
                + (
                    "Remaining, vanished: associations that are significant after adjustment, and "
                    f"associations with an adjusted p above {SIGNIFICANCE:g}. Volume: associations "
                    "of features that are equivalent to tumour volume. "
                    if mapped.params["adjusted_for"]
                    else ""
                )
                + "Smallest |rho|: the correlation that reaches the threshold by itself.",
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
    """Say which features were tested against which layers, and how."""
    params = mapped.params
    many, clusters = int(params["n_features"]), int(params["n_clusters"])
    tested = (
        "One representative of each cluster was tested"
        if params["features"] == "representatives"
        else "All features were tested"
    )
    adjusted = list(params["adjusted_for"])
    given = f"; partial correlations are adjusted for {listing(adjusted)}" if adjusted else ""
    return (
        f"The {plural(many, image_feature(mapped))} of layer {clean(params['radiomics'])} form "
        f"{plural(clusters, 'cluster')}; any two features of a cluster have |rho| of at least "
        f"{params['threshold']:g}. {tested} against {listing(params['targets'])}. "
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
        smallest = format_p(float(row["smallest_fdr"]), "smallest FDR")
        family = f"{plural(tests, 'test')} in {plural(n, 'patient')}"
        if row["found"]:
            sentences.append(
                f"{layer}: {plural(int(row['found']), 'association')} among {family} "
                f"({smallest}), between {plural(int(row['clusters_found']), 'cluster')} of "
                f"features and {plural(int(row['targets_found']), 'target')}.{_shuffled_words(row)}"
            )
            continue
        needed, likely = row["needed_correlation"], row["detectable_correlation"]
        power = (
            f"The smallest correlation that reaches a false discovery rate of {fdr:g} by itself is "
            f"|rho| = {needed:.2f}; the power for |rho| = {likely:.2f} is 80%."
            if np.isfinite(likely)
            else "With so few patients, even a strong correlation may be missed."
        )
        sentences.append(f"{layer}: no association among {family} ({smallest}). {power}")
    return sentences


def _shuffled_words(row: Mapping[Hashable, Any]) -> str:
    """What shuffled patients show beside what was found."""
    times = int(row["permutations"])
    if not times:
        return ""
    p, expected = float(row["permuted_p"]), float(row["permuted_found"])
    return (
        f" When the patients of the images are shuffled ({times} times), "
        f"{format_number(expected, 2)} associations are expected by chance; "
        "the smallest false discovery rate is "
        f"{'lower than by chance' if p <= SIGNIFICANCE else 'compatible with chance'} "
        f"({format_p(p)})."
    )


def _volume_words(mapped: RadiogenomicMap) -> str:
    """Say which associations neither remain nor vanish once adjusted, and why."""
    table, params = mapped.families, mapped.params
    count = int(table["found"].sum())
    if not params["adjusted_for"] or not count:
        return ""
    kept, gone, of_volume = (int(table[name].sum()) for name in ("kept", "vanished", "of_volume"))
    significant = mapped.associations[mapped.associations["fdr"] <= float(params["fdr"])]
    unknown = significant["adjusted_p"].isna() & ~significant["feature"].isin(params["of_volume"])
    untested = int(unknown.sum())
    one = of_volume == 1
    of_features = "is with a feature that measures" if one else "are with features that measure"
    between = count - kept - gone - of_volume - untested
    said = [
        f"{plural(of_volume, 'association')} {of_features} tumour volume under another name"
        if of_volume
        else "",
        f"{plural(between, 'association')} {'has' if between == 1 else 'have'} an adjusted p of at "
        f"most {SIGNIFICANCE:g}, but an adjusted false discovery rate above {params['fdr']:g}"
        if between
        else "",
        f"{plural(untested, 'association')} could not be adjusted" if untested else "",
    ]
    told = "; ".join(text for text in said if text)
    return f"Adjustment for {listing(params['adjusted_for'])}: {told}." if told else ""


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
        f"The {len(table)} strongest associations of all layers, significant or not. The strongest "
        "of many correlations are overestimated on average. radiogenomic_associations.tsv holds "
        "every significant association.",
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
        f"Clusters of closely correlated {image_feature(mapped)}s, by their representative.",
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
        f"Spearman's correlation of {feature}s (rows) with the targets of smallest p. Layers take "
        "turns, so that some significant associations may not be drawn."
        + (f" Dot: false discovery rate at most {fdr:g}." if named.any() else "")
        + (f" Ring: vanishes after adjustment for {adjusted}." if vanishing else "")
        + (
            ""
            if named.any()
            else " None is significant: the strongest of many tests look like this by chance too."
        ),
        f"Heatmap of correlations of {feature}s with molecular targets.",
        partial(plot.radiogenomic_heatmap, mapped),
        image=True,
    )
    yield Plan(
        "radiogenomic_p_values",
        "P-values against chance",
        "Ordered p-values of each layer against those expected by chance. A line along the "
        "diagonal shows no association. With correlated features and genes, lines also deviate "
        "by chance"
        + (f". Dashed: adjusted for {adjusted}." if mapped.quantiles["adjusted"].any() else "."),
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
    """Title and caption of the figure of pairs: significant ones, or the strongest of none."""
    count = int((mapped.associations["fdr"] <= fdr).sum())
    end = " Lighter dots are larger tumours." if mapped.params.get("volume_feature") else ""
    ranks = (
        "Each target and its most strongly associated feature: ranks of the patients; for "
        "mutations and copy-number calls, box plots of the feature."
    )
    if (drawn["fdr"] <= fdr).all():
        return "Associations, patient by patient", (
            f"{ranks} The {plural(len(drawn), 'pair')} with the smallest false discovery rate, of "
            f"{plural(count, 'association')} (at most {fdr:g}) in all layers.{end}"
        )
    return "The strongest pairs, none of them significant", (
        f"{ranks} No association drawn here reaches a false discovery rate of {fdr:g}: the "
        f"strongest of many tests look like this by chance too.{end}"
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
        "one another were clustered (complete linkage), and one representative of each cluster was "
        "correlated (Spearman) with every molecular feature. P-values match the first four moments "
        f"of the permutation distribution {cite('pitman')}; confidence intervals use Fisher's "
        f"transformation {cite('bonett')}. The false discovery rate {cite('fdr')} is over all "
        "pairs of one layer. "
    )
    text += f"Adjusted correlations are partial rank correlations given {given}. " if given else ""
    shuffles = int(mapped.families["permutations"].max())
    if shuffles:
        text += (
            f"Patients were shuffled {plural(shuffles, 'time')} to find how small a false "
            "discovery rate arises by chance."
        )
    yield text.strip()


SECTION = Section("radiogenomics", content, figures, methods, REFERENCES, summary, caveats)
