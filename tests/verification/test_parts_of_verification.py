"""Small functions, each by an example."""

import pandas as pd

from omicsfuse.core.results import Signature
from omicsfuse.verification.endpoint import locked_cut_point
from omicsfuse.verification.meta import log_ratios
from omicsfuse.verification.scored import join_notes, score_names


def test_locked_cut_point() -> None:
    cuts = pd.DataFrame(
        {
            "score": ["image"],
            "scorer": ["weighted_z"],
            "scaling": ["cohort"],
            "cut_point": [0.1],
            "rule": ["median"],
        }
    )
    empty = pd.DataFrame()
    toy = Signature("toy", empty, empty, "log2", {}, {}, cut_points=cuts)
    assert locked_cut_point(toy, "image", "weighted_z", "cohort") == 0.1


def test_log_ratios() -> None:
    part = pd.DataFrame(
        {"hr": [2.0], "hr_ci_low": [1.0], "hr_ci_high": [4.0], "p": [0.05], "p_one_sided": [0.975]}
    )
    y, se, sign = log_ratios(part)
    assert (y.round(3).tolist(), se.round(3).tolist(), sign) == ([0.693], [0.354], -1.0)


def test_join_notes() -> None:
    assert join_notes("few events", "", "same study", "few events") == "few events; same study"


def test_score_names() -> None:
    assert score_names(pd.DataFrame(columns=["subtype", "score_S1", "score_S2", "scorer"])) == [
        "S1",
        "S2",
    ]
