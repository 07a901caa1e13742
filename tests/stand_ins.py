"""Stand-ins for long stages, where they are kept by name: fixtures cannot be found again."""

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import pytest

from omicsfuse.core.results import Fusion


def no_layout(fusion: Fusion, *, method: str = "umap", **_: object) -> pd.DataFrame:
    """Put all patients in one place."""
    return pd.DataFrame(0.0, fusion.patients, columns=["x", "y"]).assign(method=method)


@contextmanager
def without_map() -> Iterator[pytest.MonkeyPatch]:
    """Leave the map of patients out of runs: compiling UMAP takes half a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("omicsfuse.pipeline.stages.map.embed", no_layout)
        yield patch
