from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import CohortError
from omicsfuse.survival.concordance import concordance_index
from omicsfuse.survival.prediction import harrell, outcome

VETERAN = pd.read_csv(Path(__file__).parent / "veteran.csv")


# R 4.2.2, survival 3.5-3: f <- concordance(Surv(time, status) ~ X, veteran); f$concordance and
# sqrt(f$var). There higher values go with longer survival: one minus it is ours.
@pytest.mark.parametrize(
    ("column", "theirs", "se"),
    [
        ("karno", 0.709279872785098, 0.022558717191727),
        ("age", 0.484893230349841, 0.029354566936924),
    ],
)
def test_as_r_has_it(column: str, theirs: float, se: float) -> None:
    time, event = VETERAN["time"].to_numpy(), VETERAN["status"].to_numpy()
    risk = VETERAN[column].to_numpy(dtype=float)
    found = concordance_index(time, event, risk)
    assert found.estimate == pytest.approx(1 - theirs, abs=1e-12)
    assert found.se == pytest.approx(se, abs=1e-12)
    assert found.ci_low == pytest.approx(found.estimate - 1.959963984540054 * se)
    known, order = outcome(time, event)
    assert found.estimate == pytest.approx(harrell(known, risk[order]), abs=1e-12)
    turned = concordance_index(time[::-1], event[::-1], risk[::-1])
    assert turned == found


def test_perfect_order_and_none() -> None:
    found = concordance_index(np.arange(1, 9), np.ones(8), -np.arange(8.0))
    assert (found.estimate, found.se, found.ci_high) == (1, 0, 1)
    assert np.isnan(concordance_index(np.arange(1, 9), np.zeros(8), np.arange(8.0)).estimate)
    assert concordance_index(np.arange(1, 9), np.ones(8), np.zeros(8)).estimate == 0.5


def test_bad_scores() -> None:
    with pytest.raises(CohortError, match="one finite score per patient"):
        concordance_index(np.arange(1, 4), np.ones(3), np.array([1.0, np.nan, 2.0]))
    with pytest.raises(CohortError, match=r"risk has shape \(2,\)"):
        concordance_index(np.arange(1, 4), np.ones(3), np.array([1.0, 2.0]))
