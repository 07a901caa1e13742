"""Who is fused, which settings go together, and which engine "auto" means."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omicsfuse as of
import omicsfuse.fusion.engines as engines_module
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.fusion import SNF
from omicsfuse.fusion.engines import chosen_engine, exact_memory
from omicsfuse.fusion.members import fused_patients, pairs_by_coverage
from omicsfuse.fusion.methods import check_fusion


def names(*ranges: range) -> pd.Index:
    return pd.Index([f"P{i:03d}" for own in ranges for i in own], name="patient")


def test_all_patients_of_any_layer() -> None:
    layers = {"a": names(range(30)), "b": names(range(10, 40)), "c": names(range(0, 40, 2))}
    members, coverage, exclusions = fused_patients(layers, "all", 1)
    assert sorted(members.patients) == list(names(range(40)))
    assert members.sizes() == {"a": 30, "b": 30, "c": 20}
    assert not members.complete
    assert exclusions == ()
    for name, own in layers.items():
        assert set(members.names(name)) == set(own)
        assert (np.diff(members.positions[name]) > 0).all()
        assert set(coverage.index[coverage[name]]) == set(own)


def test_patients_with_enough_layers() -> None:
    layers = {"a": names(range(30)), "b": names(range(10, 40)), "c": names(range(0, 40, 2))}
    members, coverage, (exclusion,) = fused_patients(layers, "all", 2)
    brought = coverage.sum(axis=1)
    assert set(members.patients) == set(brought.index[brought >= 2])
    assert (exclusion.what, exclusion.count) == ("patients", int((brought < 2).sum()))
    assert exclusion.reason == "in fewer than 2 of the 3 fused layers"
    assert len(exclusion.examples) == 5
    assert set(exclusion.examples) <= set(brought.index[brought < 2])
    # All layers asked for is what "complete" means, whatever min_layers says.
    every = fused_patients(layers, "all", 3)
    complete = fused_patients(layers, "complete", 1)
    assert list(every[0].patients) == list(complete[0].patients)
    assert every[0].complete
    assert every[2] == complete[2]
    assert complete[2][0].reason == (
        "not in every fused layer (a lacks 10, b lacks 10, c lacks 20)"
    )


def test_nobody_is_left_out_of_complete_data() -> None:
    layers = {"a": names(range(12)), "b": names(range(12))}
    for patients in ("all", "complete"):
        members, coverage, exclusions = fused_patients(layers, patients, 2)
        assert members.complete
        assert (len(members.patients), exclusions) == (12, ())
        assert coverage.all(axis=None)


@pytest.mark.parametrize(
    ("layers", "patients", "min_layers", "message"),
    [
        (
            {"a": names(range(20)), "b": names(range(11, 31))},
            "all",
            1,
            r"layer 'b' has 20 patients, in common 9 with a\. .* at least 10 in common with a "
            r"linked layer",
        ),
        (
            # a and b are linked, c and d are, the two pairs are not.
            {
                "a": names(range(20)),
                "b": names(range(20)),
                "c": names(range(15, 40)),
                "d": names(range(15, 40)),
            },
            "all",
            1,
            r"layer 'a' has 20 patients, in common 20 with b, 5 with c, 5 with d",
        ),
        (
            {"a": names(range(20)), "b": names(range(5))},
            "all",
            1,
            r"layer 'b' has 5 patients, in common 5 with a.* Remove the layer",
        ),
        ({"a": names(range(9))}, "all", 1, r"^9 patients \(a 9\); at least 10 are needed"),
        (
            {"a": names(range(20)), "b": names(range(11, 31))},
            "complete",
            1,
            r"only 9 patients are present in every layer \(a 20, b 20\); at least 10 are needed",
        ),
        (
            {"a": names(range(14)), "b": names(range(9, 23)), "c": names(range(11, 25))},
            "all",
            3,
            "only 3 patients are present in every layer",
        ),
        (
            {"a": names(range(12)), "b": names(range(9, 21)), "c": names(range(18, 30))},
            "all",
            2,
            r"only 6 patients are present in at least 2 of the layers \(a 12, b 12, c 12\)",
        ),
    ],
)
def test_who_cannot_be_fused(
    layers: dict[str, pd.Index], patients: str, min_layers: int, message: str
) -> None:
    with pytest.raises(of.CohortError, match=message):
        fused_patients(layers, patients, min_layers)


def test_a_chain_of_layers_is_enough_and_ten_is_the_limit() -> None:
    chain = {"a": names(range(20)), "b": names(range(10, 30)), "c": names(range(20, 40))}
    members, coverage, _ = fused_patients(chain, "all", 1)
    assert len(members.patients) == 40
    # a and c have nobody in common: 20 x 20 pairs are seen by no layer.
    shares = pairs_by_coverage(coverage)
    ordered = 40 * 39
    assert shares["in_every_layer"] == 0
    # P000-P009 with P020-P039, and P010-P019 with P030-P039.
    assert shares["in_no_layer"] == pytest.approx(2 * (10 * 20 + 10 * 10) / ordered)


def test_layers_that_few_patients_link_are_doubted() -> None:
    layers = {"a": names(range(60)), "b": names(range(50, 110))}
    with pytest.warns(OmicsfuseWarning, match="layer 'b' has 60 patients, in common 10 with a"):
        fused_patients(layers, "all", 1)
    # A third of the smaller one is enough; complete cases are linked by all.
    fused_patients({"a": names(range(60)), "b": names(range(50, 80))}, "all", 1)
    assert len(fused_patients(layers, "complete", 1)[0].patients) == 10


@given(
    table=st.integers(1, 4).flatmap(
        lambda m: st.lists(st.lists(st.booleans(), min_size=m, max_size=m), min_size=2, max_size=12)
    )
)
def test_shares_of_pairs_are_those_counted_one_by_one(table: list[list[bool]]) -> None:
    coverage = pd.DataFrame(table)
    n, m = coverage.shape
    common = [
        sum(a and b for a, b in zip(table[i], table[j], strict=True))
        for i in range(n)
        for j in range(i)
    ]
    shares = pairs_by_coverage(coverage)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["in_every_layer"] == pytest.approx(np.mean([c == m for c in common]))
    assert shares["in_no_layer"] == pytest.approx(np.mean([c == 0 for c in common]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "fast"}, "engine is 'fast'; choose from auto, exact, sparse, snfpy"),
        ({"variant": "old"}, "variant is 'old'; choose from paper, snfpy"),
        ({"patients": "some"}, "patients is 'some'; choose from all, complete"),
        ({"min_layers": 3}, "min_layers is 3, but 2 layers are fused"),
        ({"min_layers": 0}, "min_layers is 0; it must be a whole number of at least 1"),
        ({"n_iterations": 0}, "n_iterations is 0"),
        ({"n_kept": 0}, "n_kept is 0"),
        ({"dtype": "int8"}, "dtype is 'int8'; choose from float64, float32"),
        ({"alpha": 1.0}, 'alpha belongs to variant "snfpy"'),
        ({"alpha": -1.0, "variant": "snfpy"}, "alpha is -1.0; it must be a number above 0"),
        ({"layer_weights": {"c": 1.0}}, r"layer_weights names c, which is not among .*\(a, b\)"),
        ({"layer_weights": {"a": 0}}, "layer_weights of a is 0; it must be a number above 0"),
        ({"layer_weights": {"a": -2}}, "layer_weights of a is -2"),
        ({"layer_weights": {"a": True}}, "layer_weights of a is True"),
        ({"layer_weights": {"a": float("inf")}}, "layer_weights of a is inf"),
        ({"metrics": {"c": "cosine"}}, "metrics names c"),
        ({"metrics": {"a": 3}}, "metric of a is of type int"),
        ({"engine": "snfpy", "variant": "paper"}, 'engine "snfpy" supports only variant "snfpy"'),
        ({"engine": "snfpy", "patients": "all"}, "fuses only patients with every layer"),
        ({"engine": "snfpy", "alpha": 2.0}, "takes no layer_weights, alpha or dtype"),
        ({"engine": "snfpy", "dtype": "float32"}, "takes no layer_weights, alpha or dtype"),
        ({"engine": "snfpy", "layer_weights": {"a": 2}}, "takes no layer_weights"),
        ({"engine": "sparse", "dtype": "float32"}, 'dtype and alpha apply only to engine "exact"'),
        ({"engine": "sparse", "alpha": 2.0, "variant": "snfpy"}, "dtype and alpha apply only to"),
    ],
)
def test_settings_that_do_not_exist_or_go_together(options: dict, message: str) -> None:
    with pytest.raises(of.StudyError, match=message):
        check_fusion(["a", "b"], **options)


def test_settings_that_are_left_out() -> None:
    assert check_fusion(["a"]) == (SNF(variant="paper"), "all")
    assert check_fusion(["a"], variant="snfpy")[0].settings["variant"] == "snfpy"
    method, patients = check_fusion(["a", "b"], engine="snfpy")
    assert (method.settings["variant"], patients) == ("snfpy", "complete")
    method, patients = check_fusion(["a", "b"], engine="sparse", patients="complete")
    assert (method.settings["variant"], patients) == ("paper", "complete")
    with pytest.raises(of.StudyError, match="at least two layers"):
        check_fusion(["a"], engine="snfpy")


def test_auto_goes_by_the_number_of_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines_module, "EXACT_LIMIT", 300)
    assert chosen_engine("auto", 300, {"a": 300}, "float64") == (
        "exact",
        "300 patients, at most 300",
    )
    assert chosen_engine("auto", 301, {"a": 301}, "float64") == (
        "sparse",
        "301 patients, more than 300",
    )
    # Whoever names an engine gets it.
    for engine in ("exact", "sparse", "snfpy"):
        assert chosen_engine(engine, 301, {"a": 301}, "float64") == (engine, "as asked")


def test_auto_goes_by_memory_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"a": 2000, "b": 2000}
    needed = exact_memory(2000, sizes)
    monkeypatch.setattr("omicsfuse.stats.memory.available_memory", lambda: int(needed / 0.89))
    assert chosen_engine("auto", 2000, sizes, "float64")[0] == "exact"
    little = int(needed / 0.91)
    monkeypatch.setattr("omicsfuse.stats.memory.available_memory", lambda: little)
    monkeypatch.setattr(engines_module, "available_memory", lambda: little)
    engine, reason = chosen_engine("auto", 2000, sizes, "float64")
    assert engine == "sparse"
    assert (
        reason == f"2,000 patients do not fit exactly into {little / 2**30:.1f} GiB of free memory"
    )
    # Half the precision would still fit.
    assert exact_memory(2000, sizes, "float32") < needed
