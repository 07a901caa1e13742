"""The first screen: one status that weighs all reservations, five lines, three pictures."""

import json
from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from said import caveats, summary_sentences
from synthetic_results import make_results

from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.results import VERDICTS, DerivedSignature, RadiogenomicMap, RunResults
from omicsfuse.io.results import write_json
from omicsfuse.plot import choice as choice_plot
from omicsfuse.plot.small import known_label
from omicsfuse.report import summary_record
from omicsfuse.report.conclusion import (
    GIVEN,
    RESERVED,
    SUPPORTED,
    UNSUPPORTED,
    UNTESTED,
    _largest,
    conclude,
)
from omicsfuse.report.front import front, pictures
from omicsfuse.report.render import _arrows
from omicsfuse.report.sections import choice, data, layers
from omicsfuse.report.sections.choice import other_numbers
from omicsfuse.report.sections.clinical.technical import associated_variables
from omicsfuse.report.words import rule_of_k
from omicsfuse.stats.levels import SIGNIFICANCE


def sound() -> RunResults:
    """Results without anything to hold against them."""
    results = make_results(3, n=90)
    tests = results.assessment.tests.assign(n_draws=999)
    assessment = replace(results.assessment, tests=tests, p_shared=0.001, p_structure=0.001)
    return replace(results, assessment=assessment)


def names(results: RunResults) -> list[str]:
    return [each.name for each in conclude(results).reservations]


def with_shares(results: RunResults, shares: dict[int, float]) -> RunResults:
    """Results whose redraws choose each k so often."""
    table = results.subtypes.evidence["n_clusters"].assign(chosen_share=pd.Series(shares))
    evidence = {**results.subtypes.evidence, "n_clusters": table}
    return replace(results, subtypes=replace(results.subtypes, evidence=evidence))


def test_a_sound_result_is_supported_without_reservations() -> None:
    said = conclude(sound())
    assert (said.status, said.reservations) == (SUPPORTED, ())
    assert front(sound()).kind == "supported"


@pytest.mark.parametrize(
    ("verdict", "status"),
    [(VERDICTS[1], UNSUPPORTED), (VERDICTS[2], UNSUPPORTED), ("not tested", UNTESTED)],
)
def test_other_verdicts_have_a_status_of_their_own(verdict: str, status: str) -> None:
    results = make_results(3, n=90, verdict=verdict)
    assert conclude(results).status == status


def test_one_group_is_not_supported() -> None:
    said = conclude(make_results(1))
    assert (said.status, said.reservations) == (UNSUPPORTED, ())
    assert front(make_results(1)).lines[0].text == "All patients form one group."
    assert front(make_results(1)).subtypes == ()


@pytest.mark.parametrize(
    ("p", "draws", "reserved"),
    [
        (1 / 40, 39, True),
        (1 / 200, 199, False),
        (10 / 200, 199, True),
        (0.035, 999, False),
        (0.045, 999, True),
    ],
)
def test_p_values_that_more_draws_might_move_are_reserved(
    p: float, draws: int, reserved: bool
) -> None:
    results = sound()
    tests = results.assessment.tests.assign(n_draws=draws)
    assessment = replace(results.assessment, tests=tests, p_shared=0.001, p_structure=p)
    said = conclude(replace(results, assessment=assessment))
    assert [each.name for each in said.reservations] == ["draws"] * reserved
    assert said.status == (RESERVED if reserved else SUPPORTED)


def test_the_floor_names_the_budget_that_settles_it() -> None:
    results = sound()
    tests = results.assessment.tests.assign(n_draws=39)
    assessment = replace(results.assessment, tests=tests, p_shared=0.025, p_structure=0.025)
    (each,) = conclude(replace(results, assessment=assessment)).reservations
    assert each.text == (
        'p = 0.025 is the smallest possible with 39 draws; budget = "standard" can settle it '
        "(assessment 5 times as long)."
    )


def test_a_number_of_subtypes_that_other_redraws_would_change_is_reserved() -> None:
    assert names(with_shares(sound(), {2: 0.05, 3: 0.95})) == []
    unsettled = with_shares(sound(), {2: 0.34, 3: 0.63, 4: 0.03})
    (each,) = conclude(unsettled).reservations
    assert each.name == "number_of_subtypes"
    assert each.text == "Number uncertain: k = 3 in 63% of redraws, 2 in 34%."
    assert other_numbers(with_shares(sound(), {})).empty
    # A number that was asked for was not chosen.
    assert other_numbers(make_results(3)).empty


