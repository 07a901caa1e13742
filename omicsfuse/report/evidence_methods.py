"""Methods of the evidence: the two tests, the criteria for k, resampling, layers, settings."""

from omicsfuse.core.results import RunResults
from omicsfuse.plot.evidence import tested_statistic
from omicsfuse.plot.numbers import clean
from omicsfuse.report.evidence import DECIDES, HARMLESS
from omicsfuse.report.references import Citations
from omicsfuse.report.verdict import n_draws
from omicsfuse.report.words import NOT_REPEATED, plural
from omicsfuse.stats.levels import SIGNIFICANCE


def evidence_methods(results: RunResults, cite: Citations) -> list[str]:
    """Describe how the subtypes were tested, paragraph by paragraph.

    Parameters
    ----------
    results : RunResults
        The run; only what was done is described.
    cite : Citations
        Numbers the references.

    Returns
    -------
    list of str
        Paragraphs, without those on what was not done.
    """
    several = len(results.subtypes.names) > 1
    paragraphs = [
        _tests(results, cite),
        _criteria(results, cite),
        _resampling(results, cite) if several else "",
        _layers(results, cite) if several else "",
        _settings(results, cite) if several else "",
    ]
    return [text for text in paragraphs if text]


def _tests(results: RunResults, cite: Citations) -> str:
    assessment = results.assessment
    tests = assessment.tests
    if tests.empty:
        return ""
    draws = n_draws(assessment)
    kinds = set(tests["test"])
    level = float(assessment.params.get("level", SIGNIFICANCE))
    text = "Whether there are subtypes was asked by two tests. "
    if "shared" in kinds:
        text += (
            f"For shared structure, patients were permuted within every layer ({draws:,} draws): "
            "each layer keeps its own structure and what layers share is lost, so that the test is "
            "exact where layers are independent. "
        )
    text += (
        "For groups, the cohort was made anew as a continuum with the same shared variation: "
        "features were brought to normal scores, the patients of all layers were multiplied by "
        "one and the same random orthogonal matrix, which keeps correlations within and across "
        f"layers and mixes groups away (for normal data a rotation test {cite('rotation')}), and "
        "each feature got its own values back by rank. "
    )
    text += (
        f"On components larger than chance, patients were drawn ({draws:,} draws) from their own "
        "coordinates, smoothed just so much that these have a single mode "
        f"{cite('one mode')}: even and skewed continua stay, groups do not. "
    )
    text += (
        f"In every draw the whole network was made and cut again. The statistic is the "
        f"{tested_statistic(tests).replace('_', ' ')} {cite('silhouette')} at each k, standardised "
        "over the draws and the real network together, and its maximum over k. "
        "P-values count the real network as one of the draws "
        f"{cite('permutation')}. Subtypes are called supported where both p-values are at most "
        f"{level:g}."
    )
    return text


def _criteria(results: RunResults, cite: Citations) -> str:
    table = results.assessment.n_clusters
    named = (
        ("eigengap", "eigengap", "eigengap"),
        ("rotation_cost", "rotation cost", "rotation_cost"),
        ("silhouette", "mean silhouette", "silhouette"),
        ("pac", "proportion of ambiguous clustering (consensus above 0.1 and up to 0.9)", "pac"),
        ("prediction_strength", "prediction strength", "prediction"),
    )
    known = [
        f"{words} {cite(key)}"
        for name, words, key in named
        if name in table and table[name].notna().any()
    ]
    if len(known) < 2 or len(table) < 2:
        return ""
    text = f"Criteria reported for each number of subtypes: {', '.join(known)}."
    splits = results.assessment.params.get("n_splits")
    if splits and "prediction_strength" in table:
        text += (
            " For prediction strength the patients were split into halves "
            f"{plural(splits, 'time')}, and each half was fused and cut by itself."
        )
    return text


def _resampling(results: RunResults, cite: Citations) -> str:
    assessment = results.assessment
    resamples = assessment.params.get("n_resamples")
    if not resamples:
        return ""
    share = assessment.params.get("resampled_share")
    each = f" of {100 * float(share):.0f}% of the patients" if share else ""
    text = (
        "Stability was measured by the Jaccard similarity of each subtype with its best match in "
        f"{resamples:,} resamples{each}, drawn without replacement, that were fused and clustered "
        f"again {cite('stability')}; a subtype dissolved where it was 0.5 or less; {NOT_REPEATED}."
    )
    if len(assessment.consensus):
        text += (
            " The consensus of two patients is the share of the resamples with both in which they "
            f"were in one group {cite('consensus')}."
        )
    if "membership" in assessment.patients:
        text += (
            " Patients are core members where they were together with the other members of their "
            "subtype in at least 80% of these resamples, with no other subtype more often, and "
            "have a silhouette above 0, and borderline otherwise."
        )
    return text


def _layers(results: RunResults, cite: Citations) -> str:
    layers, groups = results.assessment.layers, results.assessment.feature_groups
    if layers.empty:
        return ""
    text = ""
    if "agreement_alone" in layers and len(layers) > 1:
        text = (
            "Groups found from each layer alone, and from all layers without it, were compared "
            f"with the subtypes by the adjusted Rand index {cite('rand')}."
        )
    if "shared_gain" in layers and layers["shared_gain"].notna().any():
        copies = int(layers["n_permutations"].max()) if "n_permutations" in layers else 0
        count = f"{copies:,} copies" if copies else "copies"
        text += (
            f" Each layer was set against {count} of itself with patients permuted. The headline "
            "measure is the structure it shares with the others: the mean silhouette, in each "
            "other layer's network, of groups found from this layer alone, averaged with that, in "
            "this layer's network, of groups found from all others. Beside it stands the mean "
            "silhouette, in a layer held out, of groups found from all that are left. The real "
            "layer and its copies were treated alike, so that p-values are exact under the null "
            "hypothesis that the layer's patients are exchangeable given the other layers "
            f"{cite('permutation')}; they were corrected over the layers by the Benjamini-Hochberg "
            f"method {cite('fdr')}. Intervals of gains are differences from the 97.5th and 2.5th "
            "percentile of the copies: they show what chance does to permuted copies and are no "
            "sampling error of the patients."
        )
    if len(groups):
        text += (
            " Groups of features were permuted within their layer in the same way, with the false "
            "discovery rate over all groups."
        )
    return text.strip()


def _settings(results: RunResults, cite: Citations) -> str:
    table = results.assessment.sensitivity
    if table.empty:
        return ""
    count = table["setting"].map(clean).nunique()
    return (
        f"Sensitivity: {plural(count, 'setting')} of fusion and clustering were moved one at a "
        "time, all was repeated, and the groups compared with the subtypes by the adjusted Rand "
        f"index; agreement below {DECIDES} is read as hanging on the setting, from {HARMLESS} as "
        f"good {cite('recovery')}."
    )
