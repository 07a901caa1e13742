"""What a careful reader should keep in mind: every weakness of the result in a sentence."""

import math

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.clusters import COMES_BACK
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.plot.settings import is_reported, setting_name
from omicsfuse.report.clinical import technical_caveats
from omicsfuse.report.evidence import DECIDES
from omicsfuse.report.survival_caveats import survival_caveats
from omicsfuse.report.verification import (
    CONTROL,
    PERCENTILE,
    agreement_sentence,
    every_signature,
    stacked_tests,
)
from omicsfuse.report.words import listing, mean_jaccard, plural
from omicsfuse.stats.levels import FDR, SIGNIFICANCE

_SMALL = 10
#: Share of borderline patients above which it is said.
_MANY = 0.5
#: Adjusted Rand index without a layer below which the subtypes are said to hang on it.
_CARRIED = 0.4
#: Adjusted mutual information with the pattern of missing layers above which it is said.
_FOLLOWS_MISSING = 0.1
#: Relative change of the network in the last iteration above which it had not settled.
_SETTLED = 0.02


def caveats(results: RunResults) -> list[str]:
    """List what weakens the result, most serious first.

    Parameters
    ----------
    results : RunResults
        The run.

    Returns
    -------
    list of str
        One sentence each; empty if nothing needs saying.
    """
    found: list[str] = technical_caveats(results)
    mean, table = mean_jaccard(results), results.assessment.stability
    if len(results.subtypes.names) == 1:
        found.append("There is one group only: nothing between subtypes can be compared.")
    elif math.isnan(mean):
        found.append("Stability was not assessed: do not take the subtypes for real yet.")
    elif mean < COMES_BACK:
        found.append(
            "The subtypes do not come back reliably when patients are resampled (mean Jaccard "
            f"similarity {mean:.2f}, below {COMES_BACK}): other patients would give other subtypes."
        )
    else:
        weak = table.index[table["jaccard_mean"] < COMES_BACK]
        if len(weak):
            noun = "Subtype" if len(weak) == 1 else "Subtypes"
            verb = "does" if len(weak) == 1 else "do"
            found.append(
                f"{noun} {listing(list(weak))} {verb} not come back reliably (mean Jaccard "
                f"similarity below {COMES_BACK})."
            )
    found += _borderline(results) + _one_layer(results) + _settings(results)
    # Doubts about the survival data themselves; all warnings stand in a section of their own.
    found += [clean(text) for text in results.warnings if text.startswith("endpoint")]
    for comparison in results.survival.values():
        found += survival_caveats(comparison, several=len(results.survival) > 1)
    found += _verification_caveats(results)
    sizes = results.subtypes.labels.value_counts()
    small = [name for name in results.subtypes.names if sizes[name] < _SMALL]
    if small:
        has = "has" if len(small) == 1 else "have"
        found.append(f"{listing(small)} {has} fewer than {_SMALL} patients.")
    lost = len(results.fusion.coverage) - len(results.subtypes.labels)
    if lost > 0.2 * len(results.fusion.coverage):
        share = 100 * lost / len(results.fusion.coverage)
        found.append(
            f"{share:.0f}% of the patients were left out because they lack layers; those that "
            "remain may not stand for all."
        )
    return found + _fusion_caveats(results)


def _fusion_caveats(results: RunResults) -> list[str]:
    """Subtypes that follow what is missing, and a network that had not settled."""
    found = []
    agreement = results.assessment.params.get("missingness_agreement", math.nan)
    if agreement > _FOLLOWS_MISSING:
        found.append(
            "The subtypes go together with who brought which layers (adjusted mutual information "
            f"{agreement:.2f}, 0 by chance): they may tell who was measured rather than what was "
            "found. Compare with a run on complete patients."
        )
    changes = results.fusion.convergence["change"]
    if len(changes) and changes.iloc[-1] > _SETTLED:
        found.append(
            f"The network still changed by {changes.iloc[-1]:.1%} in the last of {len(changes)} "
            "iterations; see whether the subtypes stay with twice as many."
        )
    return found