def test_unstable_subtypes_and_borderline_patients_are_reserved() -> None:
    weak = make_results(3, n=90, jaccard=0.5)
    assert "unstable" in names(weak)
    results = sound()
    n = len(results.subtypes.labels)
    patients = results.assessment.patients.assign(membership="borderline")
    assessment = replace(results.assessment, patients=patients)
    (each,) = conclude(replace(results, assessment=assessment)).reservations
    assert (each.name, each.text) == ("borderline", f"{n} of {n} patients are borderline members.")


def test_choosing_with_the_outcome_comes_first() -> None:
    settings = {"preprocess": {"select": "survival"}}
    first = conclude(replace(sound(), settings=settings)).reservations[0]
    assert first.name == "chosen_with_outcome"
    assert first.text == "Survival was used to choose features."


def test_the_first_screen_is_short() -> None:
    said = front(make_results(4, n=90, jaccard=0.5))
    words = ["Discovery cohort: simulated. Layers:", said.badge, said.facts, said.layers]
    words += said.reservations
    words += [f"{line.name} {line.text}" for line in said.lines]
    assert len(" ".join(words).split()) < 150
    assert [line.name for line in said.lines] == ["Groups", "Stability", "Survival", "Images"]
    assert [line.name for line in said.subtypes] == ["S1", "S2", "S3", "S4"]


def test_three_endpoints_with_signatures_are_short_too() -> None:
    results = with_p(make_results(3, n=90), 0.01, 0.02, endpoints=3)
    said = line(results, "Survival")
    assert said.startswith("Differs in overall survival (FDR 0.020, ")
    assert said.count("FDR") == 1
    assert said.count("events") == 1


def test_three_pictures_or_those_that_there_are() -> None:
    results = make_results(3)
    assert [plan.name for plan in pictures(results)] == [
        "front_survival", "front_map", "front_markers",
    ]  # fmt: skip
    bare = replace(results, survival={}, embedding=pd.DataFrame(), markers=pd.DataFrame())
    assert pictures(bare) == []
    for plan in pictures(results):
        drawn = plan.draw()
        assert (drawn[0] if isinstance(drawn, list) else drawn).figure is not None


def test_the_map_shows_a_known_label_beside_the_subtypes() -> None:
    results = make_results(3)
    assert results.cohort.known_labels
    label = known_label(results.cohort)
    assert label is not None
    plan = next(plan for plan in pictures(results) if plan.name == "front_map")
    left, right = plan.draw()
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("subtypes", label.name)
    assert known_label(replace(results.cohort, known_labels=())) is None


def test_the_record_is_json_and_says_what_the_page_says(tmp_path) -> None:
    results = make_results(3, n=90, jaccard=0.5)
    write_json(summary_record(results), tmp_path / "summary.json")
    read = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    said = conclude(results)
    assert read["status"] == said.status
    assert [each["name"] for each in read["reservations"]] == names(results)
    assert read["n_patients"] == len(results.subtypes.labels)
    assert sum(read["sizes"].values()) == read["n_patients"]
    assert [each["endpoint"] for each in read["survival"]] == list(results.survival)
    assert np.isclose(read["jaccard_mean"], 0.5, atol=0.1)
    assert [each["layer"] for each in read["imaging"]] == ["radiomics"]


@pytest.mark.parametrize(
    ("reached", "draws", "bound"),
    # binom.test(0, 39, alternative = "less")$conf.int and so on of R: none reached has the closed
    # form 1 - 0.05^(1 / n); half of the draws lie above one half.
    [(0, 39, 1 - 0.05 ** (1 / 39)), (0, 199, 1 - 0.05 ** (1 / 199)), (39, 39, 1.0)],
)
def test_the_bound_of_a_p_value_is_that_of_clopper_and_pearson(
    reached: int, draws: int, bound: float
) -> None:
    assert _largest((reached + 1) / (draws + 1), draws) == pytest.approx(bound, rel=1e-12)


def test_the_bound_leaves_five_per_cent_below() -> None:
    # By definition: with that probability so few draws or fewer are reached in 5 of 100.
    bound = _largest(11 / 200, 199)
    below = sum(comb(199, i) * bound**i * (1 - bound) ** (199 - i) for i in range(11))
    assert below == pytest.approx(0.05, rel=1e-9)


