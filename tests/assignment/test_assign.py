"""New patients: one at a time, from any layers, and nobody who is unlike the training patients."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.assignment import assign, fit_classifier
from omicsfuse.assignment.assign import assignment
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import ClassifierError, OmicsfuseWarning, StudyError
from omicsfuse.pipeline.commands.assign import assignment_summary

COLUMNS = ["patient", "subtype", "probability", "p_S1", "p_S2", "p_S3", "layers", "distance"]
COLUMNS += ["distance_percentile", "training_patient", "reason"]


def only(cohort: Cohort, *layers: str) -> Cohort:
    return Cohort(cohort.name, {name: cohort.omics[name] for name in layers})


def changed(cohort: Cohort, name: str, **how: Any) -> Cohort:
    """A cohort of one layer, changed."""
    return Cohort("changed", {name: replace(cohort.omics[name], **how)})


def share_right(table: pd.DataFrame, truth: pd.Series) -> float:
    told = table[table["subtype"] != "none"]
    return float((told["subtype"].to_numpy() == truth.loc[told["patient"]].to_numpy()).mean())


@pytest.mark.parametrize(
    "layers", [("radiomics",), ("expression",), ("radiomics", "expression", "mutation")]
)
def test_planted_subtypes_are_told_from_any_layers(planted: Any, layers: tuple[str, ...]) -> None:
    table = assign(planted.classifier, only(planted.new, *layers))
    assert list(table.columns) == COLUMNS
    assert list(table["patient"]) == list(planted.truth.index)
    assert (table["subtype"] != "none").mean() > 0.75
    assert share_right(table, planted.truth) > 0.9
    assert set(table["layers"]) == {" + ".join(layers)}
    probable = table[["p_S1", "p_S2", "p_S3"]].to_numpy()
    assert np.allclose(probable.sum(axis=1), 1)
    assert np.allclose(probable.max(axis=1), table["probability"])
    assert ((table["reason"] == "") == (table["subtype"] != "none")).all()


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_who_else_is_in_the_cohort_changes_no_bit(planted: Any, data: st.DataObject) -> None:
    everybody = list(planted.truth.index)
    chosen = data.draw(st.lists(st.sampled_from(everybody), min_size=1, max_size=8, unique=True))
    factor = data.draw(st.sampled_from([1.0, 1e3]))
    whole = assign(planted.classifier, planted.new).set_index("patient").loc[sorted(chosen)]
    omics = {
        name: replace(
            layer,
            # One more patient, with values that nobody has.
            table=pd.concat(
                [
                    layer.table.loc[chosen],
                    (layer.table.iloc[:1] * (factor if name != "mutation" else 1)).set_axis(["X"]),
                ]
            ),
        )
        for name, layer in planted.new.omics.items()
    }
    some = assign(planted.classifier, Cohort("some", omics)).set_index("patient")
    pd.testing.assert_frame_equal(some.loc[sorted(chosen)], whole, check_exact=True)


def test_one_patient_is_a_cohort(planted: Any) -> None:
    patient = planted.truth.index[3]
    omics = {
        name: replace(layer, table=layer.table.loc[[patient]])
        for name, layer in planted.new.omics.items()
    }
    alone = assign(planted.classifier, Cohort("one", omics))
    whole = assign(planted.classifier, planted.new).iloc[[3]].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, whole, check_exact=True)


def test_the_order_of_training_patients_and_of_features_changes_no_bit(planted: Any) -> None:
    omics = {
        name: replace(layer, table=layer.table.iloc[::-1, ::-1])
        for name, layer in planted.training.omics.items()
    }
    shuffled = Cohort("shuffled", omics)
    other = fit_classifier(shuffled.omics, planted.labels.iloc[::-1])
    one, two = (assign(fitted, planted.new) for fitted in (planted.classifier, other))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_each_patient_is_judged_from_the_layers_they_have(planted: Any) -> None:
    images, genes = planted.new.omics["radiomics"], planted.new.omics["expression"]
    blank = genes.table.copy()
    blank.iloc[5, : int(0.6 * blank.shape[1])] = np.nan
    blank.iloc[6] = np.nan
    omics = {
        "radiomics": replace(images, table=images.table.iloc[:10]),
        "expression": replace(genes, table=blank.iloc[3:12]),
    }
    done = assignment(planted.classifier, Cohort("mixed", omics))
    both = "radiomics + expression"
    expected = ["radiomics"] * 3 + [both] * 2 + ["radiomics"] * 2 + [both] * 3 + ["expression"] * 2
    assert list(done.table["layers"]) == expected
    assert done.missing == ("mutation",)
    counted = [(exclusion.layer, exclusion.what, exclusion.count) for exclusion in done.exclusions]
    assert ("expression", "patients", 2) in counted


def test_a_patient_without_any_layer_is_listed_and_gets_nothing(planted: Any) -> None:
    patient = planted.truth.index[0]
    genes = planted.new.omics["expression"]
    other = Layer("protein", pd.DataFrame({"p53": [1.0]}, ["zz"]), "raw")
    cohort = Cohort("some", {"expression": genes, "protein": other})
    table = assign(planted.classifier, cohort).set_index("patient")
    assert table.loc["zz", "subtype"] == "none"
    assert np.isnan(table.loc["zz", "probability"])
    assert "in none of the layers" in table.loc["zz", "reason"]
    assert table.loc[patient, "layers"] == "expression"


def test_reasons_are_counted_whole_whatever_a_layer_is_called(planted: Any) -> None:
    name, genes = "rna; ward 3", planted.training.omics["expression"]
    classifier = fit_classifier({name: genes}, planted.labels)
    strange = replace(genes, table=planted.new.omics["expression"].table * 1000)
    done = assignment(classifier, Cohort("new", {name: strange}))
    assert done.unassigned[f"unlike the training patients in {name}"] == len(done.table)
    assert not any(reason.startswith("ward") for reason in done.unassigned)


@pytest.mark.parametrize("name", ["radiomics", "expression"])
def test_wrong_units_and_other_scanners_get_no_subtype(planted: Any, name: str) -> None:
    table = planted.new.omics[name].table
    strange = assign(planted.classifier, changed(planted.new, name, table=table * 1000))
    assert (strange["subtype"] == "none").all()
    assert (strange["distance_percentile"] > 99).all()
    assert (strange["distance"] > 1).all()
    assert strange["reason"].str.contains(f"unlike the training patients in {name}").all()


def test_a_shifted_scanner_is_noticed_and_new_patients_of_the_same_one_are_not(
    planted: Any,
) -> None:
    images = planted.new.omics["radiomics"].table
    sizes = planted.training.omics["radiomics"].table.quantile(0.9)
    table = assign(planted.classifier, changed(planted.new, "radiomics", table=images + 2 * sizes))
    real = assign(planted.classifier, only(planted.new, "radiomics"))
    assert (table["subtype"] == "none").mean() > 0.9
    assert (real["distance_percentile"] > 99).mean() < 0.1


def test_layers_that_do_not_tell_subtypes_apart_assign_nobody(planted: Any) -> None:
    shuffled = pd.Series(
        np.random.default_rng(2).permutation(planted.labels.to_numpy()), planted.labels.index
    )
    classifier = fit_classifier({"expression": planted.training.omics["expression"]}, shuffled)
    table = assign(classifier, only(planted.new, "expression"))
    assert (table["subtype"] == "none").all()
    assert table["reason"].str.contains("do not separate the subtypes").all()


def test_too_few_features_refuse_the_layer_and_others_are_used(planted: Any) -> None:
    images = planted.new.omics["radiomics"]
    used = list(planted.classifier.layers["radiomics"].transform.features)
    some = replace(images, table=images.table.drop(columns=used[: int(0.4 * len(used))]))
    cohort = Cohort("few", {"radiomics": some, "expression": planted.new.omics["expression"]})
    with pytest.warns(OmicsfuseWarning, match=r"'radiomics' .* is not used: .* at least 70%"):
        done = assignment(planted.classifier, cohort)
    assert set(done.table["layers"]) == {"expression"}
    assert list(done.refused) == ["radiomics"]
    said = "\n".join(assignment_summary(done))
    assert "layers used: expression" in said
    assert "layer not used: radiomics" in said
    with pytest.raises(ClassifierError, match=r"no layer fits .* lacks expression"):
        assign(planted.classifier, Cohort("few", {"radiomics": some}))


def test_a_few_absent_features_are_imputed_and_counted(planted: Any) -> None:
    genes = planted.new.omics["expression"]
    used = list(planted.classifier.layers["expression"].transform.features)
    some = replace(genes, table=genes.table.drop(columns=used[:10]))
    done = assignment(planted.classifier, Cohort("most", {"expression": some}))
    assert [(exclusion.what, exclusion.count) for exclusion in done.exclusions] == [
        ("features", 10)
    ]
    assert share_right(done.table, planted.truth) > 0.85


def test_layers_are_met_by_kind_where_there_is_one_of_it(planted: Any) -> None:
    genes = planted.new.omics["expression"]
    with pytest.warns(OmicsfuseWarning, match="'rna' is used as the classifier's 'expression'"):
        done = assignment(planted.classifier, Cohort("other", {"rna": genes}))
    assert dict(done.used) == {"expression": "rna"}
    assert set(done.table["layers"]) == {"expression"}
    two = Cohort("two", {"rna": genes, "array": genes})
    with pytest.raises(ClassifierError, match=r"several layers of kind expression .*rna, array"):
        assign(planted.classifier, two)


def test_kind_and_scale_have_to_agree(planted: Any) -> None:
    genes = planted.new.omics["expression"]
    values = (genes.table - genes.table.mean()) / genes.table.std()
    with pytest.raises(ClassifierError, match=r"on scale 'zscore', .* trained on scale 'tpm'"):
        assign(planted.classifier, changed(planted.new, "expression", table=values, scale="zscore"))
    with pytest.raises(ClassifierError, match=r"is of kind protein"):
        assign(
            planted.classifier,
            changed(planted.new, "expression", kind="protein", scale="raw"),
        )
    logged = changed(planted.new, "expression", table=np.log2(genes.table + 1), scale="log2")
    with pytest.warns(OmicsfuseWarning, match="a shift between them may remain"):
        table = assign(planted.classifier, logged)
    expected = assign(planted.classifier, only(planted.new, "expression"))
    assert np.allclose(table["probability"], expected["probability"])


def test_training_patients_are_marked(planted: Any) -> None:
    genes = planted.training.omics["expression"].table.iloc[:2]
    both = pd.concat([genes, planted.new.omics["expression"].table.iloc[:3]])
    with pytest.warns(OmicsfuseWarning, match="2 of 5 patients are training patients"):
        done = assignment(planted.classifier, changed(planted.new, "expression", table=both))
    marked = done.table.set_index("patient")["training_patient"]
    assert set(marked.index[marked]) == set(genes.index)
    assert "training patients of the classifier, not new patients: 2" in assignment_summary(done)


def test_layers_can_be_chosen(planted: Any) -> None:
    table = assign(planted.classifier, planted.new, layers=["expression"])
    expected = assign(planted.classifier, only(planted.new, "expression"))
    pd.testing.assert_frame_equal(table, expected, check_exact=True)
    with pytest.raises(StudyError, match=r'no layer \'expresion\'; did you mean "expression"'):
        assign(planted.classifier, planted.new, layers=["expresion"])
    with pytest.raises(StudyError, match="no layer was chosen"):
        assign(planted.classifier, planted.new, layers=[])
    images = only(planted.new, "radiomics")
    with pytest.warns(OmicsfuseWarning, match="'expression' .* the cohort lacks it"):
        assign(planted.classifier, images, layers=["radiomics", "expression"])


def test_wrong_arguments_are_refused(planted: Any) -> None:
    with pytest.raises(StudyError, match="classifier is of type int"):
        assign(3, planted.new)
    with pytest.raises(StudyError, match="cohort is of type DataFrame"):
        assign(planted.classifier, pd.DataFrame())


def test_layers_with_few_patients_are_left_out_with_a_note(planted: Any) -> None:
    genes = planted.training.omics["expression"]
    few = replace(planted.training.omics["radiomics"])
    few = replace(few, table=few.table.iloc[:8])
    classifier = fit_classifier({"expression": genes, "radiomics": few}, planted.labels)
    assert list(classifier.layers) == ["expression"]
    assert "8 labelled patients" in classifier.notes[0]
    with pytest.raises(ClassifierError, match="no layer separates the subtypes: layer radiomics"):
        fit_classifier({"radiomics": few}, planted.labels)


def test_a_layer_says_nothing_of_subtypes_it_never_saw(planted: Any) -> None:
    genes = planted.training.omics["expression"]
    known = planted.labels.index[planted.labels != "S3"]
    some = replace(genes, table=genes.table.loc[known])
    classifier = fit_classifier(
        {"expression": some, "radiomics": planted.training.omics["radiomics"]}, planted.labels
    )
    model = classifier.layers["expression"]
    told = model.tell(planted.new.omics["expression"].table, classifier.subtypes)
    assert (told.evidence[:, 2] == 0).all()
    assert (told.evidence[:, :2] != 0).all()