def _one_layer(results: RunResults) -> list[str]:
    """Name a layer that the subtypes hang on, and layers without which little changes."""
    layers = results.assessment.layers
    if len(layers) < 2 or "agreement_without" not in layers:
        return []
    carriers = layers.index[layers["agreement_without"] < _CARRIED]
    p_values = layers.get("p_adds", pd.Series(math.nan, layers.index))
    return [
        f"The subtypes hang on {clean(name)}: without it only little of them is found again "
        f"(adjusted Rand index {layers['agreement_without'][name]:.2f})."
        + (
            " It does not evidently share structure with the other layers "
            f"({format_p(float(p_values[name]))}): what the subtypes take from it may be its own."
            if p_values[name] > SIGNIFICANCE
            else ""
        )
        for name in carriers
    ]


def _borderline(results: RunResults) -> list[str]:
    """Say it where most patients are on the border of their subtype."""
    patients = results.assessment.patients
    if "membership" not in patients or len(results.subtypes.names) == 1:
        return []
    share = float((patients["membership"] == "borderline").mean())
    if share <= _MANY:
        return []
    return [f"{100 * share:.0f}% of the patients are on the border of their subtype."]


def _settings(results: RunResults) -> list[str]:
    """Name settings that decide what the subtypes are."""
    table = results.assessment.sensitivity
    if table.empty or len(results.subtypes.names) == 1:
        return []
    moved = table[~table["note"].map(is_reported) & (table["agreement"] < DECIDES)]
    names = [setting_name(str(name)) for name in dict.fromkeys(moved["setting"])]
    if not names:
        return []
    return [
        f"The subtypes hang on {plural(len(names), 'setting')} ({listing(names)}): with another "
        f"value of it, other subtypes are found (adjusted Rand index below {DECIDES})."
        if len(names) == 1
        else f"The subtypes hang on {len(names)} settings ({listing(names)}): with another value "
        f"of one of them, other subtypes are found (adjusted Rand index below {DECIDES})."
    ]


def _verification_caveats(results: RunResults) -> list[str]:
    """Name what weakens a verification: cohorts, random sets, controls, poor agreement."""
    texts = [
        f"Signature {clean(name)}: {agreement_sentence(one.signature)}"
        for name, one in every_signature(results).items()
        if len(one.signature.agreement) and one.signature.agreement["p"].iloc[0] > SIGNIFICANCE
    ]
    table = stacked_tests(results)
    if table.empty:
        return texts
    control = table["role"] == CONTROL if "role" in table else pd.Series(False, index=table.index)
    matched = table[(table["p"] < SIGNIFICANCE) & (table["random_null_percentile"] < PERCENTILE)]
    matched = matched[~control[matched.index]]
    found = table[control & (table["fdr"] < FDR)]
    return (
        _relations(table[~control])
        + texts
        + [
            f"In {clean(row['cohort'])} ({clean(row['endpoint'])}), {clean(row['comparison'])} has "
            f"{format_p(float(row['p']))}, but {100 - float(row['random_null_percentile']):.0f}% "
            "of random gene sets of the same size do as well or better."
            for _, row in matched.iterrows()
        ]
        + [
            f"In the negative control {clean(row['cohort'])} ({clean(row['endpoint'])}), "
            f"{clean(row['comparison'])} goes with survival (FDR {float(row['fdr']):.2g}): what "
            "the signature shows may not be of this disease."
            for _, row in found.iterrows()
        ]
    )


def _relations(table: pd.DataFrame) -> list[str]:
    """Say which cohorts are, or look like, the study that the signature is from."""
    texts = []
    for cohort, rows in table.groupby("cohort", sort=False):
        notes = "; ".join(rows["note"].astype(str))
        same = set(rows["same_study"].astype(str)) if "same_study" in rows else set()
        if "yes" in same or ("same_study" not in rows and "not independent" in notes):
            texts.append(
                f"{clean(cohort)} is of the same study as the discovery cohort: other patients, "
                "but not independent validation."
            )
        elif "by name" in same:
            texts.append(
                f"{clean(cohort)} is by its name of the same study as the discovery cohort: if so, "
                "this is not independent validation."
            )
    return texts