def test_patients_who_were_not_analysed_are_counted_first() -> None:
    results = make_results(3, n=90)
    n, whole = len(results.subtypes.labels), len(results.cohort.clinical)
    assert whole > n
    assert front(results).facts.startswith(f"{n} of {whole} patients ({whole - n} excluded), ")


def test_patients_outside_every_layer_and_dropped_layers_are_said() -> None:
    results = make_results(3, n=90)
    n, considered = len(results.subtypes.labels), len(results.fusion.coverage)
    more = pd.DataFrame(index=[f"EXTRA{i}" for i in range(5)])
    clinical = pd.concat([results.cohort.clinical, more])
    kept = {k: v for k, v in results.prepared.layers.items() if k != "mutation"}
    gone = Exclusion("preprocess", "mutation", "features", 9, "no usable feature: layer excluded")
    results = replace(
        results,
        cohort=replace(results.cohort, clinical=clinical),
        prepared=replace(results.prepared, layers=kept),
        fusion=replace(results.fusion, per_layer=dict.fromkeys(kept)),
        exclusions=(*results.exclusions, gone),
    )
    whole = len(clinical)
    first, second = data.summary(results)
    assert first.startswith(
        f"{n} of {whole} patients were analysed; {whole - n} excluded "
        f"({whole - considered} in no fused layer, {considered - n} without required layers). "
    )
    assert second == "Layer mutation was excluded: no usable feature."
    assert front(results).facts == (
        f"{n} of {whole} patients ({whole - n} excluded), 4 of 5 layers (mutation excluded: no "
        "usable feature), 3 subtypes"
    )
    # A layer that the study does not ask for was not excluded.
    assert data.dropped_layers(replace(results, exclusions=())) == []


def with_p(results: RunResults, p: float, fdr: float, endpoints: int = 1) -> RunResults:
    """Results whose every endpoint has this p-value and this false discovery rate."""
    plain = results.survival["os"]
    tests = plain.tests.assign(p_permutation=p, fdr=fdr)
    names = ["os", "pfi", "dss"][:endpoints]
    survival = {name: replace(plain, endpoint=name, tests=tests) for name in names}
    return replace(results, survival=survival)


def line(results: RunResults, name: str) -> str:
    return {each.name: each.text for each in front(results).lines}[name]


def test_a_p_value_at_the_level_is_significant_in_every_line() -> None:
    results = with_p(make_results(3, n=90), SIGNIFICANCE, SIGNIFICANCE)
    table = results.assessment.layers.assign(p_adds=SIGNIFICANCE, n_permutations=19)
    results = replace(results, assessment=replace(results.assessment, layers=table))
    assert line(results, "Survival").startswith("Differs in overall survival (p = 0.050, ")
    assert "radiomics shares structure" in line(results, "Images").replace("Radiomics", "radiomics")
    assert any("Overall survival (os) differs" in text for text in summary_sentences(results))


def test_of_several_endpoints_the_false_discovery_rate_decides() -> None:
    alone = with_p(make_results(3, n=90), 0.03, 0.06)
    assert line(alone, "Survival").startswith("Differs in overall survival (p = 0.030, ")
    several = with_p(make_results(3, n=90), 0.03, 0.06, endpoints=3)
    said = line(several, "Survival")
    assert said.startswith("No difference shown in overall survival (FDR 0.060, ")
    assert any(
        text.startswith("There is no evidence that overall survival (os) differs")
        for text in summary_sentences(several)
    )
    assert any(
        text.startswith("Not significant after correction for the number of endpoints: os (FDR")
        for text in caveats(several)
    )


def with_agreement(results: RunResults, alone: list[float], without: list[float]) -> RunResults:
    table = results.assessment.layers.assign(agreement_alone=alone, agreement_without=without)
    return replace(results, assessment=replace(results.assessment, layers=table))


