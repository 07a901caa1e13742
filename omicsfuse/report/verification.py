"""The section on signatures: what stands for what, and what holds in other cohorts."""

import pandas as pd

from omicsfuse.core.results import DerivedSignature, RunResults, Signature
from omicsfuse.plot.numbers import clean, format_number, format_p, format_ratio
from omicsfuse.report.plans import FigureView
from omicsfuse.report.survival_words import log_rank_name
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import SIGNIFICANCE

#: Percentile among random gene sets below which a signature tells no more than they do.
PERCENTILE = 95.0
CONTROL = "negative control"

_COLUMNS = [
    "signature",
    "cohort",
    "endpoint",
    "comparison",
    "n",
    "events",
    "genes",
    "hr",
    "hr_interval",
    "chi2",
    "p",
    "fdr",
    "p_one_sided",
    "concordance",
    "random_null_percentile",
    "permuted_null_percentile",
    "note",
]


def every_signature(results: RunResults) -> dict[str, DerivedSignature]:
    """All signatures of a run by name, the one of the subtypes first."""
    if results.signatures:
        return dict(results.signatures)
    if results.signature is None:
        return {}
    own = DerivedSignature(results.signature, pd.DataFrame(), results.verification)
    return {results.signature.name: own}


def stacked_tests(results: RunResults) -> pd.DataFrame:
    """All rows of all verifications; empty where there is none."""
    tables = [
        one.verification.table.assign(signature=name)
        for name, one in every_signature(results).items()
        if one.verification is not None and len(one.verification.table)
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def verification_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section:
    """Show what the locked signatures stand for, and what they find in other cohorts.

    Parameters
    ----------
    results : RunResults
        The run.
    figures : tuple of FigureView
        Figures of the section.

    Returns
    -------
    Section
        Sentences, first how the signatures do against random gene sets; tables.
    """
    title, every = "Signature and verification", every_signature(results)
    if not every:
        text = "No signature was derived, so there is nothing to verify in other cohorts."
        return Section("verification", title, (text,))
    tests = stacked_tests(results)
    verified = any(one.verification is not None for one in every.values())
    texts = [
        *verdict_sentences(every),
        *null_sentences(tests),
        *(_derived(one.signature) for one in every.values()),
    ]
    if not verified:
        texts.append("No external cohort was given: the signature has not been verified.")
    elif tests.empty:
        texts.append("Nothing could be tested in the external cohorts.")
    else:
        texts.append(
            "The percentile says how many of the random gene sets of the same size do worse than "
            "the signature: below 95, the signature tells no more than random genes would."
        )
        texts.append(
            "Each external cohort was preprocessed by itself, blind to outcome. "
            + _scaling(tests)
            + " Cut-points were fixed in the discovery cohort; none was searched for elsewhere."
        )
    names = {
        log_rank_name(comparison)
        for one in every.values()
        if one.verification is not None
        for comparison in one.verification.survival.values()
    }
    several = len(every) > 1
    return Section(
        "verification",
        title,
        tuple(texts),
        figures=figures,
        tables=present(
            _replication_table(every, several),
            _tests_table(tests, names, several, control=False),
            _tests_table(tests, names, several, control=True),
            _agreement_table(every),
            _signatures_table(every),
        ),
        details=present(
            _meta_table(every),
            _proportions_table(every),
        ),
    )


def null_sentences(tests: pd.DataFrame) -> list[str]:
    """Say how each signature does against random gene sets, cohort by cohort."""
    if "random_null_percentile" not in tests:
        return []
    known = tests[tests["random_null_percentile"].notna()]
    if "role" in known:
        known = known[known["role"] != CONTROL]
    sentences = []
    for (signature, cohort), rows in known.groupby(["signature", "cohort"], sort=False):
        above = rows[rows["random_null_percentile"] >= PERCENTILE]
        best = rows.sort_values("random_null_percentile", kind="stable").iloc[-1]
        said = (
            f"{listing([_named(row) for _, row in above.iterrows()])} "
            f"{'goes' if len(above) == 1 else 'go'} with survival more than "
            f"{PERCENTILE:.0f}% of random gene sets do"
            if len(above)
            else f"no score goes with survival more than {PERCENTILE:.0f}% of random gene sets do "
            f"(best: {_named(best)})"
        )
        tried = f" ({plural(len(rows), 'score and endpoint', 'scores and endpoints')} tried)"
        sentences.append(
            f"Against random gene sets of the same size, signature {clean(signature)} in "
            f"{clean(cohort)}: {said}{tried if len(rows) > 1 else ''}."
        )
    return sentences


def _named(row: pd.Series) -> str:
    score = str(row["comparison"]).removesuffix(" per SD")
    percentile = format_number(float(row["random_null_percentile"]))
    return f"{score} for {row['endpoint']} (percentile {percentile})"


def _derived(signature: Signature) -> str:
    """Say what a signature is made of and what it was trained on."""
    source = clean(signature.target.get("source", "")) or "subtypes"
    text = (
        f"The signature {clean(signature.name)} has {plural(len(signature.templates), 'gene')} on "
        f"scale {clean(signature.scale)}{_trained(signature)}. It stands for {source}, by the "
        f"method {clean(signature.method.replace('_', ' '))}, and is "
        f"{'locked' if signature.hash else 'not locked'}."
    )
    return f"{text} {agreement_sentence(signature)}".strip()


def _trained(signature: Signature) -> str:
    """Name layer, patients and cohort that a signature was derived from, as far as known."""
    known = signature.trained_on
    layer, cohort, study = (clean(known.get(name, "")) for name in ("layer", "cohort", "study"))
    text = f" of layer {layer}" if layer else ""
    patients, labelled = known.get("n_patients"), int(known.get("n_labelled") or 0)
    if patients is not None:
        text += f", derived from {plural(int(patients), 'patient')}"
        text += f" (of {labelled:,} with a value)" if labelled > patients else ""
    text += f" of cohort {cohort}" if cohort else ""
    text += f", study {study}" if study else ""
    sizes = [f"{clean(name)} {int(n)}" for name, n in known.get("subtype_sizes", {}).items()]
    text += f": {listing(sizes)}" if sizes else ""
    text += f", {plural(int(known['events']), 'event')}" if "events" in known else ""
    return text


def agreement_sentence(signature: Signature) -> str:
    """Say whether held-out scores of the genes go with what they are to stand for."""
    table = signature.agreement
    if table.empty:
        return ""
    row = table.iloc[0]
    value = f"{clean(row['measure'])} {format_number(float(row['value']), 2)}"
    chance = float(row["by_chance"])
    if chance == chance:
        value += f", {format_number(chance, 2)} by chance"
    p = float(row["p"])
    if p != p:
        return f"Cross-validated agreement with what it stands for: {value}."
    if p <= SIGNIFICANCE:
        return (
            "In patients held out of the choice of genes, its score goes with what it stands for "
            f"({value}, {format_p(p)})."
        )
    return (
        "In patients held out of the choice of genes, there is no evidence that its score goes "
        f"with what it stands for ({value}, {format_p(p)}): whatever it shows elsewhere says "
        "little about it."
    )


def _scaling(tests: pd.DataFrame) -> str:
    """Say how genes were brought to one scale."""
    used = set(tests["scaling"].astype(str)) if "scaling" in tests else {"cohort"}
    texts = []
    if used & {"cohort", ""}:
        texts.append(
            "Its genes were scaled by its own means and spreads (scaling cohort): nothing fitted "
            "to the discovery cohort but the signature was carried over."
        )
    if "reference" in used:
        texts.append(
            "Its genes were scaled by the means and spreads of the discovery cohort (scaling "
            "reference), which is right only for values made in the same way."
        )
    if "none" in used:
        texts.append("Its genes were ranked within each patient (scaling none).")
    return " ".join(texts)


def _tests_table(
    tests: pd.DataFrame, names: set[str], several: bool, *, control: bool
) -> Table | None:
    """Lay out the tests in other cohorts, or those in cohorts where nothing should be found."""
    if tests.empty:
        return None
    frame = tests
    if "role" in frame:
        frame = frame[(frame["role"] == CONTROL) == control]
    elif control:
        return None
    if frame.empty:
        return None
    frame = with_interval(frame, "hr_ci_low", "hr_ci_high", "hr_interval", format_ratio)
    frame = frame.assign(
        genes=[
            f"{int(found)} of {int(total)}"
            for found, total in zip(frame["genes_found"], frame["genes_total"], strict=True)
        ]
    )
    what = (
        "Negative controls: cohorts in which the signature should say nothing. A small p or a "
        "high percentile here is a warning about those above. "
        if control
        else "The locked signature in other cohorts. "
    )
    caption = (
        f"{what}p: of the Wald test for hazard ratios; of the "
        f"{' or the '.join(sorted(names)) or 'log-rank test'} for assigned subtypes. FDR: "
        "Benjamini-Hochberg over all rows of the table."
    )
    columns = _COLUMNS if several else _COLUMNS[1:]
    if not control and "role" in frame and frame["role"].nunique() > 1:
        columns = [*columns[:2], "role", *columns[2:]]
    return make_table(frame, columns, caption)


def _agreement_table(every: dict[str, DerivedSignature]) -> Table | None:
    """Lay out the cross-validated agreement of each gene set with its target."""
    found = [
        one.signature.agreement.assign(signature=name)
        for name, one in every.items()
        if len(one.signature.agreement)
    ]
    if not found:
        return None
    frame = with_interval(
        pd.concat(found, ignore_index=True), "ci_low", "ci_high", "interval", format_number
    )
    frame = frame.rename(columns={"by_chance": "chance"})
    columns = ["signature", "score", "measure", "value", "interval", "chance", "p", "n", "note"]
    return make_table(
        frame,
        columns,
        "Does the gene set stand for what it was derived from? Agreement of held-out scores with "
        "the target by cross-validation, genes chosen anew in each training part. Chance: the "
        "mean where the target is shuffled among patients and everything repeated, from which p "
        "comes too.",
    )


def _signatures_table(every: dict[str, DerivedSignature]) -> Table | None:
    """List the signatures."""
    frame = pd.DataFrame(
        [
            {
                "signature": name,
                "stands for": one.signature.target.get("source", ""),
                "method": one.signature.method.replace("_", " "),
                "genes": len(one.signature.templates),
                "scorer": one.signature.scorer.replace("_", " "),
                "SHA-256": one.signature.hash[:12],
            }
            for name, one in every.items()
        ]
    )
    return make_table(
        frame,
        list(frame.columns),
        "The signatures of this run. SHA-256: the first digits of the hash that locks content, "
        "scaling and cut-points; the file of the signature has it in full.",
    )


def _replication_table(every: dict[str, DerivedSignature], several: bool) -> Table | None:
    """Lay out whether each score replicates, in one verdict."""
    frame = _details(every, "replication")
    if frame.empty:
        return None
    columns = ["score", "endpoint", "scope", "verdict", "hr", "p_one_sided", "p_holm"]
    columns += ["random_null_p", "permuted_null_p", "direction", "n", "events", "note"]
    return make_table(
        frame,
        ["signature", *columns] if several else columns,
        "Does it replicate? One-sided test in the direction that the discovery cohort fixed, "
        "corrected by Holm over the scores. A score replicates where this p is at most 0.05, and "
        "so are those among random gene sets and among signatures of shuffled targets.",
    )


def verdict_sentences(every: dict[str, DerivedSignature]) -> list[str]:
    """Say of each signature which of its scores replicate, and in which cohorts."""
    sentences = []
    frame = _details(every, "replication")
    if frame.empty:
        return []
    frame = frame[(frame["verdict"] != "not tested") & (frame["scope"] != "negative controls")]
    for (signature, scope), rows in frame.groupby(["signature", "scope"], sort=False):
        held = rows[rows["verdict"] == "replicates"]
        tried = plural(len(rows), "score and endpoint", "scores and endpoints")
        names = [f"{row['score']} for {row['endpoint']}" for _, row in held.iterrows()]
        only = ", which is not independent" if scope == "cohorts of the same study" else ""
        sentences.append(
            f"In {scope}{only}, of {tried} of signature {clean(signature)} "
            + (
                f"{listing(names)} {'replicates' if len(names) == 1 else 'replicate'}"
                if names
                else "none replicates"
            )
            + " (one-sided test, random gene sets and shuffled targets together)."
        )
    return sentences


def _details(every: dict[str, DerivedSignature], part: str) -> pd.DataFrame:
    """Stack one of the further tables of all signatures."""
    found = [
        one.details[part].assign(signature=name)
        for name, one in every.items()
        if part in one.details and len(one.details[part])
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _verified(every: dict[str, DerivedSignature], part: str) -> pd.DataFrame:
    """Stack one of the tables of all verifications."""
    found = [
        table.assign(signature=name)
        for name, one in every.items()
        if one.verification is not None and len(table := getattr(one.verification, part))
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _meta_table(every: dict[str, DerivedSignature]) -> Table | None:
    frame = _verified(every, "meta")
    if frame.empty:
        return None
    frame = with_interval(frame, "hr_ci_low", "hr_ci_high", "hr_interval", format_ratio)
    columns = ["signature", "endpoint", "comparison", "scope", "model", "left_out", "cohorts"]
    columns += ["n", "events", "hr", "hr_interval", "p", "p_one_sided", "q", "q_p", "i2", "tau2"]
    return make_table(
        frame,
        [*columns, "note"],
        "Across cohorts: means of the log hazard ratios, and without each cohort in turn. Q, I2 "
        "and tau2 tell how much the cohorts differ beyond chance.",
    )


def _proportions_table(every: dict[str, DerivedSignature]) -> Table | None:
    frame = _verified(every, "proportions")
    if frame.empty:
        return None
    frame = with_interval(frame, "share_ci_low", "share_ci_high", "interval", format_number)
    columns = ["signature", "cohort", "subtype", "n", "share", "interval", "discovery_share"]
    return make_table(
        frame,
        columns,
        "Share of each subtype among those assigned elsewhere, beside the discovery cohort. None: "
        "patients whom the signature leaves unassigned.",
    )
