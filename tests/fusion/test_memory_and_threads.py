"""Memory is asked for before it is used, and the number of threads changes no byte."""

import sys
import threading
import time
import tracemalloc
from pathlib import Path

import numpy as np
import psutil
import pytest
from scipy.spatial.distance import cdist

import omicsfuse as of
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.fusion.affinity import affinities_of
from omicsfuse.fusion.engines import exact_memory
from omicsfuse.fusion.exact import fuse_networks
from omicsfuse.fusion.threads import Each, threads, usable_threads
from omicsfuse.stats.memory import available_memory, require_memory, usable_memory


def affinities(n: int, layers: int, binary: bool = False) -> list[np.ndarray]:
    rng = np.random.default_rng(n)
    tables = [rng.normal(size=(n, 6)) for _ in range(layers)]
    if binary:
        tables = [(table > 0.5).astype(float) for table in tables]
    return [of.affinity_matrix(cdist(table, table), min(8, n - 1)) for table in tables]


@pytest.mark.parametrize("n", [2, 40, 200])
@pytest.mark.parametrize("binary", [False, True])
def test_affinities_have_the_same_bytes_for_any_number_of_threads(n: int, binary: bool) -> None:
    table = np.random.default_rng(n).normal(size=(n, 4))
    table = (table > 0).astype(float) if binary else table
    d = cdist(table, table)
    one = of.affinity_matrix(d, min(7, n - 1), n_threads=1)
    for n_threads in (2, 3, 5):
        again = of.affinity_matrix(d, min(7, n - 1), n_threads=n_threads)
        assert again.tobytes() == one.tobytes()
    assert of.affinity_matrix(d, min(7, n - 1)).tobytes() == one.tobytes()