@pytest.mark.parametrize(
    ("alone", "without", "said"),
    [
        (
            [0.3, 0.72, 0.4, 0.0, 0.1],
            [0.8, 0.45, 0.9, 1.0, 0.97],
            "subtypes rest most on expression (ARI 0.72 alone, 0.45 without)",
        ),
        (
            [0.3, 0.72, 0.4, 0.0, 0.1],
            [0.4, 0.85, 0.9, 1.0, 0.97],
            "closest layer expression (ARI 0.72)",
        ),
        (
            [0.3, 0.72, 0.4, 0.0, 0.1],
            [0.95, 0.92, 0.9, 1.0, 0.97],
            "closest layer expression (ARI 0.72)",
        ),
        (
            [0.1, 0.12, 0.1, 0.0, 0.1],
            [0.4, 0.85, 0.9, 1.0, 0.97],
            "no layer alone gives the subtypes (ARI 0.12 at most); largest change without "
            "radiomics (0.40)",
        ),
    ],
)
def test_the_layer_that_carries_the_subtypes_is_named(
    alone: list[float], without: list[float], said: str
) -> None:
    results = with_agreement(make_results(3, n=90), alone, without)
    assert layers.carried_by(results) == said
    assert line(results, "Groups").endswith(f"; {said}.")


def test_a_shown_effect_never_contradicts_the_rule() -> None:
    results = make_results(3, n=90)
    clinical = results.clinical.astype({"effect": float, "effect_ci_high": float})
    row = clinical["role"] == "technical"
    name = clinical.index[row][0]
    clinical.loc[name, ["fdr", "effect", "effect_ci_high"]] = [0.001, 0.498, 0.7]
    near = replace(results, clinical=clinical)
    assert "technical_variable" not in names(near)
    assert (
        (front(near).reservations[-1])
        == "Associated: tumour volume (radiomics) (epsilon squared 0.498)."
    )
    clinical = clinical.copy()
    clinical.loc[name, "effect"] = 0.502
    strong = replace(results, clinical=clinical)
    assert "technical_variable" in names(strong)
    assert "(epsilon squared 0.50)" in " ".join(front(strong).reservations)
    weak = make_results(3, n=90)
    stability = weak.assessment.stability.assign(jaccard_mean=0.748)
    weak = replace(weak, assessment=replace(weak.assessment, stability=stability))
    assert line(weak, "Stability").startswith("Mean Jaccard 0.748: no subtype stable")


def test_a_layer_at_the_floor_of_its_copies_says_so() -> None:
    results = make_results(3, n=90)
    table = results.assessment.layers.assign(p_adds=0.05, n_permutations=19)
    floor = replace(results, assessment=replace(results.assessment, layers=table))
    said = {line.name: line.text for line in front(floor).lines}
    assert "(p = 0.050, the smallest possible with 19 copies)" in said["Images"]
    more = replace(
        floor, assessment=replace(floor.assessment, layers=table.assign(n_permutations=99))
    )
    assert "smallest possible" not in {line.name: line.text for line in front(more).lines}["Images"]


def test_the_line_on_survival_names_what_is_beyond_covariates_and_elsewhere() -> None:
    results = make_results(3, n=90)
    table = results.survival["os"].added_value.assign(p_permutation=np.nan)
    table.loc[table["measure"] == "likelihood ratio", "p"] = 0.019
    survival = {"os": replace(results.survival["os"], added_value=table)}
    judged = pd.DataFrame(
        {
            "endpoint": "os", "scope": "cohorts of the same study", "cohort_names": "elsewhere",
            "verdict": ["replicates", "does not replicate"], "score": ["S1", "S2"],
        }
    )  # fmt: skip
    derived = DerivedSignature(
        results.signature, pd.DataFrame(), results.verification, {"replication": judged}
    )
    results = replace(results, survival=survival, signatures={"demonstration": derived})
    said = line(results, "Survival")
    assert "; beyond age, stage p = 0.019;" in said.replace(" and stage", ", stage")
    assert said.endswith("; gene signature: 1 of 2 scores replicate (1 cohort).")
    record = summary_record(results)
    assert record["survival"][0]["p_beyond_covariates"] == 0.019
    assert record["covariates"] == list(results.cohort.covariates)
    assert record["replication"] == [
        {"scope": "cohorts of the same study", "cohorts": 1, "scores": 2, "replicate": 1}
    ]


def test_volume_and_purity_are_named_before_other_technical_variables() -> None:
    results = make_results(3, n=90)
    table = pd.DataFrame(
        {
            "role": "technical", "fdr": 0.01, "effect": [0.32, 0.1, 0.2, 0.05],
            "effect_ci_high": 0.4, "effect_name": "effect", "volume_of": ["", "ct", "", ""],
        },
        index=["site", "tumour volume (ct)", "batch", "purity"],
    )  # fmt: skip
    named = associated_variables(replace(results, clinical=table)).index
    assert list(named) == ["tumour volume (ct)", "purity", "site", "batch"]


