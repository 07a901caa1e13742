from pathlib import Path

import pytest

from omicsfuse.biology import differential_features
from omicsfuse.core.results import Subtypes
from omicsfuse.io import read_cohort
from omicsfuse.preprocessing import preprocess

MANIFEST = Path(__file__).parents[2] / "data_manifests" / "tcga_hnsc_radiogenomic.toml"


def test_hpv_positive_head_and_neck_cancers_show_what_is_known(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSFUSE_DATA", str(real_data))
    with pytest.warns(UserWarning, match="date"):
        cohort = read_cohort(MANIFEST)
    prepared = preprocess(cohort, ["expression", "mutation", "copy_number"])
    assert cohort.clinical is not None
    status = cohort.clinical["hpv_status"].dropna()
    subtypes = Subtypes(status.map({"HPV-": "S1", "HPV+": "S2"}), {}, {})
    table = differential_features(subtypes, prepared).set_index(["layer", "subtype", "feature"])
    p16 = table.loc[("expression", "S2", "CDKN2A")]
    assert p16["effect_ci_low"] > 2
    assert p16["fdr"] < 1e-6
    tp53 = table.loc[("mutation", "S2", "TP53")]
    assert tp53["effect"] == pytest.approx(1 / 18 - 51 / 64)
    assert tp53["fdr"] < 1e-4
    assert table.loc[("copy_number", "S2", "TRAF3")]["effect_ci_high"] < 0
