"""Shares of cell types: against R, planted mixtures, the null, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.svm import NuSVR

from omicsfuse.biology.deconvolution import deconvolve
from omicsfuse.biology.nu_regression import nu_svr, standardised
from omicsfuse.biology.nu_solver import nu_weights
from omicsfuse.biology.reference_matrix import read_reference
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def matrix() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    values = rng.lognormal(5, 1.5, (150, 6))
    return pd.DataFrame(values, [f"g{i:03d}" for i in range(150)], list("ABCDEF"))


def mixtures(matrix: pd.DataFrame, n: int, noise: float, seed: int = 0) -> tuple:
    """True shares and the mixtures of patients, with other genes that no cell type explains."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(matrix.shape[1], 0.7), n)
    mixed = shares @ matrix.to_numpy().T * rng.lognormal(0, noise, (n, len(matrix)))
    other = rng.lognormal(5, 1.5, (n, 300))
    patients = [f"P{i:02d}" for i in range(n)]
    genes = [*matrix.index, *(f"x{i}" for i in range(300))]
    table = pd.DataFrame(np.hstack([mixed, other]), patients, genes)
    return pd.DataFrame(shares, patients, matrix.columns), table


def layer(values: pd.DataFrame, scale: str = "log2") -> Prepared:
    return Prepared("toy", {"rna": PreparedLayer("expression", values, values, scale, None)})


@pytest.fixture(scope="module")
def from_r() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return (
        pd.read_csv(REFERENCE / "deconvolution_matrix.csv", index_col=0),
        pd.read_csv(REFERENCE / "deconvolution_mixtures.csv", index_col=0),
        pd.read_csv(REFERENCE / "deconvolution_weights.csv"),
    )


def test_nu_regression_agrees_with_e1071(from_r: tuple) -> None:
    x, y, weights = from_r
    fractions, fit = deconvolve(y, x, n_permutations=0)
    scaled = standardised(x.to_numpy())
    for patient in y.index:
        best = (np.inf, np.empty(0))
        for nu in ("0.25", "0.50", "0.75"):
            rows = weights[(weights["method"] == f"nu_svr {nu}") & (weights["patient"] == patient)]
            own = standardised(y.loc[patient].to_numpy())
            mine = nu_weights(scaled, own[None], float(nu))[0]
            # libsvm stops at a tolerance of 1e-3.
            np.testing.assert_allclose(mine, rows["weight"], atol=5e-3)
            w = rows["weight"].clip(lower=0).to_numpy()
            w = w / w.sum()
            best = min(best, (np.sqrt(np.mean((scaled @ w - own) ** 2)), w), key=lambda one: one[0])
        np.testing.assert_allclose(fractions.loc[patient, x.columns], best[1], atol=5e-3)
        assert fit.loc[patient, "root_mean_square_error"] == pytest.approx(best[0], abs=1e-3)


