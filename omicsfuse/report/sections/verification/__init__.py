"""The section on signatures: what they stand for, and what holds in other cohorts."""

from collections.abc import Iterator

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
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
    """Say what the locked signatures show in each external cohort."""
    if results.verification is None:
        return
    every = every_signature(results)
    yield from cohorts.survival_sentences(results.verification)
    yield from replication.sentences(every)
    yield from cohorts.null_sentences(verified(every, "table"))


def caveats(results: RunResults) -> Iterator[str]:
    """Name what weakens a verification: cohorts, poor agreement, random sets, controls."""
    every = every_signature(results)
    tests = verified(every, "table")
    if len(tests):
        yield from cohorts.relations(tests)
    yield from signatures.caveats(every)
    if len(tests):
        yield from cohorts.caveats(tests)


def content(results: RunResults) -> Content:
    """Say how the signatures do against random gene sets, what they are, what holds elsewhere."""
    every = every_signature(results)
    if not every:
        text = "No signature was derived, so there is nothing to verify in other cohorts."
        return Content(_TITLE, (text,))
    tests = verified(every, "table")
    texts = [
        *replication.sentences(every),
        *cohorts.null_sentences(tests),
        *(signatures.derived_sentence(derived.signature) for derived in every.values()),
    ]
    verifications = [each.verification for each in every.values() if each.verification is not None]
    if not verifications:
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
            + cohorts.scaling_sentences(tests)
            + " Cut-points were fixed in the discovery cohort; none was searched for elsewhere."
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
            "to outcome. There patients were assigned to subtypes by the signature alone, and its "
            f"scores were set against {sets} of the same size {cite('random')}."
        )
        tests = {log_rank_name(comparison) for comparison in results.verification.survival.values()}
        if tests:
            text += f" Assigned subtypes were compared by the {listing(sorted(tests))}."
    yield text


SECTION = Section(
    "verification", content, figures, methods, REFERENCES, summary, caveats, on_subtypes=True
)
