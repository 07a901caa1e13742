"""Sentences on features of labels."""

import pandas as pd

from omicsfuse.report.sections.biology.known_labels import _both


def test_an_effect_without_limit_is_said_in_words() -> None:
    row = pd.Series(
        {
            "feature": "CDKN2A",
            "label_effect": float("-inf"),
            "subtype_effect": 0.5,
            "subtype_fdr": 0.01,
        }
    )
    assert _both(row) == "CDKN2A lowered without limit and +0.50, FDR = 0.010"
