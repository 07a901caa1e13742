"""The reference engine: runs snfpy itself, on scikit-learn releases it was not written for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from omicsfuse.fusion.affinity import usable_neighbors
from omicsfuse.fusion.exact import checked_affinities


def fuse_with_snfpy(
    affinities: Sequence[np.ndarray], n_neighbors: int = 20, n_iterations: int = 20
) -> np.ndarray:
    """Fuse affinity matrices by calling snfpy, as a reference for our own kernel."""
    networks = checked_affinities(affinities)
    k = usable_neighbors(n_neighbors, len(networks[0]))
    with current_scikit_learn() as compute:
        return np.asarray(compute.snf(*networks, K=k, t=n_iterations))


@contextmanager
def current_scikit_learn() -> Iterator[Any]:
    """Give snfpy the argument name it knows: ``force_all_finite`` became ``ensure_all_finite``."""
    compute: Any = import_module("snf.compute")
    original = compute.check_array

    def check_array(array: Any, *args: Any, force_all_finite: Any = True, **kwargs: Any) -> Any:
        return original(array, *args, ensure_all_finite=force_all_finite, **kwargs)

    compute.check_array = check_array
    try:
        yield compute
    finally:
        compute.check_array = original
