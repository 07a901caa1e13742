"""The report for runs of several shapes: complete, honest, escaped, self-contained, repeatable."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from said import caveats, summary_sentences
from synthetic_results import make_results

from omicsfuse.core.cohort import Exclusion
from omicsfuse.report import write_report
from omicsfuse.report.page import methods_text
from omicsfuse.report.sections.biology import content as biology_section
from omicsfuse.report.sections.network import figures as network_figures
from omicsfuse.report.sections.survival import content as survival_section
from omicsfuse.report.sections.verification import content as verification_section

EVIL = "<script>alert(1)</script>"


class Page(HTMLParser):
    """Tags with attributes, and the text of a page."""

    def __init__(self, path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def written(results, folder) -> Page:
    write_report(results, folder)
    return Page(folder / "report.html")


@pytest.fixture(scope="module")
def results():
    return make_results()


@pytest.fixture(scope="module")
def folder(full_report):
    return full_report


@pytest.fixture(scope="module")
def page(folder) -> Page:
    return Page(folder / "report.html")


def test_full_report_says_what_came_out(page):
    for sentence in (
        "5 layers (radiomics, expression, methylation, mutation and copy_number) of 56 patients",
        "56 of 60 patients were analysed; 4 excluded (4 without required layers).",
        "The network was cut into 3 subtypes",
        "the smallest of 2 to 6 whose normalised cut is best",
        "Yes: all subtypes are stable when patients are resampled (mean Jaccard similarity 0.81; "
        "lowest 0.77, S3; stable: 0.75 or more)",
        "The number of subtypes was fixed and preprocessing was not re-fitted in the resamples",
        "80% of the patients without replacement",
        "is partly circular: label and subtypes rest on the same data",
        "over the endpoints for overall tests, within an endpoint for pairs",
        "p-values of Cox models are not adjusted for multiplicity",
        "no evidence of a difference in survival between assigned subtypes for os (log-rank test "
        "by permutation, p =",
        "from the log-rank test by permutation for assigned subtypes",
        "Each external cohort was preprocessed by itself, blind to outcome",
        "give this report again, byte for byte",
        "Overall survival (os) differs between subtypes (log-rank, permutation p = 0.005; ",
        "18 of 20 signature genes found",
        "Nat Methods 2014;11:333-337",
        "K = 12 neighbours, mu = 0.5, 20 iterations",
        "n_neighbors was lowered from 20 to 12",
        "ab" * 32,
        "ef" * 6,
        "81.2",
        "near-constant",
        "Agreement with known labels (adjusted Rand index, 1 for identical groupings): "
        "planted_subtype 0.81 (V 0.90, FDR < 0.001).",
    ):
        assert sentence in page.text, sentence


def test_page_is_accessible(page):
    tags = dict(page.tags)
    assert tags["html"]["lang"] == "en"
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == 1
    assert names.count("figure") == names.count("figcaption") == 26
    for tag, attributes in page.tags:
        if tag == "th":
            assert attributes["scope"] in ("row", "col")
        if tag == "img":
            assert attributes["alt"]
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [a["href"] for tag, a in page.tags if tag == "a"]
    targets = [link[1:] for link in links if link.startswith("#")]
    assert len(targets) == 15
    assert set(targets) <= set(ids)


def test_page_loads_nothing_from_elsewhere(page, folder):
    source = page.source
    scripts = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    assert len(scripts) == source.count("<script") == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in source
    assert "link" not in {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "srcset", "data", "action"):
            value = attributes.get(name)
            own = value is None or value.startswith(("#", "data:image/png"))
            own |= tag == "a" and (folder / str(value)).is_file()
            assert own, (tag, value)
    assert not re.search(r"url\((?!#)", source)
    assert "@import" not in source
    assert "http://" not in source
    assert "https://" not in source


def test_every_clip_and_marker_is_on_the_page(page):
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    used = set(re.findall(r"url\(#([^)]+)\)", page.source))
    used |= {a["href"][1:] for tag, a in page.tags if tag == "use"}
    assert used
    assert used <= ids


def test_text_from_data_is_escaped(tmp_path):
    results = make_results()
    fusion, prepared, assessment = results.fusion, results.prepared, results.assessment
    rename = {name: f"{EVIL}{name}" for name in prepared.layers}
    patients = {p: f"{p}{EVIL}" for p in fusion.coverage.index}
    layers = {
        rename[name]: replace(
            layer,
            scaled=layer.scaled.rename(patients),
            values=layer.values.rename(patients),  # noqa: PD011
        )
        for name, layer in prepared.layers.items()
    }
    subtypes = results.subtypes
    evidence = {name: table.rename(patients) for name, table in subtypes.evidence.items()}
    comparison = results.survival["os"]
    named = {"model": EVIL, "term": EVIL, "note": EVIL}
    comparison = replace(
        comparison,
        endpoint=EVIL,
        unit=EVIL,
        tests=comparison.tests.assign(note=EVIL),
        proportional=comparison.proportional.assign(endpoint=EVIL, p=0.01, **named),
        residuals=comparison.residuals.assign(model=EVIL, term=EVIL),
        diagnostics=comparison.diagnostics.assign(method=EVIL, strata=EVIL),
        added_value=comparison.added_value.assign(endpoint=EVIL, measure=EVIL, note=EVIL),
        calibration=comparison.calibration.assign(model=EVIL),
        decision=comparison.decision.assign(model=EVIL),
    )
    verification = results.verification
    evil = replace(
        results,
        name=EVIL,
        settings={EVIL: {EVIL: EVIL}},
        cohort=replace(
            results.cohort,
            name=EVIL,
            clinical=results.cohort.clinical.rename(index=patients, columns={"age": EVIL}),
            omics={
                name: replace(layer, table=layer.table.rename(patients))
                for name, layer in results.cohort.omics.items()
            },
            covariates=(EVIL,),
        ),
        prepared=replace(prepared, layers=layers),
        fusion=replace(
            fusion,
            affinity=fusion.affinity.rename(index=patients, columns=patients),
            per_layer={rename[name]: table for name, table in fusion.per_layer.items()},
            coverage=fusion.coverage.rename(index=patients, columns=rename),
            params={**fusion.params, "metrics": {rename[n]: EVIL for n in prepared.layers}},
        ),
        subtypes=replace(
            subtypes,
            labels=subtypes.labels.rename(patients),
            evidence=evidence,
            params={"rule": EVIL},
        ),
        assessment=replace(
            assessment,
            layers=assessment.layers.rename(index=rename),
            patients=assessment.patients.rename(index=patients),
            consensus=assessment.consensus.rename(index=patients, columns=patients),
            subtype_layers=assessment.subtype_layers.replace({"layer": rename}),
            feature_groups=assessment.feature_groups.rename(index=lambda name: EVIL + name),
            sensitivity=assessment.sensitivity.assign(setting=EVIL, value=EVIL, note=EVIL),
        ),
        embedding=results.embedding.rename(patients),
        survival={EVIL: comparison},
        clinical=results.clinical.rename(index=lambda name: EVIL + name),
        markers=results.markers.assign(layer=results.markers["layer"].map(rename), test=EVIL),
        enrichment=results.enrichment.assign(
            gene_set=EVIL, leading_genes=[(EVIL,)] * len(results.enrichment)
        ),
        signature=replace(results.signature, name=EVIL, trained_on={EVIL: EVIL}),
        verification=replace(
            verification,
            table=verification.table.assign(cohort=EVIL, note=EVIL),
            survival={EVIL: next(iter(verification.survival.values()))},
        ),
        exclusions=(Exclusion(EVIL, EVIL, EVIL, 1, EVIL, (EVIL,)),),
        warnings=(EVIL, '"><img src=x onerror=alert(1)>'),
        provenance={"versions": {EVIL: EVIL}, "inputs": {EVIL: EVIL}, "seed": EVIL},
    )
    page = written(evil, tmp_path)
    # The one script is the page's own.
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert EVIL in page.text
    for path in (tmp_path / "figures").iterdir():
        assert re.fullmatch(r"[A-Za-z0-9_-]+\.(svg|png)", path.name)
        assert b"<script" not in path.read_bytes()


def test_same_results_give_the_same_bytes(results, folder, tmp_path):
    other = replace(results, provenance={**results.provenance, "seconds": {"fuse": 99.0}})
    write_report(other, tmp_path)
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert len(files) == 1 + 2 * 26
    for name in files:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_no_clinical_table(tmp_path):
    page = written(make_results(with_clinical=False, with_external=False), tmp_path)
    assert "There is no clinical column to compare the subtypes with." in page.text
    assert "Survival was not compared: there is no clinical table." in page.text
    assert "Not verified: no external cohort was given." in page.text
    assert "Kaplan-Meier" not in " ".join(methods_text(make_results(with_clinical=False))[0])


def test_one_subtype_and_no_enrichment(tmp_path):
    page = written(make_results(1), tmp_path)
    assert "All patients form one group" in page.text
    assert "There is only one group: subtypes cannot be compared." in page.text
    assert "All patients form one group: features cannot be compared." in page.text
    assert "All patients form one group: clinical variables cannot be compared." in page.text
    assert "Not tested: no signature was derived." in page.text


def test_few_events_give_no_verdict_on_survival(tmp_path, monkeypatch):
    monkeypatch.setattr("omicsfuse.report.render.draw_figures", lambda *_: [])
    page = written(make_results(few_events=True, with_external=False), tmp_path)
    assert "Overall survival (os) was not tested (no p-value: fewer than 10 events;" in page.text
    assert "differs between subtypes" not in page.text


@pytest.mark.parametrize(
    ("shape", "warned"),
    [
        ({"p": 0.3}, "A test that is not significant does not show equal survival (os, "),
        ({"p": 0.045}, "lie on different sides of 0.05: os (p = 0.045, permutation p = "),
        ({"k": 8}, "fewer than 10 patients"),
    ],
)
def test_weaknesses_are_named(shape, warned):
    assert any(warned in text for text in caveats(make_results(**shape)))


def test_significance_that_random_genes_match_is_named():
    results = make_results(n=90)
    table = results.verification.table.assign(p=0.02)
    found = caveats(replace(results, verification=replace(results.verification, table=table)))
    assert "other cohort (os), S1 score per SD has p = 0.020, but 19% of random" in found[0]


def test_good_result_has_no_caveat():
    assert caveats(make_results(n=90)) == []


def test_empty_verification_table():
    results = make_results()
    verification = replace(results.verification, table=pd.DataFrame(), assignments={}, survival={})
    section = verification_section(replace(results, verification=verification))
    assert "Nothing could be tested in the external cohorts." in section.paragraphs
    assert section.tables == ()


def test_methods_follow_the_settings_used(results):
    params = {**results.fusion.params, "variant": "snfpy", "engine": "snfpy", "n_iterations": 7}
    fusion = replace(results.fusion, params=params)
    paragraphs, references = methods_text(replace(results, fusion=fusion))
    text = " ".join(paragraphs)
    assert "variant snfpy, engine snfpy" in text
    assert "7 iterations" in text
    cited = {int(n) for group in re.findall(r"\[([\d, ]+)\]", text) for n in group.split(", ")}
    assert cited == set(range(1, len(references) + 1))
    assert any("snfpy" in reference for reference in references)


@pytest.mark.parametrize(
    ("method", "name", "source"), [("umap", "UMAP", "McInnes"), ("tsne", "t-SNE", "Maaten")]
)
def test_the_map_names_its_method(results, method, name, source) -> None:
    results = replace(results, embedding=results.embedding.assign(method=method))
    paragraphs, references = methods_text(results)
    cited = re.search(rf"The 2-D map was drawn with {name} \[(\d+)\]\.", " ".join(paragraphs))
    assert source in references[int(cited[1]) - 1]
    assert sum("McInnes" in line or "Maaten" in line for line in references) == 1
    caption = next(plan.caption for plan in network_figures(results) if plan.name == "patient_map")
    assert caption.startswith(f"The fused network in two dimensions ({name}).")


def test_methods_without_a_map_name_none(results) -> None:
    text = methods(replace(results, embedding=results.embedding.iloc[:0]))
    assert "2-D map" not in text


def methods(results) -> str:
    return " ".join(methods_text(results)[0])


def with_verification(results, **changes):
    """Results whose table of verification has other columns."""
    verification = results.verification
    table = verification.table.assign(**changes)
    return replace(results, verification=replace(verification, table=table))


@pytest.mark.parametrize(
    ("jaccard", "said"),
    [
        (0.85, "Yes: all subtypes are stable when patients are resampled (mean Jaccard similarity"),
        (0.8, "In part: when patients are resampled, S1 and S2 are stable, and S3 is not"),
        (0.5, "No: no subtype is stable when patients are resampled"),
    ],
)
def test_one_threshold_decides_whether_subtypes_are_stable(jaccard, said):
    text = " ".join(summary_sentences(make_results(jaccard=jaccard)))
    assert said in text
    assert "stable: 0.75 or more" in text


def test_methods_name_what_computed_survival(results):
    text = methods(results)
    assert "Kaplan-Meier estimates were computed with lifelines" in text
    assert "; omicsfuse itself computed the log-rank test and its permutation, Cox models, " in text
    assert "and the measures of added value." in text
    assert "Survival was computed with lifelines" not in text


def test_methods_say_adjusted_only_where_a_model_was(results):
    comparison = results.survival["os"]
    cox = comparison.cox
    row = cox[cox["model"] == "multivariable"].iloc[[0]]
    covariates = pd.concat(
        [
            row.assign(term="age", covariate="age", hr=1.1),
            row.assign(term="stage (per step)", covariate="stage", hr=float("nan")),
        ]
    )

    def text_for(table) -> str:
        survival = {"os": replace(comparison, cox=table)}
        return methods(replace(results, survival=survival))

    assert results.cohort.covariates == ("age", "stage")
    assert "adjusted for age;" in text_for(pd.concat([cox, covariates]))
    # The term of another column, "age: group", with the level "old".
    other = row.assign(term="age: group: old vs young", covariate="age: group", hr=1.1)
    assert "adjusted for age" not in text_for(pd.concat([cox, other]))
    assert "adjusted for" not in text_for(cox[cox["model"] == "univariable"]).replace(
        "not adjusted for multiplicity", ""
    )
    missing = text_for(cox.assign(hr=float("nan")))
    assert "Cox" not in missing
    assert "Kaplan-Meier estimates were computed with lifelines" in missing


def test_methods_describe_enrichment_and_external_cohorts(results):
    text = methods(results)
    assert "ranked by the moderated t of the subtype against the rest" in text
    assert "compared with 1,000 random sets of the same size. This permutes genes" in text
    assert "too small where genes of a set are correlated" in text
    assert "each was preprocessed by itself, blind to outcome" in text
    assert "Assigned subtypes were compared by the log-rank test by permutation." in text


def test_external_log_rank_without_permutations_is_called_asymptotic(results):
    verification = results.verification
    survival = {
        name: replace(comparison, tests=comparison.tests.assign(p_permutation=float("nan")))
        for name, comparison in verification.survival.items()
    }
    other = replace(results, verification=replace(verification, survival=survival))
    assert "(asymptotic log-rank test, p = 0.21;" in " ".join(summary_sentences(other))
    caption = verification_section(other).tables[0].caption
    assert "from the asymptotic log-rank test for assigned subtypes" in caption


def test_fused_layers_and_others_are_told_apart(results):
    assert "were not fused" not in biology_section(results).paragraphs[0]
    per_layer = {k: v for k, v in results.fusion.per_layer.items() if k != "methylation"}
    fusion = replace(results.fusion, per_layer=per_layer)
    text = biology_section(replace(results, fusion=fusion)).paragraphs[0]
    assert "fused layers (radiomics, expression, mutation and copy_number)" in text
    assert "Layers that were not fused (methylation) took no part" in text


def mirrored():
    """Results with two subtypes, whose rows repeat each other with the sign turned round."""
    results = make_results(2)

    def both(table, column):
        first = table[table["subtype"] == "S1"].copy()
        first.loc[first.index[::2], column] *= -1
        second = first.assign(subtype="S2", **{column: -first[column]})
        return pd.concat([first, second], ignore_index=True)

    markers, enrichment = both(results.markers, "effect"), both(results.enrichment, "nes")
    return replace(results, markers=markers, enrichment=enrichment)


def test_two_subtypes_are_compared_once():
    results = mirrored()
    section = biology_section(results)
    n = len(results.markers) // 2
    said = " ".join(summary_sentences(results))
    assert f"{n} of {n} comparisons of a feature between S1 and S2" in said
    assert "A feature raised in S1 is lowered in S2" in section.paragraphs[0]
    for table in section.details:
        place = [heading.text for heading in table.headings].index("S1 vs S2")
        assert {row[place].text for row in table.rows} == {"raised", "lowered"}
        assert "subtype" not in [heading.text for heading in table.headings]
    comparisons = [row[1].text for row in survival_section(results).tables[0].rows]
    assert comparisons == ["overall"]


def test_comparisons_without_p_are_not_counted(results):
    markers = results.markers.copy()
    markers.loc[markers.index[:4], ["p", "fdr"]] = float("nan")
    text = " ".join(summary_sentences(replace(results, markers=markers)))
    assert f"{len(markers) - 4} of {len(markers) - 4} comparisons" in text


def test_several_endpoints_are_corrected_for():
    results = make_results(n=90, p=0.03)
    comparison = results.survival["os"]
    tests = comparison.tests.copy()
    tests.loc[0, "fdr"] = 0.06
    comparison = replace(comparison, tests=tests)
    alone = replace(results, survival={"os": comparison})
    assert "FDR over the endpoints" not in " ".join(summary_sentences(alone))
    assert caveats(alone) == []
    both = replace(results, survival={"os": comparison, "pfi": comparison})
    assert "permutation p = 0.036, FDR over the endpoints = 0.060;" in " ".join(
        summary_sentences(both)
    )
    said = "Not significant after correction for the number of endpoints: os (FDR = 0.060)"
    assert any(said in text for text in caveats(both))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"same_study": "yes"}, "other cohort is of the same study as the discovery cohort"),
        ({"same_study": "by name"}, "By its name, other cohort is of the same study"),
        ({"same_study": "no", "note": "thought not independent"}, ""),
        ({"same_study": ""}, ""),
    ],
)
def test_cohorts_of_the_same_study_are_named(changes, said):
    found = caveats(with_verification(make_results(n=90), **changes))
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_lists_of_patients_stay_out_of_the_page(results):
    trained = {**results.signature.trained_on, "patient_digests": ["0a1b", "2c3d"]}
    signature = replace(results.signature, trained_on=trained)
    text = verification_section(replace(results, signature=signature)).paragraphs[1]
    assert "of layer expression, derived from 56 patients of cohort simulated." in text


def test_the_table_says_which_tests_and_notes_the_study_below(results):
    note = "same study as the training cohort: internal-external, not independent"
    changed = with_verification(results, same_study="yes", test="Wald", note=note)
    table = verification_section(changed).tables[0]
    assert "p is from the Wald test for hazard ratios" in table.caption
    assert any(note in text for text in table.notes)
    # Columns that every row repeats would push the numbers out of the page.
    assert not {"test", "note", "same study"} & {h.text for h in table.headings}


def test_a_layer_that_carries_everything_is_named() -> None:
    results = make_results()
    layers = results.assessment.layers.copy()
    layers["agreement_without"] = 0.95
    layers.loc[layers.index[0], "agreement_without"] = 0.2
    assessment = replace(results.assessment, layers=layers)
    found = caveats(replace(results, assessment=assessment))
    assert sum("depend on" in text for text in found) == 1
    assert any(f"depend on {layers.index[0]} (0.20): " in text for text in found)


def test_a_difference_that_goes_with_the_covariates_is_named() -> None:
    results = make_results(k=2)
    endpoint, comparison = next(iter(results.survival.items()))
    cox = pd.DataFrame(
        {
            "endpoint": endpoint,
            "model": ["univariable", "multivariable", "multivariable"],
            "term": ["S2 vs S1", "S2 vs S1", "age"],
            "covariate": ["", "", "age"],
            "reason": "",
            "n": 90,
            "events": 40,
            "hr": [0.53, 0.72, 1.01],
            "hr_ci_low": 0.4,
            "hr_ci_high": 1.3,
            "p": [0.024, 0.27, 0.4],
            "note": "",
        }
    )
    survival = {endpoint: replace(comparison, cox=cox)}
    found = caveats(replace(results, survival=survival))
    said = (
        "Not significant after adjustment for the covariates: S2 vs S1 in os (hazard ratio 0.72, "
        "p = 0.27; unadjusted 0.53, p = 0.024)."
    )
    assert said in found
    cox["p"] = [0.024, 0.03, 0.4]
    found = caveats(replace(results, survival={endpoint: replace(comparison, cox=cox)}))
    assert not any("after adjustment" in text for text in found)
