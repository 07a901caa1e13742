import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.biology import enrich
from omicsfuse.biology.gene_sets import gene_set_coverage
from omicsfuse.biology.redundant_sets import group_gene_sets, overlap
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes


def test_similarity_worked_by_hand() -> None:
    # 3 genes in common of 5 and 4: Jaccard 3 / 6, overlap 3 / 4; nothing in common: 0.
    sets = {"a": list("ABCDE"), "b": list("CDEF"), "c": list("XY"), "none": []}
    found = overlap(sets)
    assert found[0, 1] == pytest.approx((3 / 6 + 3 / 4) / 2)
    assert found[0, 2] == found[2, 3] == 0
    assert found[2, 2] == 1


def test_chains_do_not_join_what_has_nothing_in_common() -> None:
    # Neighbours share half their genes; the ends share none.
    sets = {f"s{i}": [f"G{j}" for j in range(5 * i, 5 * i + 10)] for i in range(6)}
    groups = group_gene_sets(sets)
    assert groups["s0"] != groups["s5"]
    assert groups.nunique() == 3


def test_the_smallest_number_represents() -> None:
    sets = {"big": list("ABCDEF"), "small": list("ABCDE"), "other": list("XYZ")}
    assert group_gene_sets(sets, {"small": 0.01, "big": 0.2, "other": 0.5}).to_dict() == {
        "big": "small",
        "small": "small",
        "other": "other",
    }
    # Without numbers, or with a missing one, the larger set.
    assert group_gene_sets(sets)["small"] == "big"
    assert group_gene_sets(sets, {"small": float("nan"), "big": float("nan")})["small"] == "big"
    assert group_gene_sets({}).empty
    assert group_gene_sets({"one": ["A"]}).to_dict() == {"one": "one"}


def test_the_threshold_decides() -> None:
    sets = {"a": list("ABCD"), "b": list("CDEF")}  # similarity (2 / 6 + 2 / 4) / 2 = 0.4167
    assert group_gene_sets(sets, similarity=0.41).nunique() == 1
    assert group_gene_sets(sets, similarity=0.42).nunique() == 2
    with pytest.raises(StudyError, match="similarity is 0; it must lie above 0"):
        group_gene_sets(sets, similarity=0)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([f"set {i}" for i in range(8)]),
        st.lists(st.sampled_from("ABCDEFGHIJ"), min_size=1, max_size=8),
        min_size=1,
    )
)
def test_groups_are_a_partition_named_by_members(sets: dict[str, list[str]]) -> None:
    groups = group_gene_sets(sets)
    assert list(groups.index) == sorted(sets)
    for representative, own in groups.groupby(groups):
        assert representative in own.index
    turned = {name: sets[name][::-1] for name in reversed(sets)}
    pd.testing.assert_series_equal(groups, group_gene_sets(turned))


def test_enrichment_names_its_groups() -> None:
    rng = np.random.default_rng(0)
    patients = [f"P{i}" for i in range(20)]
    values = pd.DataFrame(rng.standard_normal((20, 100)), patients)
    values.columns = [f"G{i}" for i in range(100)]
    values.iloc[:10, :12] += 2
    layer = PreparedLayer("expression", values, values, "log2", None)
    subtypes = Subtypes(pd.Series(["S1"] * 10 + ["S2"] * 10, patients), {}, {})
    genes = list(values.columns)
    sets = {
        "planted": genes[:12],
        "planted, and two": genes[:14],
        "other": genes[50:70],
        "small": genes[:3],
        "everything": genes,
    }
    table = enrich(subtypes, Prepared("toy", {"rna": layer}), sets, n_permutations=200)
    own = table[table["subtype"] == "S1"].set_index("gene_set")
    assert own.loc["planted", "group"] == own.loc["planted, and two", "group"]
    assert own.loc["other", "group"] == "other"
    # In each subtype one row a group, its first.
    for _, part in table.groupby("subtype"):
        first = part.drop_duplicates("group")
        assert part.loc[part["representative"], "gene_set"].tolist() == first["gene_set"].tolist()
    coverage = gene_set_coverage(sets, genes, enrichment=table).set_index("gene_set")
    assert coverage["tested"].to_dict() == {
        "everything": False,
        "other": True,
        "planted": True,
        "planted, and two": True,
        "small": False,
    }
    assert coverage.loc["small", ["group", "representative"]].tolist() == ["", False]
    assert coverage.loc[coverage["representative"], "group"].nunique() == 2
    assert int(coverage["representative"].sum()) == 2
