"""The section on signatures: their targets, and their replication in other cohorts."""

from collections.abc import Iterator

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Points, Section
from omicsfuse.report.sections.survival.log_rank import log_rank_name
from omicsfuse.report.sections.verification import cohorts, replication, signatures
from omicsfuse.report.sections.verification.signatures import every_signature, verified
from omicsfuse.report.words import listing, settings_of

REFERENCES = {
    "random": "Venet D, Dumont JE, Detours V. Most random gene expression signatures are "
    "significantly associated with breast cancer outcome. PLoS Comput Biol 2011;7:e1002240. "
    "doi:10.1371/journal.pcbi.1002240",
}

_TITLE = "Does the signature hold in other cohorts?"


def summary(results: RunResults) -> Iterator[str]:
    """Say whether the locked signatures replicate; else, what they show in each cohort."""
    if results.verification is None:
        return
    answers = replication.answers(every_signature(results))
    yield from answers or cohorts.survival_sentences(results.verification)


def caveats(results: RunResults) -> Iterator[str]:
    """Name what weakens a verification: cohorts, directions, agreement, random sets, controls."""
    every = every_signature(results)
    tests = verified(every, "table")
    if len(tests):
        yield from cohorts.relations(tests)
    yield from replication.caveats(every)
    yield from signatures.caveats(every)
    if len(tests):
        yield from cohorts.caveats(tests)


def content(results: RunResults) -> Content:
    """Say which scores replicate, how they compare with random gene sets, what they are."""
    every = every_signature(results)
    if not every:
        text = "Not tested: no signature was derived."
        return Content(_TITLE, (text,))
    tests = verified(every, "table")
    replicated = replication.sentences(every)
    assigned = (
        list(cohorts.survival_sentences(results.verification))
        if replicated and results.verification is not None
        else []
    )
    lists = (
        (
            "Replication: one-sided test, random gene sets and shuffled targets together.",
            replicated,
        ),
        ("Survival of the assigned subtypes:", assigned),
        (
            "Percentile: share of random gene sets of the same size that are less strongly "
            f"associated with survival. Below {cohorts.PERCENTILE:.0f}, a score is no better than "
            "random genes.",
            cohorts.null_sentences(tests),
        ),
    )
    texts: list[str] = [Points(lead, points) for lead, points in lists if points]
    texts += [signatures.derived_sentence(derived.signature) for derived in every.values()]
    verifications = [each.verification for each in every.values() if each.verification is not None]
    if not verifications:
        texts.insert(0, "Not verified: no external cohort was given.")
    elif tests.empty:
        texts.append("Nothing could be tested in the external cohorts.")
    else:
        texts.append(
            "Each external cohort was preprocessed by itself, blind to outcome. "
            + cohorts.scaling_sentences(tests)
            + " Cut-points were fixed in the discovery cohort."
        )
    names = {log_rank_name(test) for each in verifications for test in each.survival.values()}
    several = len(every) > 1
    return Content(
        _TITLE,
        tuple(texts),
        tables=[
            replication.replication_table(every),
            cohorts.tests_table(tests, names, several, control=False),
            cohorts.tests_table(tests, names, several, control=True),
            signatures.agreement_table(every),
        ],
        details=[
            signatures.signatures_table(every),
            replication.meta_table(every),
            replication.proportions_table(every),
        ],
    )


def figures(results: RunResults) -> Iterator[Plan]:
    """Figures of each signature: random sets first, hazard ratios, curves, means over cohorts."""
    every = every_signature(results)
    for number, (name, derived) in enumerate(every.items()):
        if derived.verification is not None:
            words = f"signature {clean(name)}" if len(every) > 1 else "the signature"
            stem = "" if number == 0 else name
            yield from cohorts.figures(derived.verification, stem, words)


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Say how the signature of the subtypes was locked, and how cohorts were opened."""
    if results.signature is None:
        return
    text = signatures.methods_text(results.signature)
    if results.verification is not None:
        n_random = settings_of(results, "signature").get("n_random")
        sets = f"{int(n_random):,} random gene sets" if n_random else "random gene sets"
        text += (
            " External cohorts were opened only afterwards; each was preprocessed by itself, blind "
            "to outcome. Their patients were assigned to subtypes by the signature alone, and its "
            f"scores were compared with {sets} of the same size {cite('random')}."
        )
        tests = {log_rank_name(comparison) for comparison in results.verification.survival.values()}
        if tests:
            text += f" Assigned subtypes were compared by the {listing(sorted(tests))}."
    yield text


SECTION = Section(
    "verification", content, figures, methods, REFERENCES, summary, caveats, on_subtypes=True
)
