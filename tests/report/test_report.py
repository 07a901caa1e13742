"""The report for runs of several shapes: complete, honest, escaped, self-contained, repeatable."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from synthetic_results import make_results

from omicsfuse.cohort import Loss
from omicsfuse.report import write_report
from omicsfuse.report.caveats import caveats
from omicsfuse.report.findings import verification_section
from omicsfuse.report.methods import methods_text

EVIL = "<script>alert(1)</script>"


class Page(HTMLParser):
    """Tags with attributes, and the text of a page."""

    def __init__(self, path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

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
def folder(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_report(results, folder)
    return folder


@pytest.fixture(scope="module")
def page(folder) -> Page:
    return Page(folder / "report.html")


def test_full_report_says_what_came_out(page):
    for sentence in (
        "5 layers (radiomics, expression, methylation, mutation and copy_number) of 56 patients",
        "4 of 60 patients lack a layer and were left out",
        "The network was cut into 3 subtypes",
        "best of 2 to 6 by eigengap and mean silhouette",
        "the subtypes are stable: mean Jaccard similarity 0.76",
        "For endpoint os, survival differs between subtypes (log-rank p = 0.004, permutation p",
        "18 of 20 signature genes found",
        "Nat Methods 2014;11:333-337",
        "K = 12 neighbours, mu = 0.5, 20 iterations",
        "n_neighbors was lowered from 20 to 12",
        "ab" * 32,
        "ef" * 32,
        "81.2",
        "near-constant",
        "Agreement with known labels (adjusted Rand index, 1 is identical): planted_subtype 0.81.",
    ):
        assert sentence in page.text, sentence


def test_page_is_accessible(page):
    tags = dict(page.tags)
    assert tags["html"]["lang"] == "en"
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == 1
    assert names.count("figure") == names.count("figcaption") == 12
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
    targets = [a["href"][1:] for tag, a in page.tags if tag == "a"]
    assert len(targets) == 13
    assert set(targets) <= set(ids)


def test_page_loads_nothing_from_elsewhere(page):
    source = page.rawdata
    assert "script" not in {tag for tag, _ in page.tags}
    assert "link" not in {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "srcset", "data", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:image/png")), (tag, value)
    assert not re.search(r"url\((?!#)", source)
    assert "@import" not in source
    assert "http://" not in source
    assert "https://" not in source


def test_every_clip_and_marker_is_on_the_page(page):
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    used = set(re.findall(r"url\(#([^)]+)\)", page.rawdata))
    used |= {a["href"][1:] for tag, a in page.tags if tag == "use"}
    assert used
    assert used <= ids


def test_text_from_data_is_escaped(tmp_path):
    results = make_results()
    fusion, prepared = results.fusion, results.prepared
    layers = {f"{EVIL}{name}": layer for name, layer in prepared.layers.items()}
    rename = {name: f"{EVIL}{name}" for name in prepared.layers}
    patients = {p: f"{p}{EVIL}" for p in fusion.coverage.index}
    subtypes = results.subtypes
    evidence = {name: table.rename(patients) for name, table in subtypes.evidence.items()}
    comparison = replace(results.survival["os"], endpoint=EVIL, unit=EVIL)
    verification = results.verification
    evil = replace(
        results,
        name=EVIL,
        settings={EVIL: {EVIL: EVIL}},
        cohort=replace(
            results.cohort,
            name=EVIL,
            clinical=results.cohort.clinical.rename(columns={"age": EVIL}),
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
            results.assessment, layers=results.assessment.layers.rename(index=rename)
        ),
        embedding=results.embedding.rename(patients),
        survival={EVIL: comparison},
        clinical=results.clinical.rename(index=lambda name: EVIL + name),
        markers=results.markers.assign(layer=results.markers["layer"].map(rename), test=EVIL),
        enrichment=results.enrichment.assign(gene_set=EVIL, leading_edge=EVIL),
        signature=replace(results.signature, name=EVIL, trained_on={EVIL: EVIL}),
        verification=replace(
            verification,
            table=verification.table.assign(cohort=EVIL, note=EVIL),
            survival={EVIL: next(iter(verification.survival.values()))},
        ),
        losses=(Loss(EVIL, EVIL, EVIL, 1, EVIL, (EVIL,)),),
        warnings=(EVIL, '"><img src=x onerror=alert(1)>'),
        provenance={"versions": {EVIL: EVIL}, "inputs": {EVIL: EVIL}, "seed": EVIL},
    )
    page = written(evil, tmp_path)
    assert "script" not in {tag for tag, _ in page.tags}
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert EVIL in page.text
    for path in (tmp_path / "figures").iterdir():
        assert re.fullmatch(r"[A-Za-z0-9_-]+\.(svg|png)", path.name)
        assert b"<script" not in path.read_bytes()


def test_same_results_give_the_same_bytes(results, folder, tmp_path):
    other = replace(results, provenance={**results.provenance, "seconds": {"fuse": 99.0}})
    write_report(other, tmp_path)
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert len(files) == 1 + 2 * 12
    for name in files:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_no_clinical_table(tmp_path):
    page = written(make_results(with_clinical=False, with_external=False), tmp_path)
    assert "There is no clinical table: survival was not compared." in page.text
    assert "There is no clinical column to compare the subtypes with." in page.text
    assert "Survival was not compared: the cohort has no endpoint." in page.text
    assert "the signature has not been verified" in page.text
    assert "Kaplan-Meier" not in " ".join(methods_text(make_results(with_clinical=False))[0])


def test_one_subtype_and_no_enrichment(tmp_path):
    page = written(make_results(1), tmp_path)
    assert "All patients form one group" in page.text
    assert "nothing between subtypes can be compared" in page.text
    assert "No gene set was tested" in page.text
    assert "No signature was derived" in page.text


def test_few_events_give_no_verdict_on_survival(tmp_path):
    page = written(make_results(few_events=True, with_external=False), tmp_path)
    assert "survival was not tested (no p-value: fewer than 10 events;" in page.text
    assert "survival differs" not in page.text
    assert "Survival (os) could not be tested." in page.text


@pytest.mark.parametrize(
    ("shape", "warned"),
    [
        ({"jaccard": 0.5}, "unstable (mean Jaccard similarity 0.46, below 0.6)"),
        ({"p": 0.3}, "no evidence of a survival difference (os)"),
        ({"p": 0.045}, "fall on different sides of 0.05"),
        ({"k": 8}, "fewer than 10 patients"),
        ({"jaccard": 0.66}, "Subtype S3 is unstable (Jaccard below 0.6)"),
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
    section = verification_section(replace(results, verification=verification), ())
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
