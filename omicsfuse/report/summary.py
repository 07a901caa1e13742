"""The report in a few plain sentences."""

import math

from omicsfuse.core.results import RunResults
from omicsfuse.plot.clusters import COMES_BACK
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.contributions import adds_sentences
from omicsfuse.report.evidence import borderline_sentence
from omicsfuse.report.portraits import portrait_sentences
from omicsfuse.report.survival_words import (
    added_value_sentence,
    log_rank_name,
    survival_sentence,
)
from omicsfuse.report.verdict import verdict_sentence
from omicsfuse.report.verification import (
    every_signature,
    null_sentences,
    stacked_tests,
    verdict_sentences,
)
from omicsfuse.report.words import chosen_with_outcome, listing, mean_jaccard, plural
from omicsfuse.stats.levels import SIGNIFICANCE


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
    """
    sentences = [_fused(results), _subtypes(results), _tested(results), _stability(results)]
    sentences += [*adds_sentences(results), _known(results)]
    if not results.survival:
        sentences.append("Survival was not compared: the cohort has no endpoint.")
    several = len(results.survival) > 1
    for comparison in results.survival.values():
        sentences += [
            survival_sentence(comparison, several=several),
            added_value_sentence(comparison),
        ]
    sentences += portrait_sentences(results)
    sentences += verification_sentences(results)
    return [sentence for sentence in sentences if sentence]


def _fused(results: RunResults) -> str:
    layers = list(results.fusion.per_layer) or list(results.prepared.layers)
    n, considered = len(results.subtypes.labels), len(results.fusion.coverage)
    text = f"{plural(len(layers), 'layer')} ({listing(layers)}) of {plural(n, 'patient')}"
    text += " were fused into one network of patients"
    if considered > n:
        text += f"; {considered - n} of {considered} patients lack layers and were left out"
    some = n - int(results.fusion.coverage.loc[results.fusion.patients].all(axis=1).sum())
    if some:
        text += f"; {some} of the {n} lack at least one layer and were fused by those they have"
    return text + "."


def _subtypes(results: RunResults) -> str:
    names = results.subtypes.names
    sizes = results.subtypes.labels.value_counts()
    rule = clean(results.subtypes.params.get("rule", "not stated")).rstrip(".")
    if len(names) == 1:
        return f"All patients form one group (how k was chosen: {rule})."
    each = listing([f"{name} ({int(sizes[name])})" for name in names])
    seen = chosen_with_outcome(results)
    looked = f"chosen with survival: {seen}" if seen else "survival was not looked at"
    return (
        f"The network was cut into {len(names)} subtypes, with patients in brackets: {each} "
        f"(how k was chosen: {rule}; {looked})."
    )


def _tested(results: RunResults) -> str:
    return "" if len(results.subtypes.names) == 1 else verdict_sentence(results)


def _stability(results: RunResults) -> str:
    mean = mean_jaccard(results)
    if math.isnan(mean):
        return "Stability was not assessed." if len(results.subtypes.names) > 1 else ""
    lowest = results.assessment.stability["jaccard_mean"]
    weak = lowest.index[lowest < COMES_BACK]
    if mean < COMES_BACK:
        verdict = "do not come back reliably"
    elif len(weak):
        verb = "does" if len(weak) == 1 else "do"
        verdict = f"come back on average, but {listing(list(weak))} {verb} not reliably"
    else:
        verdict = "come back"
    return (
        f"When patients are resampled, the subtypes {verdict}: mean Jaccard similarity {mean:.2f} "
        f"(lowest {lowest.min():.2f}, {clean(lowest.idxmin())}; {COMES_BACK} or more is read as "
        f"coming back, which describes subtypes and tests nothing). {borderline_sentence(results)}"
    ).strip()


def _known(results: RunResults) -> str:
    if "adjusted_rand_index" not in results.clinical or len(results.subtypes.names) == 1:
        return ""
    known = results.clinical["adjusted_rand_index"].dropna()
    if known.empty:
        return ""
    each = []
    for name, row in results.clinical.loc[known.index].iterrows():
        text = f"{clean(name)} {float(row['adjusted_rand_index']):.2f}"
        p, effect = float(row["p"]), float(row["effect"])
        if math.isfinite(p) and math.isfinite(effect):
            text += f" (association: {clean(row['effect_name'])} {effect:.2f}, {format_p(p)})"
        each.append(text)
    return f"Agreement with known labels (adjusted Rand index, 1 is identical): {listing(each)}."


def verification_sentences(results: RunResults) -> list[str]:
    """Say what the locked signature shows in each external cohort."""
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
                if p < SIGNIFICANCE
                else "shows no evidence of a difference between assigned subtypes"
            )
            endpoint = clean(row["endpoint"])
            test = log_rank_name(results.verification.survival.get(f"{cohort}: {row['endpoint']}"))
            parts.append(f"survival ({endpoint}) {shown} ({test}, {format_p(p)}; {counts})")
        sentences.append(f"{text} {'; '.join(parts) or 'survival was not tested'}.")
    return (
        sentences
        + verdict_sentences(every_signature(results))
        + null_sentences(stacked_tests(results))
    )
