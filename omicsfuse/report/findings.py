"""Sections on what the subtypes mean: survival, clinical columns, biology, other cohorts."""

from typing import Any

import pandas as pd

from omicsfuse.plot.biology import select_markers
from omicsfuse.plot.numbers import clean, format_ratio, p_text
from omicsfuse.report.figures import FigureView
from omicsfuse.report.tables import Table, flatten, make_table, with_interval
from omicsfuse.report.views import Section, present
from omicsfuse.results import RunResults


def survival_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section:
    """Say whether subtypes differ in survival: curves, tests, Cox models."""
    if not results.survival:
        why = (
            "There is no clinical table"
            if results.cohort.clinical is None
            else "The clinical table has no endpoint"
        )
        return Section("survival", "Survival", (f"{why}: survival was not compared.",))
    tests = pd.concat([c.tests for c in results.survival.values()], ignore_index=True)
    tests = with_interval(tests, "p_ci_low", "p_ci_high", "p_interval", _plain_p)
    columns = ["endpoint", "comparison", "n", "events", "chi2", "p_asymptotic", "p_permutation"]
    columns += ["p_interval", "fdr", "note"]
    cox = pd.concat([c.cox for c in results.survival.values()], ignore_index=True)
    cox = with_interval(cox, "hr_ci_low", "hr_ci_high", "hr_interval", format_ratio)
    models = ["endpoint", "model", "term", "n", "events", "hr", "hr_interval", "p", "note"]
    return Section(
        "survival",
        "Survival",
        figures=figures,
        tables=present(
            make_table(
                tests,
                columns,
                "Log-rank tests. FDR: Benjamini-Hochberg over the pairs of an endpoint; the test "
                "over all subtypes stands outside that family.",
            )
        ),
        details=present(make_table(cox, models, "Cox models: hazard ratios.")),
    )


def _plain_p(value: float) -> str:
    return p_text(value) or "-"


def clinical_section(results: RunResults) -> Section:
    """Compare subtypes with clinical columns and known labels."""
    title = "Clinical associations and known labels"
    if results.clinical.empty:
        text = "There is no clinical column to compare the subtypes with."
        return Section("clinical", title, (text,))
    frame = results.clinical.rename_axis("variable").reset_index()
    columns = ["variable", "n", "missing", "test", "p", "fdr", "effect", "effect_name"]
    columns += ["adjusted_rand_index", "normalised_mutual_information", "note"]
    text = (
        "Known labels (if any) were looked at only after the subtypes were found. ARI (adjusted "
        "Rand index) and NMI (normalised mutual information) are 1 for identical groupings; ARI is "
        "about 0 for unrelated ones."
    )
    caption = "Clinical columns against subtypes. FDR: Benjamini-Hochberg over all columns listed."
    crossed = [_known_label(results, name) for name in results.cohort.known_labels]
    tables = present(*crossed, make_table(frame, columns, caption))
    return Section("clinical", title, (text,), tables=tables)


def _known_label(results: RunResults, name: str) -> Table | None:
    """Count the patients of each subtype by a known label."""
    clinical = results.cohort.clinical
    if clinical is None or name not in clinical:
        return None
    labels = results.subtypes.labels
    known = clinical[name].reindex(labels.index)
    counts = pd.crosstab(labels, known.astype(object).where(known.notna(), "not known"))
    levels = sorted((level for level in counts if level != "not known"), key=str)
    levels += ["not known"] if "not known" in counts else []
    counts = counts.reindex(index=results.subtypes.names)[levels]
    frame = counts.rename(columns=clean).reset_index(names="subtype")
    return make_table(frame, list(frame.columns), f"Patients of each subtype by {clean(name)}.")


def biology_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section:
    """Show what marks the subtypes: features and gene sets."""
    texts = []
    if len(results.subtypes.names) == 1:
        texts.append("With one group there is nothing to compare features with.")
    elif results.markers.empty:
        texts.append("No markers were computed.")
    else:
        found = int((results.markers["fdr"] <= 0.05).sum())
        texts.append(
            f"{found:,} of {len(results.markers):,} comparisons of a feature with a subtype have a "
            "false discovery rate of at most 0.05. Subtypes were found on the same features: these "
            "p-values describe the subtypes and are no evidence that the subtypes exist."
        )
    if results.enrichment.empty:
        texts.append(
            "No gene set was tested: no gene sets were given, or none has enough genes in the "
            "expression layer."
        )
    best = select_markers(results.markers, results.subtypes.names, per_subtype=3)
    columns = ["layer", "subtype", "feature", "effect", "effect_name", "n", "p", "fdr"]
    paths = results.enrichment
    if len(paths):
        paths = paths.sort_values(["subtype", "fdr", "p"], kind="stable")
        paths = paths.groupby("subtype", sort=False).head(8)
        paths = paths.assign(leading_edge=[_first_genes(genes) for genes in paths["leading_edge"]])
    named = ["subtype", "gene_set", "size", "nes", "p", "fdr", "leading_edge", "note"]
    return Section(
        "biology",
        "Markers and pathways",
        tuple(texts),
        figures=figures,
        details=present(
            make_table(
                best,
                columns,
                "Strongest markers of each subtype and layer. Up to three with a false discovery "
                "rate of at most 0.05 (over all features and subtypes of a layer), raised ones "
                "first; markers.tsv has them all, with the tests.",
            ),
            make_table(
                paths,
                named,
                "Gene sets of each subtype, smallest FDR first. FDR: Benjamini-Hochberg over all "
                "gene sets and subtypes; genes of a set are correlated, so read it as a ranking.",
            ),
        ),
    )


def _first_genes(genes: Any) -> str:
    """Write the first six genes of a leading edge."""
    names = [gene for gene in str(genes).split(";") if gene] if isinstance(genes, str) else []
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def verification_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section:
    """Show what the locked signature finds in other cohorts."""
    title, signature = "Signature and verification", results.signature
    if signature is None:
        text = "No signature was derived, so there is nothing to verify in other cohorts."
        return Section("verification", title, (text,))
    trained = "; ".join(
        f"{name.replace('_', ' ').replace('.', ': ')}{':' if '.' not in name else ''} {value}"
        for name, value in flatten(dict(signature.trained_on))
    )
    texts = [
        f"The signature {clean(signature.name)} has {len(signature.templates)} genes on scale "
        f"{clean(signature.scale)} ({trained}). It is in signature.json, locked with SHA-256 "
        f"{signature.hash or '(not locked)'}."
    ]
    if results.verification is None:
        texts.append("No external cohort was given: the signature has not been verified.")
        return Section("verification", title, tuple(texts))
    frame = results.verification.table
    if len(frame):
        frame = with_interval(frame, "hr_ci_low", "hr_ci_high", "hr_interval", format_ratio)
        frame = frame.assign(
            genes=[
                f"{int(found)} of {int(total)}"
                for found, total in zip(frame["genes_found"], frame["genes_total"], strict=True)
            ]
        )
        texts.append(
            "The percentile says how many of the random gene sets of the same size do worse than "
            "the signature: below 95, the signature tells no more than random genes would."
        )
    else:
        texts.append("Nothing could be tested in the external cohorts.")
    columns = ["cohort", "endpoint", "comparison", "n", "events", "genes", "hr", "hr_interval"]
    columns += ["chi2", "p", "fdr", "random_null_percentile", "note"]
    caption = (
        "The locked signature in other cohorts. FDR: Benjamini-Hochberg over all rows of the table."
    )
    table = make_table(frame, columns, caption)
    return Section("verification", title, tuple(texts), figures=figures, tables=present(table))
