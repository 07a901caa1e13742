import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.results import Target
from omicsfuse.signatures.agreement_measures import measured
from omicsfuse.stats.concordance import area_under_curve, concordance, pairs_of_each
from omicsfuse.survival.concordance import concordance_index
from omicsfuse.survival.prediction import area_under_curve_at, harrell, outcome


def drawn(seed: int = 0, n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, times and events, all with ties."""
    rng = np.random.default_rng(seed)
    return (
        rng.integers(0, 8, n).astype(float),
        rng.integers(1, 9, n).astype(float),
        rng.random(n) < 0.6,
    )


def test_pairs_and_ties_as_they_are_stated() -> None:
    score, time, event = drawn()
    won = pairs = 0.0
    for i in np.flatnonzero(event):
        for j in range(len(time)):
            if time[j] > time[i] or (time[j] == time[i] and not event[j]):
                pairs += 1
                won += 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
    assert concordance(score, time, event)[0] == won / pairs
    sums = pairs_of_each(score, time, event)
    assert [part.sum() / 2 for part in sums] == [won, pairs]
    assert np.isnan(concordance(score, time, np.zeros(40, dtype=bool)))[0]
    # Two events at one time say nothing of each other.
    assert np.isnan(concordance(score[:2], np.ones(2), np.ones(2)))[0]


def test_every_part_of_a_report_has_the_same_concordance() -> None:
    score, time, event = drawn(1)
    expected = concordance(score, time, event)[0]
    known, order = outcome(time, event)
    assert harrell(known, score[order]) == expected
    assert concordance_index(time, event, score).estimate == expected
    target = Target("os", "survival", pd.DataFrame({"time": time, "event": event}))
    held_out = measured(target, ["os"], score[None, :, None], None, np.ones((1, 40)))
    assert held_out["os", "concordance"][0] == expected


def test_weights_are_copies_of_patients() -> None:
    score, time, event = drawn(2)
    counts = np.random.default_rng(3).multinomial(40, np.full(40, 1 / 40), size=5)
    found = concordance(np.vstack([score, -score]), time, event, counts, counts)
    np.testing.assert_allclose(found, 0.5)
    found = concordance(score, time, event, counts, counts)
    for share, own in zip(found, counts, strict=True):
        rows = np.repeat(np.arange(40), own)
        assert share == concordance(score[rows], time[rows], event[rows])[0]


def test_area_under_the_curve_is_a_concordance() -> None:
    score, time, event = drawn(4)
    inside = event & (time <= 4)
    known, order = outcome(time, np.ones(40))
    assert area_under_curve_at(known, score[order], 4.0) == area_under_curve(score, time <= 4)[0]
    from sklearn.metrics import roc_auc_score

    assert area_under_curve(score, inside)[0] == pytest.approx(roc_auc_score(inside, score))
