"""An outcome must not explain itself, and a model that is given one must not break."""

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.cohort import Cohort, Endpoint
from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.survival.compare import trend_order
from omicsfuse.survival.models import fit_model

PATIENTS = [f"P{i}" for i in range(40)]
CLINICAL = pd.DataFrame(
    {
        "t": np.arange(40.0) + 1,
        "e": [1, 0, 1, 1] * 10,
        "other": [0, 1, 0, 0] * 10,
        "age": np.arange(40.0) % 13,
        "words": ["dead", "alive"] * 20,
    },
    PATIENTS,
)


@pytest.mark.parametrize("role", ["covariates", "strata"])
@pytest.mark.parametrize(
    ("column", "what"), [("t", "time"), ("e", "event"), ("other", "competing")]
)
def test_columns_of_an_endpoint_explain_nothing(role: str, column: str, what: str) -> None:
    with pytest.raises(CohortError, match=f'"{column}" is the {what} of endpoint "os".*{role}'):
        Cohort(
            "toy", {}, CLINICAL, {"os": Endpoint("t", "e", competing="other")},
            **{role: ("age", column)},
        )  # fmt: skip


def test_one_column_has_one_place_in_an_endpoint() -> None:
    with pytest.raises(CohortError, match='column "e" as both event and competing'):
        Cohort("toy", {}, CLINICAL, {"os": Endpoint("t", "e", competing="e")})
    with pytest.raises(CohortError, match='column "t" as both time and entry'):
        Cohort("toy", {}, CLINICAL, {"os": Endpoint("t", "e", entry="t")})


def test_words_of_a_competing_column_are_not_answered_with_event_values_for_the_event() -> None:
    with pytest.raises(CohortError, match=r"competing event of endpoint.*as 2 in event_values"):
        Cohort("toy", {}, CLINICAL, {"os": Endpoint("t", "e", competing="words")})


def test_a_trend_over_an_outcome_is_refused() -> None:
    cohort = Cohort("toy", {}, CLINICAL, {"os": Endpoint("t", "e")})
    assert trend_order(cohort, "age").notna().all()
    for column in ("t", "e"):
        with pytest.raises(StudyError, match=f'trend = "{column}".*part of endpoint "os"'):
            trend_order(cohort, column)


def test_a_term_that_is_the_time_itself_gives_no_division_by_zero() -> None:
    rng = np.random.default_rng(1)
    survival = pd.DataFrame({"time": CLINICAL["t"], "event": CLINICAL["e"]}, PATIENTS)
    for spread in (0.0, 1e-3, 1e-2, 0.1, 1.0):
        terms = pd.DataFrame(
            {"own": survival["time"] + spread * rng.normal(size=40), "event": survival["event"]},
            PATIENTS,
        )
        model = fit_model(survival, terms.astype(float), "os", "m")
        assert (model.fit is None) == bool(model.reason)
