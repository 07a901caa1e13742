"""What the page says of signatures elsewhere, of negative controls and of new patients."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from said import caveats, summary_sentences
from synthetic_results import make_results

from omicsfuse.core.results import (
    AGREEMENT_COLUMNS,
    ASSIGNMENT_COLUMNS,
    DISCOVERY_COLUMNS,
    VERIFICATION_COLUMNS,
    AssignmentEvidence,
    DerivedSignature,
    RunResults,
)
from omicsfuse.pipeline.asked_signatures import SignatureSettings
from omicsfuse.pipeline.folder import holds
from omicsfuse.pipeline.stages.signature import SIGNATURE, Locked, LockedSignatures
from omicsfuse.pipeline.stages.verify import VERIFY, Verified
from omicsfuse.report.page import methods_text
from omicsfuse.report.sections.assignment import SECTION as ASSIGNMENT
from omicsfuse.report.sections.assignment import assignment_sentences
from omicsfuse.report.sections.assignment import content as assignment_section
from omicsfuse.report.sections.assignment import figures as assignment_plans
from omicsfuse.report.sections.verification import SECTION
from omicsfuse.report.sections.verification import content as verification_section
from omicsfuse.report.sections.verification import figures as verification_plans
from omicsfuse.report.sections.verification.cohorts import survival_sentences
from omicsfuse.report.sections.verification.replication import answers as verdict_answers


def replicated(verdict: str, scope: str = "independent cohorts") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "signature": "texture", "endpoint": "os", "score": "texture", "scope": scope,
            "direction": "higher score, higher hazard", "cohort_names": "elsewhere",
            "n": 80, "events": 41, "hr": 1.4,
            "p_one_sided": 0.01, "p_holm": 0.01, "random_null_p": 0.02, "permuted_null_p": 0.03,
            "verdict": verdict, "note": "",
        },
        index=[0],
    )  # fmt: skip


def agreement(p: float) -> pd.DataFrame:
    row = ["texture", "spearman", 0.31, 0.1, 0.5, -0.02, p, 65, ""]
    return pd.DataFrame([row], columns=AGREEMENT_COLUMNS)


def two_signatures(p: float = 0.01, verdict: str = "replicates", **role: object) -> RunResults:
    """A run with a second signature, of an image feature."""
    results = make_results(n=90)
    first, found = results.signature, results.verification
    target = {"name": "texture", "kind": "continuous", "source": "feature texture of layer ct"}
    second = replace(
        first, name="texture", method="correlation", target=target, agreement=agreement(p)
    )
    elsewhere = replace(found, table=found.table.assign(**role) if role else found.table)
    details = {"replication": replicated(verdict)}
    return replace(
        results,
        signatures={
            first.name: DerivedSignature(first, pd.DataFrame(), found),
            "texture": DerivedSignature(
                second, pd.DataFrame({"gene": ["A"], "weight": [0.4]}), elsewhere, details
            ),
        },
    )


def test_each_signature_is_told_by_what_it_stands_for() -> None:
    section = verification_section(two_signatures())
    text = " ".join(section.paragraphs)
    assert "Its target is feature texture of layer ct (method correlation)" in text
    assert (
        "Its held-out score is associated with its target (spearman 0.31, -0.02 by chance, p = 0.01"
        in text
    )
    assert section.tables[0].caption.startswith("Replication of each score.")
    assert section.details[0].caption.startswith("The signatures of this run")


@pytest.mark.parametrize(
    ("trained_on", "said"),
    [
        (
            {"cohort": "hnsc", "study": "TCGA-HNSC", "layer": "rna", "n_labelled": 106,
             "n_patients": 65, "subtype_sizes": {"S1": 40, "S2": 25}, "patient_digests": ["a"]},
            " of layer rna, derived from 65 patients (of 106 with a value) of cohort hnsc, study "
            "TCGA-HNSC: S1 40 and S2 25. Its target is",
        ),
        (
            {"cohort": "x", "study": "", "n_labelled": 9, "n_patients": 9, "subtype_sizes": {}},
            ", derived from 9 patients of cohort x. Its target is",
        ),
        ({}, " on scale log2. Its target is"),
    ],
)  # fmt: skip
def test_a_signature_is_told_in_a_sentence_without_empty_slots_and_hashes(trained_on, said) -> None:
    results = make_results(n=90)
    signature = replace(results.signature, trained_on=trained_on, hash="0123456789abcdef" * 4)
    section = verification_section(replace(results, signature=signature))
    text = " ".join(section.paragraphs)
    assert said in text
    assert signature.hash not in text + " ".join(methods_text(results)[0])
    assert signature.hash in [cell.text for row in section.details[0].rows for cell in row]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("replicates", "Yes: the score replicates in elsewhere (80 patients, 41 events)."),
        (
            "not beyond random gene sets",
            "No: the score does not replicate in elsewhere (80 patients, 41 events).",
        ),
        (
            "does not replicate",
            "No: the score does not replicate in elsewhere (80 patients, 41 events).",
        ),
    ],
)
def test_the_verdict_stands_first_in_section_and_summary(verdict: str, said: str) -> None:
    results = two_signatures(verdict=verdict)
    assert list(SECTION.summary(results)) == [said]
    assert said in summary_sentences(results)
    score = "texture for os replicates" if said.startswith("Yes") else "no score replicates"
    assert (
        f"Signature texture, independent cohorts: {score} (1 score-endpoint pair)."
        in verification_section(results).paragraphs[0]
    )


def test_cohorts_of_the_same_study_are_not_called_independent() -> None:
    results = two_signatures()
    table = replicated("replicates", "cohorts of the same study")
    one = replace(results.signatures["texture"], details={"replication": table})
    (answer,) = verdict_answers({"texture": one})
    assert answer.startswith("In the same study only: the score replicates in elsewhere")


def with_discovery(log_hr: float, se: float, hr: float, fdr: float) -> RunResults:
    """A run whose second signature has this discovery, and this score above its cut-point."""
    results = two_signatures(verdict="does not replicate")
    derived = results.signatures["texture"]
    known = pd.DataFrame([["os", "texture", 65, 29, log_hr, se]], columns=DISCOVERY_COLUMNS)
    table = derived.verification.table.iloc[:1].assign(
        cohort="elsewhere", score="texture", contrast="above cut-point",
        comparison="texture score above cut-point", hr=hr, hr_ci_low=hr / 2, hr_ci_high=hr * 2,
        fdr=fdr,
    )  # fmt: skip
    derived = replace(
        derived,
        signature=replace(derived.signature, discovery=known),
        verification=replace(derived.verification, table=table),
    )
    return replace(results, signatures={"texture": derived})


def test_a_direction_that_discovery_does_not_settle_is_a_caveat() -> None:
    said = [text for text in caveats(with_discovery(0.15, 0.17, 1.0, 0.9)) if "Direction" in text]
    assert said == [
        "Direction uncertain, because the 95% interval of the HR per standard deviation in the "
        "discovery cohort includes 1 (os, 65 discovery patients, 29 events: texture 1.16 (0.83 to "
        "1.62)). One-sided tests take the direction of this HR and cannot show an effect in the "
        "other direction."
    ]
    settled = caveats(with_discovery(0.5, 0.17, 1.0, 0.9))
    assert not any("Direction" in text for text in settled)


@pytest.mark.parametrize(
    ("log_hr", "hr", "fdr", "told"),
    [(0.15, 0.39, 0.034, True), (-0.15, 0.39, 0.034, False), (0.15, 0.39, 0.2, False),
     (np.nan, 0.39, 0.034, False)],
)  # fmt: skip
def test_what_is_significant_against_discovery_is_in_the_answer(log_hr, hr, fdr, told) -> None:
    results = with_discovery(log_hr, 0.17, hr, fdr)
    said = [text for text in summary_sentences(results) if "against the direction" in text]
    assert said == (
        [
            "Significant against the direction of the discovery cohort: texture score above "
            "cut-point in elsewhere (os: HR 0.39 (0.20 to 0.78), FDR = 0.034)."
        ]
        if told
        else []
    )


def test_patients_without_a_subtype_are_told_from_those_who_were_scored() -> None:
    results = make_results(n=90)
    table = results.verification.table
    assigned = table["contrast"] == "assigned subtypes"
    few = replace(results.verification, table=table.assign(n=np.where(assigned, 65, 80)))
    (said,) = survival_sentences(few)
    assert "; 65 assigned of 80 patients, 41 events" in said
    plans = verification_plans(replace(results, verification=few))
    assert any(" Assigned: 65 of 80 patients." in plan.caption for plan in plans)
    (said,) = survival_sentences(results.verification)
    assert "assigned of" not in said


def test_a_gene_set_that_does_not_stand_for_its_target_is_a_caveat() -> None:
    assert not any("no evidence that its held-out" in text for text in caveats(two_signatures()))
    doubted = two_signatures(p=0.4)
    (found,) = [text for text in caveats(doubted) if "say little about the target" in text]
    assert found.startswith("Signature texture: There is no evidence that its held-out score")
    # What a caveat says is not said again.
    assert "held-out score" not in " ".join(verification_section(doubted).paragraphs)


def test_what_a_negative_control_shows_is_a_warning_and_no_finding() -> None:
    results = two_signatures(role="negative control", cohort="glioma", fdr=0.01)
    section = verification_section(results)
    captions = [table.caption for table in section.tables]
    assert any(caption.startswith("Negative controls.") for caption in captions)
    assert not any("glioma" in text for text in section.paragraphs)
    assert any("In the negative control glioma (os)" in text for text in caveats(results))


def test_files_of_a_second_signature_do_not_overwrite_those_of_the_first() -> None:
    results = two_signatures()
    full = {
        name: replace(
            one.verification,
            table=one.verification.table.reindex(columns=VERIFICATION_COLUMNS),
        )
        for name, one in results.signatures.items()
    }
    every = {
        name: replace(one, verification=full[name]) for name, one in results.signatures.items()
    }
    first = every[results.signature.name]
    locked = {name: Locked(name, one, (), SignatureSettings()) for name, one in every.items()}
    tables = {
        **SIGNATURE.tables(LockedSignatures(locked, ())),
        **VERIFY.tables(Verified(every, first)),
    }
    assert {"assigned_other_cohort.tsv", "scores_texture_other_cohort.tsv"} <= set(tables)
    assert all(holds(SIGNATURE, name) or holds(VERIFY, name) for name in tables)
    rows = tables["verification.tsv"]
    assert len(rows) == 2 * len(results.verification.table)
    assert list(tables["signature_genes.tsv"].columns) == ["signature", "gene", "weight"]
    assert tables["signature_agreement.tsv"]["signature"].tolist() == ["texture"]


def test_figures_of_two_signatures_have_names_of_their_own() -> None:
    names = [plan.name for plan in verification_plans(two_signatures())]
    assert len(names) == len(set(names))
    assert "verification_forest_texture" in names


def evidence(**more: object) -> AssignmentEvidence:
    rows = {
        "layers": ["ct", "rna", "ct + rna"], "n": 60, "accuracy": [0.45, 0.8, 0.85],
        "accuracy_ci_low": [0.3, 0.7, 0.75], "accuracy_ci_high": [0.6, 0.9, 0.93],
        "balanced_accuracy": 0.5, "no_information_rate": 0.4, "p": [0.3, 0.001, 0.001],
        "log_loss": 1.0, "brier_score": 0.5, "calibration_error": 0.05, "share_assigned": 0.6,
        "accuracy_of_assigned": 0.9, "note": "",
    }  # fmt: skip
    table = pd.DataFrame(rows)[ASSIGNMENT_COLUMNS].assign(n_layers=[1, 1, 2], **more)
    confusion = pd.DataFrame(
        {"layers": "ct", "subtype": ["S1", "S1"], "assigned": ["S1", "none"], "n": [9.0, 3.0]}
    )
    return AssignmentEvidence(None, table, confusion)


def test_new_patients_layer_by_layer() -> None:
    results = replace(make_results(n=60), assignment=evidence())
    first, second, third = assignment_sentences(results)
    assert first == (
        "ct: 45% of 60 (no-information rate 40%; p = 0.30, no evidence of prediction)."
    )
    assert second.startswith("rna: 80% of 60")
    assert third.startswith("ct + rna: 85%")
    assert list(ASSIGNMENT.summary(results)) == [
        "Yes: with ct + rna (best of 3 sets of layers), the most probable subtype is right for 85% "
        "of 60 held-out patients (largest subtype: 40%, p = 0.001); it is certain enough to be "
        "assigned for 60% of the patients, 90% of them rightly, and the classifier abstains for "
        "the others."
    ]
    (caveat,) = ASSIGNMENT.caveats(results)
    assert caveat.endswith("selected after the fact, which favours its accuracy.")
    section = assignment_section(results)
    assert section is not None
    assert len(section.details) == 1
    assert [plan.name for plan in assignment_plans(results)] == ["assignment"]


def test_nothing_to_say_of_new_patients() -> None:
    results = make_results(n=60)
    assert assignment_section(results) is None
    none = replace(results, assignment=evidence(accuracy=np.nan, p=np.nan))
    assert assignment_sentences(none) == ["Not tested: no set of layers has enough patients."]
    assert list(ASSIGNMENT.summary(none)) == []
    why = replace(results, assignment=evidence(accuracy=np.nan, note="one subtype"))
    assert assignment_sentences(why) == ["Not tested: one subtype."]
    assert list(assignment_plans(none)) == []
