"""A dask cluster that a user plugs in through joblib gives the same bytes as one process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from joblib import parallel_config

import omicsfuse as of
from omicsfuse.assessment.refit import Refit, refit
from omicsfuse.datasets import simulate_cohort
from omicsfuse.stats import tasks
from omicsfuse.stats.tasks import Runner

distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")


@pytest.fixture(scope="module")
def repeat() -> Refit:
    ready = of.preprocess(simulate_cohort(45, n_external=0, n_genes=100).discovery)
    return refit(ready, of.fuse(ready, n_neighbors=8))


@pytest.fixture(scope="module", params=[False, True], ids=["threads", "processes"])
def cluster(request: pytest.FixtureRequest) -> Iterator[object]:
    """A cluster on this machine, without its web page and on a free port."""
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": request.param}
    with (
        distributed.LocalCluster(**settings, dashboard_address=None, scheduler_port=0) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_same_bytes_on_a_cluster(repeat: Refit, cluster: object) -> None:
    chance = np.random.default_rng(0)
    rows = [np.sort(chance.choice(45, 36, replace=False)) for _ in range(12)]
    alone = Runner().map(Refit.network, rows, repeat, label="fusions")
    told: list[int] = []
    with parallel_config(backend="dask"):
        runner = Runner(progress=lambda what, done, total: told.append(done))
        spread = runner.map(Refit.network, rows, repeat, label="fusions")
    for one, other in zip(spread, alone, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
    assert told == list(range(13))


def test_shared_arguments_are_sent_packed_and_once(
    repeat: Refit, cluster: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[int] = []
    pack = tasks._Work._pack

    def counted(work: tasks._Work) -> tuple[Any, ...]:
        packed.append(1)
        return pack(work)

    monkeypatch.setattr(tasks._Work, "_pack", counted)
    with parallel_config(backend="dask"):
        Runner().map(Refit.network, [np.arange(30)] * 8, repeat, label="fusions")
    assert len(packed) <= 1


def test_a_task_at_fault_goes_up_from_a_cluster(repeat: Refit, cluster: object) -> None:
    with parallel_config(backend="dask"), pytest.raises(TypeError, match="'int' and 'str'"):
        Runner().map(Refit.labels, [2, 3, "three"], repeat, label="groups")


def test_an_interrupt_leaves_finished_tasks_and_a_usable_cluster(
    repeat: Refit, cluster: object, tmp_path: Path
) -> None:
    def progress(what: str, done: int, total: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    rows = [np.arange(first, 45) for first in range(12)]
    with parallel_config(backend="dask"):
        with pytest.raises(KeyboardInterrupt):
            Runner(1, tmp_path, progress).map(Refit.network, rows, repeat, label="fusions")
        assert len(list(tmp_path.glob("*.npz"))) == 1
        again = Runner(1, tmp_path).map(Refit.network, rows, repeat, label="fusions")
    alone = Runner().map(Refit.network, rows, repeat, label="fusions")
    for one, other in zip(again, alone, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