def test_the_small_heatmap_has_fused_layers_only() -> None:
    results = make_results(3, n=90)
    fused = list(results.fusion.per_layer)
    assert set(results.markers["layer"]) > {fused[0]}
    only = replace(results.fusion, per_layer={fused[0]: results.fusion.per_layer[fused[0]]})
    (plan,) = (p for p in pictures(replace(results, fusion=only)) if p.name == "front_markers")
    assert set(plan.draw.args[0]["layer"]) == {fused[0]}


def test_few_patients_at_risk_at_a_median_are_counted() -> None:
    results = make_results(3, n=90)
    comparison = results.survival["os"]
    name = results.subtypes.names[0]
    medians = comparison.medians.copy()
    medians.loc[name, ["median", "ci_low", "ci_high"]] = [500.0, 300.0, 900.0]
    for at_risk, told in ((2, True), (12, False)):
        curves = pd.DataFrame(
            {"subtype": name, "time": [0.0, 500.0, 900.0], "at_risk": [34, at_risk, 1]}
        )
        one = replace(comparison, medians=medians, curves=curves)
        said = front(replace(results, survival={"os": one})).subtypes[0].survival
        assert ("; 2 at risk)" in said) == told


def test_the_record_counts_what_the_line_on_images_counts() -> None:
    results = make_results(3, n=90)
    table = results.assessment.layers.assign(shared_gain=0.1, p_adds=0.05, n_permutations=19)
    none = pd.DataFrame()
    families = pd.DataFrame(
        {
            "layer": ["expression", "gene sets"], "found": [3, 1], "tests": [100, 50],
            "kept": [2, 0],
        }
    )  # fmt: skip
    mapped = RadiogenomicMap(none, none, families, params={"adjusted_for": ["tumour volume"]})
    assessment = replace(results.assessment, layers=table)
    results = replace(results, assessment=assessment, radiogenomics=mapped)
    record = summary_record(results)
    (images,) = record["imaging"]
    assert (images["layer"], images["p"], images["n_permutations"]) == ("radiomics", 0.05, 19)
    assert images["p_floor"] == 0.05
    assert record["associations"] == {
        "tests": 150, "found": 4, "with_scores": 1, "after_adjustment": 2,
    }  # fmt: skip
    assert (
        "4 molecular associations in 150 tests (1 with scores), 2 after adjustment for tumour "
        "volume." in line(results, "Images")
    )
    scores = replace(mapped, families=families.assign(layer=["immune scores", "gene sets"]))
    assert ", all with scores, 2 after adjustment" in line(
        replace(results, radiogenomics=scores), "Images"
    )
    assert summary_record(replace(results, radiogenomics=None))["associations"] is None
    assert record["n_patients"] + record["n_excluded"] == len(results.cohort.clinical)
    assert record["layer_agreement"]["expression"] == {"alone": 0.72, "without": 0.45}
    assert [each["differs"] for each in record["survival"]] == [True]


def test_the_fields_of_the_record_are_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    missing = [key for key in summary_record(make_results(3)) if f"`{key}`" not in text]
    assert missing == []
    for status in (SUPPORTED, RESERVED, UNSUPPORTED, UNTESTED, GIVEN):
        assert f"| {status} |" in text


def test_the_caption_of_the_choice_of_k_states_the_rule_that_was_used() -> None:
    results = make_results(3)
    (plan,) = [each for each in choice.figures(results) if each.name == "choice_of_k"]
    assert rule_of_k(results) in plan.caption
    assert "Only the gain over a continuum decides" in plan.caption
    chosen_by = {**results.settings, "subtypes": {"choose": "survival"}}
    (plan,) = [
        each
        for each in choice.figures(replace(results, settings=chosen_by))
        if each.name == "choice_of_k"
    ]
    assert "Only the gain" not in plan.caption
    assert "larger is better" not in choice_plot.CRITERIA[0][2]


def test_signs_of_markers_are_named_and_other_text_is_escaped() -> None:
    shown = _arrows("rna \u25b2 A<b> \u25bc B")
    assert shown == (
        'rna <span class="raised" role="img" aria-label="raised">\u25b2</span>&nbsp;A&lt;b&gt; '
        '<span class="lowered" role="img" aria-label="lowered">\u25bc</span>&nbsp;B'
    )
