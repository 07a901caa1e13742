import numpy as np
import pandas as pd

from omicsfuse.imaging.interpretation.families import families_of, family_table
from omicsfuse.stats.detectable import detectable_correlation, needed_correlation


def test_what_can_be_detected() -> None:
    assert needed_correlation(44, 10**6) > needed_correlation(106, 10**6)
    rng = np.random.default_rng(0)
    rho = detectable_correlation(44, 1000)
    normal = 2 * np.sin(np.pi * rho / 6)  # the Pearson correlation that has this Spearman one
    x = rng.standard_normal((44, 2000))
    y = normal * x + np.sqrt(1 - normal**2) * rng.standard_normal(x.shape)
    ranks = x.argsort(axis=0).argsort(axis=0), y.argsort(axis=0).argsort(axis=0)
    r = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(ranks[0].T, ranks[1].T, strict=True)])
    assert 0.74 < float((r >= needed_correlation(44, 1000)).mean()) < 0.86
    # As the report of a map and that of an imaging model say it.
    part = pd.DataFrame({"layer": "rna", "kind": "gene", "feature": range(1000), "n": 44})
    part = part.assign(p=0.5, adjusted_p=0.5, adjusted_n=44, contrast="x")
    families = families_of(family_table([part], []), {})
    assert families["detectable"].tolist() == [rho]
    assert np.isnan(detectable_correlation(4, 10, given=1))
