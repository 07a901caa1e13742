"""Reference labels: tests/reference/{coexpression,dynamic_cut}.R; R 4.2.2, WGCNA 1.72-1."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from omicsfuse.core.errors import OmicsfuseError, SignatureError, StudyError
from omicsfuse.signatures.coexpression import (
    UNASSIGNED,
    CoexpressionModules,
    coexpression_modules,
)

REFERENCE = Path(__file__).parents[1] / "reference"


def table(name: str = "coexpression") -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}_data.csv", index_col=0)


@pytest.fixture(scope="module")
def found() -> CoexpressionModules:
    return coexpression_modules(table(), power=6, minimum_size=12)


@pytest.mark.parametrize("name", ["coexpression", "dynamic_cut"])
def test_modules_are_those_of_wgcna(name: str) -> None:
    expected = pd.read_csv(REFERENCE / f"{name}_labels.csv")
    found = coexpression_modules(table(name), power=6, minimum_size=12)
    assert adjusted_rand_score(found.labels, expected["blockwise"]) == 1
    assert ((found.labels == UNASSIGNED).to_numpy() == (expected["blockwise"] == 0)).all()


def test_modules_are_the_planted_ones(found: CoexpressionModules) -> None:
    planted = pd.read_csv(REFERENCE / "coexpression_labels.csv")["planted"]
    assert adjusted_rand_score(found.labels, planted) > 0.8
    assert found.labels.value_counts()[["M1", "M2", "M3", "M4"]].is_monotonic_decreasing


def test_everything_fits_together(found: CoexpressionModules) -> None:
    names = ["M1", "M2", "M3", "M4"]
    assert found.eigengenes.columns.tolist() == names
    assert found.membership.columns.tolist() == names
    assert found.explained.index.tolist() == names
    assert found.power == 6
    assert found.fit.loc[found.fit["chosen"], "power"].tolist() == [6]
    data = table()
    gene = found.hubs("M2", 1).index[0]
    r = np.corrcoef(data[gene], found.eigengenes["M2"])[0, 1]
    assert found.membership.loc[gene, "M2"] == pytest.approx(r)
    assert found.hubs("M2").iloc[0] == found.membership.loc[found.labels == "M2", "M2"].max()
    assert (found.hubs("M2") >= 0.3).all()
    with pytest.raises(StudyError, match="there is no module 'M9'; the modules are M1, M2, M3, M4"):
        found.hubs("M9")


def test_the_power_is_chosen_by_the_fit() -> None:
    # pickSoftThreshold(networkType = "signed", RsquaredCut = 0.85): 10; nothing reaches 0.99.
    assert coexpression_modules(table(), minimum_size=12).power == 10
    best = coexpression_modules(table(), minimum_size=12, enough_fit=1.0)
    assert best.power == best.fit.loc[best.fit["signed_r2"].idxmax(), "power"]


def test_order_of_patients_and_genes_does_not_matter(found: CoexpressionModules) -> None:
    data = table()
    turned = data.iloc[::-1, np.random.default_rng(0).permutation(data.shape[1])]
    again = coexpression_modules(turned, power=6, minimum_size=12)
    pd.testing.assert_series_equal(again.labels, found.labels)
    pd.testing.assert_frame_equal(again.eigengenes, found.eigengenes, check_exact=True)
    pd.testing.assert_frame_equal(again.membership, found.membership, check_exact=True)


def test_the_number_of_threads_does_not_matter() -> None:
    code = (
        "import hashlib, numpy as np, pandas as pd\n"
        "from omicsfuse.signatures.coexpression import coexpression_modules\n"
        "x = np.random.default_rng(0).standard_normal((60, 300))\n"
        "x[:, :40] += 2 * x[:, [299]]\n"
        "found = coexpression_modules(pd.DataFrame(x).add_prefix('G').rename('P{:02d}'.format))\n"
        "both = found.eigengenes.to_numpy().tobytes() + found.membership.to_numpy().tobytes()\n"
        "print(found.eigengenes.shape, hashlib.sha256(both).hexdigest())\n"
    )
    seen = set()
    for threads in ("1", "2"):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        run = [sys.executable, "-c", code]
        seen.add(
            subprocess.run(run, capture_output=True, text=True, check=True, env=environment).stdout
        )
    assert len(seen) == 1
    assert "(60, 1)" in seen.pop()


def test_missing_values_are_borne() -> None:
    data = table()
    holes = pd.read_csv(REFERENCE / "coexpression_missing.csv")
    values = data.to_numpy().copy()
    values[holes["row"] - 1, holes["col"] - 1] = np.nan
    found = coexpression_modules(
        pd.DataFrame(values, data.index, data.columns), power=6, minimum_size=12
    )
    whole = coexpression_modules(data, power=6, minimum_size=12)
    assert adjusted_rand_score(found.labels, whole.labels) > 0.8
    assert found.eigengenes.notna().all(axis=None)


def test_unusable_genes_are_counted() -> None:
    data = table()
    data["G001"] = 5.0
    data.loc[data.index[:40], "G002"] = np.nan
    data["G003"] = np.nan
    found = coexpression_modules(data, power=6, minimum_size=12, maximum_genes=100)
    reasons = {
        exclusion.reason.split(",")[0]: (exclusion.count, exclusion.examples)
        for exclusion in found.exclusions
    }
    assert reasons["constant"] == (3, ("G001", "G002", "G003"))
    assert reasons["not among the 100 most variable genes of the network"][0] == 47
    assert len(found.labels) == 100
    least = data[found.labels.index].var().min()
    others = data.columns.drop([*found.labels.index, "G001", "G002", "G003"])
    assert (data[others].var() <= least).all()


def test_without_structure_there_is_no_module() -> None:
    noise = pd.DataFrame(np.random.default_rng(1).standard_normal((60, 80))).add_prefix("G")
    found = coexpression_modules(noise.rename("P{:02d}".format), power=8)
    assert (found.labels == UNASSIGNED).all()
    assert found.eigengenes.shape == (60, 0)
    assert found.membership.shape == (80, 0)


def test_an_unsigned_network_joins_opposite_genes() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 80))
    x[:, :20] += 2 * x[:, [79]]
    x[:, 20:40] -= 2 * x[:, [79]]
    data = pd.DataFrame(x, [f"P{i:02d}" for i in range(60)], [f"G{i:02d}" for i in range(80)])
    unsigned = coexpression_modules(data, network="unsigned", power=4, minimum_size=10)
    assert set(unsigned.labels[:40]) == {"M1"}
    signed = coexpression_modules(data, power=6, minimum_size=10)
    assert len(set(signed.labels[:40])) == 2
    assert signed.labels["G00"] != signed.labels["G39"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"network": "both"}, StudyError, "network is 'both'; it must be one of signed"),
        ({"correlation": "r"}, StudyError, "correlation is 'r'; it must be one of pearson"),
        ({"power": 0.5}, StudyError, "power is 0.5; it must be a number from 1 to 100"),
        ({"enough_fit": 2}, StudyError, "enough_fit is 2; it must be a number from 0 to 1"),
        ({"merge_height": "x"}, StudyError, "merge_height is 'x'; it must be a number from 0 to 2"),
        ({"minimum_size": 200}, SignatureError, "150 genes are usable; a network needs at least"),
        ({"depth": 7}, StudyError, "depth is 7; it must be a whole number from 0 to 4"),
    ],
)
def test_settings_are_checked(
    change: dict[str, object], error: type[OmicsfuseError], message: str
) -> None:
    with pytest.raises(error, match=message):
        coexpression_modules(table(), **change)


def test_data_are_checked() -> None:
    with pytest.raises(SignatureError, match=r"5 patients have expression; .* at least 10"):
        coexpression_modules(table().iloc[:5])
    with pytest.raises(StudyError, match="gene names must be unique; found twice: G001"):
        coexpression_modules(table().rename(columns={"G002": "G001"}))
    with pytest.raises(StudyError, match="values is of type list; expected DataFrame"):
        coexpression_modules([1.0])


@pytest.mark.parametrize("network", ["signed", "unsigned", "signed hybrid"])
@pytest.mark.parametrize("correlation", ["pearson", "bicor"])
def test_all_kinds_of_network_find_the_planted_modules(network: str, correlation: str) -> None:
    planted = pd.read_csv(REFERENCE / "coexpression_labels.csv")["planted"]
    found = coexpression_modules(
        table(), power=6, minimum_size=12, network=network, correlation=correlation
    )
    assert adjusted_rand_score(found.labels[(planted > 0).to_numpy()], planted[planted > 0]) > 0.5