@pytest.mark.parametrize("variant", ["paper", "snfpy"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("n", "binary"), [(10, False), (130, False), (200, True)])
def test_fusion_has_the_same_bytes_for_any_number_of_threads(
    n: int, binary: bool, dtype: str, variant: str
) -> None:
    w = affinities(n, 3, binary)
    members = [np.arange(n), np.arange(n // 2), np.arange(n // 3, n)]
    part = [one[np.ix_(own, own)] for one, own in zip(w, members, strict=True)]
    weights = np.array([1.0, 0.3, 2.0])
    options = {"dtype": dtype, "members": members, "n": n}
    one = of.fuse_affinities(w, 8, 4, variant, dtype=dtype, n_threads=1)
    missing = fuse_networks(part, 8, 4, variant, weights, n_threads=1, **options)
    for n_threads in (2, 3, 5):
        again = of.fuse_affinities(w, 8, 4, variant, dtype=dtype, n_threads=n_threads)
        assert again.tobytes() == one.tobytes()
        some = fuse_networks(part, 8, 4, variant, weights, n_threads=n_threads, **options)
        assert some.network.tobytes() == missing.network.tobytes()
        assert some.changes.tobytes() == missing.changes.tobytes()


def test_fuse_has_the_same_bytes_for_any_number_of_threads() -> None:
    simulated = of.simulate_cohort(40, n_external=0, random_state=1)
    ready = of.preprocess(simulated.discovery)
    layers = dict(ready.layers)
    short = layers["radiomics"]
    layers["radiomics"] = PreparedLayer(
        short.kind, short.scaled[5:30], short.values[5:30], short.scale, short.transformer
    )
    ready = Prepared("partial", layers)
    one = of.fuse(ready, n_neighbors=8, n_threads=1)
    for n_threads in (2, 5, None):
        again = of.fuse(ready, n_neighbors=8, n_threads=n_threads)
        assert again.affinity.to_numpy().tobytes() == one.affinity.to_numpy().tobytes()
        assert again.convergence.equals(one.convergence)
        for name, network in one.per_layer.items():
            assert again.per_layer[name].equals(network)


def test_work_is_shared_out_once_to_each_thread() -> None:
    for n_threads in (1, 2, 4):
        seen: list[tuple[int, int, str]] = []
        lock = threading.Lock()

        def note(
            number: int,
            workers: int,
            own: str,
            seen: list[tuple[int, int, str]] = seen,
            lock: threading.Lock = lock,
        ) -> None:
            time.sleep(0.01)
            with lock:
                seen.append((number, workers, own))

        with threads(n_threads) as share:
            share(note, Each("abcd"[:n_threads]))
            # It returns only when all are done.
            expected = [(i, n_threads, "abcd"[i]) for i in range(n_threads)]
            assert sorted(seen) == expected


def test_an_error_in_a_thread_is_not_lost() -> None:
    def fail(number: int, workers: int) -> None:
        if number == workers - 1:
            raise ValueError(f"thread {number}")

    for n_threads in (1, 3):
        with (
            pytest.raises(ValueError, match=f"thread {n_threads - 1}"),
            threads(n_threads) as share,
        ):
            share(fail)


def test_threads_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_threads(4) == 4
    assert usable_threads(None) >= 1
    monkeypatch.setattr("os.sched_getaffinity", lambda who: {0, 3, 5}, raising=False)
    assert usable_threads(None) == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert usable_threads(None) == 1
    for wrong in (0, -1, 1.5, True, "two"):
        with pytest.raises(of.StudyError, match=f"n_threads is {wrong!r}"):
            usable_threads(wrong)


def limits(folder: Path, most: str, used: int, inactive: int) -> Path:
    (folder / "memory.max").write_text(f"{most}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {inactive}\nfile 7\n")
    return folder


def test_memory_of_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Machine:
        available = 10_000

    monkeypatch.setattr(psutil, "virtual_memory", lambda: Machine)
    assert available_memory(tmp_path) == 10_000
    assert available_memory(limits(tmp_path, "max", 500, 100)) == 10_000
    assert available_memory(limits(tmp_path, "4000", 1500, 0)) == 2500
    # Pages of files that were only read count as free.
    assert available_memory(limits(tmp_path, "4000", 1500, 700)) == 3200
    assert available_memory(limits(tmp_path, "40000", 1500, 0)) == 10_000
    assert available_memory(limits(tmp_path, "1000", 1500, 0)) == 0
    (tmp_path / "memory.stat").unlink()
    assert available_memory(tmp_path) == 10_000


def test_refusal_says_how_much_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omicsfuse.stats.memory.available_memory", lambda: 2 * 2**30)
    assert usable_memory() == int(1.8 * 2**30)
    require_memory(usable_memory(), "this", "do that")
    with pytest.raises(
        of.StudyError,
        match=r"this takes about 1\.8 GiB of memory, and 2\.0 GiB are available.*; do that\.",
    ):
        require_memory(usable_memory() + 1, "this", "do that")


def test_fuse_refuses_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = of.preprocess(of.simulate_cohort(40, n_external=0).discovery)
    monkeypatch.setattr("omicsfuse.stats.memory.available_memory", lambda: 1000)

    def never(*args: object) -> None:
        raise AssertionError("distances were computed")

    # The function hides its module of the same name.
    monkeypatch.setattr(sys.modules["omicsfuse.fusion.layers"], "layer_distances", never)
    with pytest.raises(
        of.StudyError,
        match=r'fusing 40 patients in 5 layers with engine \'exact\' takes .*engine="sparse", or '
        r'fewer layers, or dtype="float32"',
    ):
        of.fuse(ready, n_neighbors=8, engine="exact")
    with pytest.raises(of.StudyError, match=r'with engine "sparse" takes .*n_kept'):
        of.fuse(ready, n_neighbors=8, engine="sparse")


@pytest.mark.parametrize("layers", [2, 4])
def test_the_peak_is_what_is_asked_for(layers: int) -> None:
    n = 800
    w = affinities(n, layers)
    fuse_networks(w, 20, 1, "paper", np.ones(layers))
    tracemalloc.start()
    fuse_networks(w, 20, 2, "paper", np.ones(layers))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    asked = exact_memory(n, dict.fromkeys(map(str, range(layers)), n)) - layers * 8 * n * n
    assert 0.6 * asked < peak < 1.05 * asked
    assert peak + layers * 8 * n * n < (2 * layers + 3) * 8 * n * n


def test_affinities_take_one_matrix() -> None:
    d = cdist(*[np.random.default_rng(0).normal(size=(600, 3))] * 2)
    affinities_of(d, 20, 0.5)
    tracemalloc.start()
    affinities_of(d, 20, 0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * d.nbytes
