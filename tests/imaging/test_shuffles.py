"""Patients shuffled where values are missing."""

import numpy as np
import pytest

from omicsfuse.imaging.maps import shuffles
from omicsfuse.imaging.maps.associations import correlate_family
from omicsfuse.imaging.maps.shuffles import _Shuffles, shuffle_patients


def with_gaps(n: int, p: int, q: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((n, p)), rng.standard_normal((n, q))
    for table in (x, y):
        table[rng.random(table.shape) < share] = np.nan
    return x, y


def test_a_single_gap_changes_little() -> None:
    x, y = with_gaps(40, 5, 6, 0.0, 1)
    order = np.random.default_rng(2).permutation(40)
    whole = np.sort(_Shuffles(x, y, 1.0).p(order))
    y[0, 0] = np.nan
    assert np.sort(_Shuffles(x, y, 1.0).p(order)) == pytest.approx(whole, abs=0.06)


def test_p_values_with_gaps_are_close_to_those_of_pairs_ranked_anew() -> None:
    x, y = with_gaps(60, 10, 20, 0.1, 3)
    quick = _Shuffles(x, y, 1.0).p(np.arange(60))
    exact = correlate_family(x, y).p.ravel()
    assert len(quick) == exact.size
    assert np.abs(quick - exact).mean() < 0.05


def test_planted_nulls_with_gaps_keep_their_level() -> None:
    found = []
    for seed in range(40):
        x, y = with_gaps(30, 6, 8, 0.2, seed)
        found.append(shuffle_patients(x, y, correlate_family(x, y), -1.0, 39, seed).p)
    # 2 of 40 are expected at 0.05; 8 or more in one of a thousand.
    assert sum(p <= 0.05 for p in found) < 8
    assert 0.35 < np.mean(found) < 0.65


def test_what_is_there_is_found_with_gaps() -> None:
    x, y = with_gaps(40, 4, 5, 0.15, 4)
    y[:, 0] = x[:, 0] + 0.1 * np.random.default_rng(5).standard_normal(40)
    family = correlate_family(x, y)
    found = shuffle_patients(x, y, family, float(np.nanmin(family.p)), 99, 0)
    assert found.p == 0.01
    assert found.by_chance < 0.1


def test_pairs_are_not_ranked_anew_in_each_shuffle(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = with_gaps(50, 20, 60, 0.1, 6)
    family = correlate_family(x, y)
    calls: list[int] = []
    ranked = shuffles.scattered_ranks

    def counted(values: np.ndarray) -> object:
        calls.append(1)
        return ranked(values)

    monkeypatch.setattr(shuffles, "scattered_ranks", counted)
    shuffle_patients(x, y, family, -1.0, 50, 0)
    assert len(calls) == 2
