"""The report in a few plain sentences."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from omicsfuse.plot.clusters import STABLE, UNSTABLE
from omicsfuse.plot.kaplan import overall_test
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.results import RunResults, SurvivalComparison

LEVEL = 0.05


def listing(names: Sequence[object]) -> str:
    """Join names as in a sentence.

    Examples
    --------
    >>> from omicsfuse.report.summary import listing
    >>> listing(["a"]), listing(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    texts = [clean(name) for name in names]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> from omicsfuse.report.summary import plural
    >>> plural(1, "patient"), plural(1200, "patient")
    ('1 patient', '1,200 patients')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def mean_jaccard(results: RunResults) -> float:
    """Mean stability over subtypes; NaN where it was not assessed.

    Examples
    --------
    >>> from omicsfuse.report.summary import mean_jaccard
    >>> mean_jaccard.__name__
    'mean_jaccard'
    """
    table = results.assessment.stability
    values = table["jaccard_mean"].dropna() if "jaccard_mean" in table else pd.Series(dtype=float)
    return float(values.mean()) if len(values) else math.nan


def best_p(test: pd.Series | None) -> float:
    """P-value that sentences rest on: the permutation test's where there is one.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.summary import best_p
    >>> best_p(pd.Series({"p_asymptotic": 0.01, "p_permutation": 0.02}))
    0.02
    """
    if test is None:
        return math.nan
    for name in ("p_permutation", "p_asymptotic"):
        value = float(test.get(name, math.nan))
        if math.isfinite(value):
            return value
    return math.nan


def summary_sentences(results: RunResults) -> list[str]:
    """Say in plain words what was done and what came out.

    Parameters
    ----------
    results : RunResults
        The run.

    Returns
    -------
    list of str
        Sentences that make one paragraph.

    Examples
    --------
    >>> from omicsfuse.report.summary import summary_sentences
    >>> summary_sentences.__name__
    'summary_sentences'
    """
    sentences = [_fused(results), _subtypes(results), _stability(results), _known(results)]
    if not results.survival:
        sentences.append("Survival was not compared: the cohort has no endpoint.")
    sentences += [survival_sentence(comparison) for comparison in results.survival.values()]
    sentences += verification_sentences(results)
    return [sentence for sentence in sentences if sentence]


def _fused(results: RunResults) -> str:
    layers = list(results.fusion.per_layer) or list(results.prepared.layers)
    n, considered = len(results.subtypes.labels), len(results.fusion.coverage)
    text = f"{plural(len(layers), 'layer')} ({listing(layers)}) of {plural(n, 'patient')}"
    text += " were fused into one network of patients"
    if considered > n:
        text += f"; {considered - n} of {considered} patients lack a layer and were left out"
    return text + "."


def _subtypes(results: RunResults) -> str:
    names = results.subtypes.names
    sizes = results.subtypes.labels.value_counts()
    rule = clean(results.subtypes.params.get("rule", "not stated")).rstrip(".")
    if len(names) == 1:
        return f"All patients form one group (how k was chosen: {rule})."
    each = listing([f"{name} ({int(sizes[name])})" for name in names])
    return (
        f"The network was cut into {len(names)} subtypes, with patients in brackets: {each} "
        f"(how k was chosen: {rule}; survival was not looked at)."
    )


def _stability(results: RunResults) -> str:
    mean = mean_jaccard(results)
    if math.isnan(mean):
        return "Stability was not assessed." if len(results.subtypes.names) > 1 else ""
    table = results.assessment.stability
    lowest = table["jaccard_mean"]
    verdict = "unstable" if mean < UNSTABLE else "stable" if mean >= STABLE else "moderately stable"
    return (
        f"When patients are resampled, the subtypes are {verdict}: mean Jaccard similarity "
        f"{mean:.2f} (lowest {lowest.min():.2f}, {clean(lowest.idxmin())})."
    )


def _known(results: RunResults) -> str:
    if "adjusted_rand_index" not in results.clinical or len(results.subtypes.names) == 1:
        return ""
    known = results.clinical["adjusted_rand_index"].dropna()
    if known.empty:
        return ""
    each = listing([f"{clean(name)} {value:.2f}" for name, value in known.items()])
    return f"Agreement with known labels (adjusted Rand index, 1 is identical): {each}."


def survival_sentence(comparison: SurvivalComparison) -> str:
    """Say what the log-rank test of one endpoint shows, with patients and events.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.report.summary import survival_sentence
    >>> from omicsfuse.results import SurvivalComparison
    >>> tests = pd.DataFrame({"comparison": ["overall"], "n": [90], "events": [40],
    ...                       "p_asymptotic": [0.3], "p_permutation": [0.31]})
    >>> none = pd.DataFrame()
    >>> survival_sentence(SurvivalComparison("os", "days", tests, none, none, none))
    'For endpoint os, there is no evidence of a survival difference between subtypes (log-rank \
p = 0.30, permutation p = 0.31; 90 patients, 40 events).'
    """
    endpoint, test = clean(comparison.endpoint), overall_test(comparison)
    if test is None:
        return f"For endpoint {endpoint}, no test over all subtypes was made."
    counts = f"{plural(int(test['n']), 'patient')}, {plural(int(test['events']), 'event')}"
    p = best_p(test)
    if math.isnan(p):
        note = clean(test.get("note", "") or "no p-value")
        return f"For endpoint {endpoint}, survival was not tested ({note}; {counts})."
    parts = [
        format_p(float(test["p_asymptotic"])),
        format_p(float(test.get("p_permutation", np.nan)), "permutation p"),
    ]
    values = ", ".join(part for part in parts if part)
    found = (
        "survival differs between subtypes"
        if p < LEVEL
        else "there is no evidence of a survival difference between subtypes"
    )
    return f"For endpoint {endpoint}, {found} (log-rank {values}; {counts})."


def verification_sentences(results: RunResults) -> list[str]:
    """Say what the locked signature shows in each external cohort.

    Examples
    --------
    >>> from omicsfuse.report.summary import verification_sentences
    >>> verification_sentences.__name__
    'verification_sentences'
    """
    if results.verification is None:
        return []
    table = results.verification.table
    sentences = []
    for cohort in dict.fromkeys(table["cohort"] if len(table) else []):
        rows = table[table["cohort"] == cohort]
        first = rows.iloc[0]
        genes = f"{int(first['genes_found'])} of {int(first['genes_total'])} signature genes"
        text = f"In the external cohort {clean(cohort)} ({genes} found)"
        overall = rows[rows["comparison"] == "assigned subtypes"]
        parts = []
        for _, row in overall.iterrows():
            counts = f"{plural(int(row['n']), 'patient')}, {plural(int(row['events']), 'event')}"
            p = float(row["p"])
            if math.isnan(p):
                why = clean(row.get("note", "") or "no p-value")
                parts.append(f"survival ({clean(row['endpoint'])}) was not tested: {why}; {counts}")
                continue
            shown = (
                "differs between assigned subtypes"
                if p < LEVEL
                else "shows no evidence of a difference between assigned subtypes"
            )
            endpoint = clean(row["endpoint"])
            parts.append(f"survival ({endpoint}) {shown} (log-rank {format_p(p)}; {counts})")
        sentences.append(f"{text} {'; '.join(parts) or 'survival was not tested'}.")
    return sentences


def layer_sentences(results: RunResults) -> list[str]:
    """Say in one sentence what each layer brings.

    Examples
    --------
    >>> from omicsfuse.report.summary import layer_sentences
    >>> layer_sentences.__name__
    'layer_sentences'
    """
    sentences = []
    for name, row in results.assessment.layers.iterrows():
        alone = float(row.get("agreement_alone", math.nan))
        without = float(row.get("agreement_without", math.nan))
        if math.isnan(alone):
            continue
        tells = (
            "largely tells the subtypes"
            if alone >= 0.6
            else "tells part of the subtypes"
            if alone >= 0.2
            else "says little about the subtypes"
        )
        text = f"{clean(name)}: by itself it {tells} (ARI {alone:.2f})"
        if not math.isnan(without):
            stays = (
                "they stay the same"
                if without >= 0.9
                else "they change somewhat"
                if without >= 0.6
                else "they change a lot"
            )
            text += f"; without it {stays} (ARI {without:.2f})"
        sentences.append(f"{text}.")
    return sentences