@pytest.mark.parametrize("nu", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("loud", [0.0, 1.5])
def test_solver_reaches_the_solution_that_libsvm_tends_to(nu: float, loud: float) -> None:
    rng = np.random.default_rng(4)
    x = standardised(rng.lognormal(0, loud, (70, 1)) * rng.lognormal(4, 1, (70, 5)))
    y = standardised(x @ rng.dirichlet(np.ones(5)) + rng.normal(0, 0.3, 70))
    exact = NuSVR(kernel="linear", nu=nu, C=1.0, tol=1e-8).fit(x, y).coef_.ravel()
    np.testing.assert_allclose(nu_weights(x, y[None], nu)[0], exact, atol=1e-5)


def test_mixtures_beside_a_mixture_change_no_bit_of_it(matrix: pd.DataFrame) -> None:
    _, table = mixtures(matrix, 70, 0.3)
    values = table[matrix.index].to_numpy()
    together = nu_weights(standardised(matrix.to_numpy()), values / 1000, 0.5)
    alone = nu_weights(standardised(matrix.to_numpy()), values[[66, 3]] / 1000, 0.5)
    np.testing.assert_array_equal(alone, together[[66, 3]])


def test_mixtures_that_nothing_explains_have_no_shares(matrix: pd.DataFrame) -> None:
    opposite = matrix.to_numpy().max() - matrix.to_numpy().sum(axis=1)
    found = nu_svr(matrix.to_numpy(), np.array([opposite, np.full(150, 7.0)]))
    assert np.isnan(found.fractions).all()
    assert np.isnan(found.correlation).all()


def test_least_squares_agree_with_quadprog(from_r: tuple) -> None:
    x, y, weights = from_r
    fractions, _ = deconvolve(y, x, method="nnls", n_permutations=0)
    w = weights[weights["method"] == "nnls"].pivot(
        index="patient", columns="type", values="weight"
    )[x.columns]
    expected = w.div(w.sum(axis=1), axis=0)
    np.testing.assert_allclose(fractions.loc[w.index], expected, atol=1e-8)


@pytest.mark.parametrize(("noise", "least"), [(0.0, 0.99), (0.2, 0.97), (0.5, 0.9)])
@pytest.mark.parametrize("method", ["nu_svr", "nnls"])
def test_planted_shares_are_recovered(
    matrix: pd.DataFrame, noise: float, least: float, method: str
) -> None:
    shares, table = mixtures(matrix, 25, noise)
    found, fit = deconvolve(table, matrix, method=method, n_permutations=19)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert (found.to_numpy() >= 0).all()
    if method == "nnls" and noise == 0.5:
        least = 0.8  # squares follow the loudest genes
    assert np.corrcoef(found.to_numpy().ravel(), shares.to_numpy().ravel())[0, 1] > least
    assert (fit["p"] == 0.05).all()
    assert (fit["n_genes"] == 150).all()


def test_without_the_cells_p_is_uniform(matrix: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    genes = [*matrix.index, *(f"x{i}" for i in range(100))]
    table = pd.DataFrame(rng.lognormal(5, 1.5, (120, 250)), columns=genes)
    # Many draws, since all patients share them: few would move all p-values together.
    _, fit = deconvolve(table, matrix, method="nnls", n_permutations=1999)
    assert stats.kstest(fit["p"], "uniform").pvalue > 0.01
    assert 0.005 <= (fit["p"] <= 0.05).mean() <= 0.12


def test_log2_layers_are_taken_back(matrix: pd.DataFrame) -> None:
    _, table = mixtures(matrix, 8, 0.1)
    linear, _ = deconvolve(table, matrix, n_permutations=0)
    logged, _ = deconvolve(layer(np.log2(table + 1)), matrix, n_permutations=0)
    np.testing.assert_allclose(logged, linear, atol=1e-5)
    logged, _ = deconvolve(layer(np.log2(table + 1)), matrix, method="nnls", n_permutations=0)
    linear, _ = deconvolve(table, matrix, method="nnls", n_permutations=0)
    np.testing.assert_allclose(logged, linear, atol=1e-6)


def test_order_of_patients_genes_and_cells_changes_nothing(matrix: pd.DataFrame) -> None:
    _, table = mixtures(matrix, 6, 0.3)
    first = deconvolve(table, matrix, n_permutations=9)
    turned = deconvolve(table.iloc[::-1, ::-1], matrix.iloc[::-1, ::-1], n_permutations=9)
    pd.testing.assert_frame_equal(
        first[0], turned[0].loc[first[0].index, first[0].columns], check_exact=True
    )
    pd.testing.assert_frame_equal(first[1], turned[1].loc[first[1].index], check_exact=True)
    assert list(turned[0].columns) == list("FEDCBA")


def test_missing_values_of_one_patient_leave_the_others_alone(matrix: pd.DataFrame) -> None:
    shares, table = mixtures(matrix, 6, 0.1)
    whole, _ = deconvolve(table, matrix, n_permutations=0)
    table.iloc[0, :30] = np.nan
    table.iloc[1, :146] = np.nan
    with pytest.warns(OmicsfuseWarning, match=r'no shares for 1 patients.*"P01"'):
        found, fit = deconvolve(table, matrix, n_permutations=5)
    pd.testing.assert_frame_equal(found.iloc[2:], whole.iloc[2:])
    assert fit["n_genes"].tolist() == [120, 4, 150, 150, 150, 150]
    assert found.iloc[1].isna().all()
    assert fit["p"].iloc[1] == 1.0
    np.testing.assert_allclose(found.iloc[0], shares.iloc[0], atol=0.1)


def test_expression_that_is_not_linear_is_refused(matrix: pd.DataFrame) -> None:
    _, table = mixtures(matrix, 5, 0.1)
    z = (table - table.mean()) / table.std()
    with pytest.raises(CohortError, match="z-scores cannot be converted"):
        deconvolve(layer(z, "zscore"), matrix)
    with pytest.raises(CohortError, match=r"values below 0.*log or z-score"):
        deconvolve(z, matrix)
    with pytest.warns(OmicsfuseWarning, match="largest value of the table is"):
        deconvolve(np.log2(table + 1), matrix, n_permutations=0)


def test_too_few_shared_genes_are_refused(matrix: pd.DataFrame) -> None:
    _, table = mixtures(matrix, 5, 0.1)
    with pytest.raises(StudyError, match=r"6 of the 150 genes.*6 cell types"):
        deconvolve(table.drop(columns=matrix.index[6:]), matrix)
    with pytest.raises(StudyError, match="150 names differ only in case"):
        deconvolve(table.rename(columns=str.upper), matrix)
    with pytest.warns(OmicsfuseWarning, match="70 of the 150 genes"):
        deconvolve(table.drop(columns=matrix.index[70:]), matrix, n_permutations=0)


def test_unknown_method_names_the_nearest(matrix: pd.DataFrame) -> None:
    with pytest.raises(StudyError, match='did you mean "nnls"'):
        deconvolve(matrix.T, matrix, method="nnl")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: pd.concat([m, m.iloc[:1]]), 'genes more than once: "g000"'),
        (lambda m: pd.concat([m, m["A"]], axis=1), 'cell types more than once: "A"'),
        (lambda m: m - 200, "values below 0"),
        (lambda m: m.assign(A="high"), r"gene 'g000' and cell type 'A' \('high'\)"),
        (lambda m: m.mask(m == m.iloc[3, 2]), "1 cells that are missing"),
        (lambda m: m.T, "transposed"),
        (lambda m: m[["A"]], "at least two cell types"),
        (lambda m: m.assign(B=7.0), 'same value for all genes: "B"'),
    ],
)
def test_matrices_that_cannot_be_used_are_refused(
    matrix: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], match: str
) -> None:
    with pytest.raises(StudyError, match=match):
        read_reference(change(matrix))


def test_matrix_from_a_file(matrix: pd.DataFrame, tmp_path: Path) -> None:
    matrix.rename_axis("Gene symbol").to_csv(tmp_path / "cells.txt", sep="\t")
    pd.testing.assert_frame_equal(
        read_reference(tmp_path / "cells.txt"), matrix, check_names=False, check_index_type=False
    )
    with pytest.raises(StudyError, match="does not exist"):
        read_reference(tmp_path / "none.tsv")
    with pytest.warns(OmicsfuseWarning, match="in the range of log2 values"):
        read_reference(np.log2(matrix + 1))


def test_mixtures_without_any_noise_are_solved(matrix: pd.DataFrame) -> None:
    shares, table = mixtures(matrix, 60, 0.0)
    found, _ = deconvolve(table, matrix, n_permutations=0)
    np.testing.assert_allclose(found, shares, atol=0.03)
