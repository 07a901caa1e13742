from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError
from omicsfuse.core.results import CUT_POINT_COLUMNS, Signature, Target
from omicsfuse.signatures import score_signature
from omicsfuse.signatures.cut_points import fix_cut_points, youden_cut_point
from omicsfuse.signatures.lock import lock, require_locked

GENES = [f"G{i:02}" for i in range(40)]
PATIENTS = [f"P{i:02}" for i in range(30)]
LABELS = pd.Series(["S1"] * 15 + ["S2"] * 15, PATIENTS)
GROUPS = Target("subtypes", "groups", LABELS)
COMBINATIONS = {
    ("nearest_template", "cohort"),
    ("nearest_template", "reference"),
    ("weighted_z", "cohort"),
    ("weighted_z", "reference"),
    ("rank", "none"),
    ("ssgsea", "none"),
    ("gsva", "cohort"),
}


def table() -> pd.DataFrame:
    values = np.random.default_rng(0).standard_normal((30, 40))
    values[:15, :6] += 3
    values[15:, 6:12] += 3
    return pd.DataFrame(values, PATIENTS, GENES)


def signature(columns: int = 2) -> Signature:
    own = GENES[:12]
    weights = np.column_stack([[1.0] * 6 + [0.0] * 6, [0.0] * 6 + [1.0] * 6])
    templates = pd.DataFrame(weights, own, ["S1", "S2"])
    if columns == 1:
        templates = pd.DataFrame({"size": [1.0] * 6 + [-1.0] * 6}, own)
    values = table()[own]
    reference = pd.DataFrame({"mean": values.mean(), "sd": values.std(ddof=1)})
    return Signature("toy", templates, reference, "log2", {}, {})


def test_every_score_gets_one_for_each_scorer_and_scaling() -> None:
    cuts = fix_cut_points(signature(), table(), GROUPS)
    assert list(cuts.columns) == CUT_POINT_COLUMNS
    assert set(zip(cuts["scorer"], cuts["scaling"], strict=True)) == COMBINATIONS
    assert (cuts.groupby("score").size() == 7).all()
    assert cuts["rule"].iloc[0] == (
        "largest Youden index among 30 training patients, 15 of them in the group: sensitivity "
        "1.00, specificity 1.00"
    )
    without = fix_cut_points(signature(), table(), GROUPS, gsva=False)
    assert "gsva" not in set(without["scorer"])
    pd.testing.assert_frame_equal(
        without, cuts[cuts["scorer"] != "gsva"].reset_index(drop=True), check_exact=True
    )


def test_they_divide_the_groups_and_can_be_locked() -> None:
    target = replace(GROUPS)
    plain = signature()
    locked = lock(replace(plain, cut_points=fix_cut_points(plain, table(), target)))
    require_locked(locked)
    for scorer, scaling in sorted(COMBINATIONS):
        scored = score_signature(locked, table(), scorer=scorer, scaling=scaling, max_fdr=1)
        assert scored["subtype"].tolist() == LABELS.tolist(), scorer
        cut = locked.cut_points.query(
            "score == 'S1' and scorer == @scorer and scaling == @scaling"
        )["cut_point"].item()
        assert ((scored["score_S1"] > cut) == (LABELS == "S1")).all()


def test_median_of_other_targets() -> None:
    survival = pd.DataFrame({"time": range(30), "event": 1}, PATIENTS)
    number = pd.Series(range(30), PATIENTS)
    plain = signature(1)
    for target in (Target("size", "continuous", number), Target("os", "survival", survival)):
        cuts = fix_cut_points(plain, table(), target)
        assert set(cuts["rule"]) == {"median of 30 training patients"}
        locked = lock(replace(plain, cut_points=cuts))
        for scorer, scaling in sorted(COMBINATIONS):
            scored = score_signature(locked, table(), scorer=scorer, scaling=scaling)
            assert scored["high"].sum() == 15
            assert scored["subtype"].isna().all()


def test_order_of_patients_and_genes_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    turned = table().iloc[rng.permutation(30), rng.permutation(40)]
    first = fix_cut_points(signature(), table(), GROUPS)
    other = fix_cut_points(signature(), turned, replace(GROUPS, values=LABELS.iloc[::-1]))
    pd.testing.assert_frame_equal(first, other, check_exact=True)


def test_youden_worked_by_hand() -> None:
    # Members 3, 5, 6, 7; others 1, 2, 4. Cuts: 2.5: 4/4 + 2/3 = 1.667; 4.5: 3/4 + 3/3 = 1.75.
    scores = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    inside = np.array([False, False, True, False, True, True, True])
    assert youden_cut_point(scores, inside) == (4.5, 0.75, 1.0)
    # Equally good at 1.5 and at 4: the wider gap; of gaps as wide, the lower.
    inside = np.array([False, True, False, True])
    assert youden_cut_point(np.array([1.0, 2.0, 3.0, 5.0]), inside)[0] == 4.0
    assert youden_cut_point(np.array([1.0, 2.0, 3.0, 4.0]), inside)[0] == 1.5
    # Of two neighbouring numbers the upper one stays above the cut.
    upper = np.nextafter(1.0, 2.0)
    cut = youden_cut_point(np.array([1.0, upper]), np.array([False, True]))[0]
    assert 1.0 <= cut < upper


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=25))
def test_youden_is_the_best_of_all_cuts(pairs: list[tuple[int, bool]]) -> None:
    scores = np.array([float(x) for x, _ in pairs])
    inside = np.array([member for _, member in pairs])
    if inside.all() or not inside.any() or len(set(scores)) < 2:
        return
    cut, sensitivity, specificity = youden_cut_point(scores, inside)
    assert sensitivity == np.mean(scores[inside] > cut)
    assert specificity == np.mean(scores[~inside] <= cut)
    values = np.unique(scores)
    best = max(
        np.mean(scores[inside] > c) + np.mean(scores[~inside] <= c)
        for c in (values[1:] + values[:-1]) / 2
    )
    assert sensitivity + specificity == pytest.approx(best, abs=1e-12)


def test_scores_that_say_nothing_get_none() -> None:
    everyone = replace(GROUPS, values=pd.Series("S1", PATIENTS))
    with pytest.warns(
        OmicsfuseWarning,
        match=r"score S1 by rank \(none\): 30 of 30 .* the "
        r"group",
    ):
        cuts = fix_cut_points(signature(), table(), everyone, gsva=False)
    assert set(cuts["score"]) == {"S2"}  # stands for no group there: median
    number = pd.Series(range(30), PATIENTS)
    same = table()
    same[GENES[:12]] = 1.0
    with pytest.warns(
        OmicsfuseWarning,
        match=r"size by weighted_z \(cohort\): known for no "
        r"patient",
    ):
        fix_cut_points(signature(1), same, Target("size", "continuous", number), gsva=False)


def test_missing_genes_and_targets_are_refused() -> None:
    with pytest.raises(SignatureError, match=r"2 of 12 genes of signature 'toy' are not in.*G00"):
        fix_cut_points(signature(), table().drop(columns=GENES[:2]), GROUPS)
    with pytest.raises(
        SignatureError,
        match=r"1 patients have no value of target "
        r"'subtypes'.*P03",
    ):
        fix_cut_points(signature(), table(), replace(GROUPS, values=LABELS.drop("P03")))
