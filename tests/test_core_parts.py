import pandas as pd

from omicsfuse.core.checks.gene_dates import suggestion
from omicsfuse.core.checks.tables import in_canonical_order, name_fault
from omicsfuse.core.cohort import Layer
from omicsfuse.core.labelled import expression_layer, labelled, without_layer
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import PreparedLayer, Subtypes
from omicsfuse.survival._input import events_text
from omicsfuse.survival.comparisons import best_p_values
from omicsfuse.survival.models import entries, too_few_events


def test_dates_that_would_make_duplicates_are_left_out() -> None:
    advice = suggestion(["2-Mar", "11-Mar"], ["2-Mar", "11-Mar", "MARCH11"])
    lines = ['drop_columns = ["11-Mar"]', 'rename_features = {"2-Mar" = "MARCH2"}']
    assert advice.partition(":\n")[2].split("\n") == lines


def test_labelled_patients_of_a_layer() -> None:
    table = pd.DataFrame({"A": [1.0, 7377.0]}, index=["P1", "P2"])
    layer = PreparedLayer("expression", table, table, "zscore", None)
    part = labelled(layer, Subtypes(pd.Series({"P2": "S1", "P3": "S1"}), {}, {}))
    assert (part.matrix.tolist(), part.subtype.tolist(), part.features) == ([[10]], ["S1"], ["A"])
    labels = pd.Series({"P1": "S1", "P3": "S1"})
    (exclusion,) = without_layer(labels, layer, "rna", "enrich")
    assert (exclusion.count, exclusion.examples) == (1, ("P3",))
    assert exclusion.reason == "have a subtype but not layer rna"
    layers = {"ct": Layer("radiomics", table), "rna": Layer("expression", table)}
    assert expression_layer(layers, None, "enrich") == "rna"


def test_names_order_and_text() -> None:
    assert name_fault("expression") == ""
    assert name_fault("").startswith("a layer has an empty name; expected a short name")
    table = pd.DataFrame(index=["P2", "p1", "P10"])
    assert list(in_canonical_order(table).index) == ["P10", "P2", "p1"]
    assert (level_text(2.0), level_text("G2")) == ("2", "G2")


def test_small_parts_of_survival() -> None:
    assert (events_text(1), events_text(0)) == ("1 event", "0 events")
    tests = pd.DataFrame({"p_permutation": [0.02], "p_asymptotic": [0.01]})
    assert best_p_values(tests).tolist() == [0.02]
    late = pd.DataFrame({"time": [3.0], "event": [1], "entry": [1.0]})
    assert entries(late).tolist() == [1.0]
    assert too_few_events(11, 3) == "11 events, fewer than the 15 for 3 terms"
