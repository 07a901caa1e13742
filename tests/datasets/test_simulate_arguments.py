"""Arguments of the simulated cohort: bounds are told in plain words."""

import pytest

from omicsfuse.core.errors import StudyError
from omicsfuse.datasets import simulate_cohort


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_patients": 5}, "n_patients is 5; it must be at least 20"),
        ({"n_genes": 3}, "n_genes is 3; it must be at least 100"),
        ({"n_subtypes": 9}, "n_subtypes is 9; it must be from 1 to 8"),
        ({"missing": 0.7}, r"missing is 0\.7; it must be from 0 to 0\.5"),
    ],
)
def test_bounds_are_told(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(StudyError, match=message + r"\.$"):
        simulate_cohort(**arguments)
