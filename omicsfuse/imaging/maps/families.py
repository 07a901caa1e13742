"""One family of tests: a target layer against the radiomic features, plain and adjusted."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results.imaging import ASSOCIATION_COLUMNS
from omicsfuse.imaging.maps.associations import (
    MINIMUM_PATIENTS,
    FalseDiscoveryRates,
    Family,
    correlate_family,
    strongest_pairs,
)
from omicsfuse.imaging.maps.shuffles import shuffle_patients
from omicsfuse.imaging.maps.targets import STEP, Design, testable
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.correlations import interval
from omicsfuse.stats.detectable import detectable_correlation, needed_correlation
from omicsfuse.stats.levels import SIGNIFICANCE

#: Associations of a family that are listed at most; the matrices hold all of them.
MOST_LISTED = 100_000

FAMILY_COLUMNS = [
    "layer",
    "n",
    "features",
    "targets",
    "tests",
    "found",
    "smallest_p",
    "smallest_fdr",
    "adjusted_found",
    "kept",
    "note",
    "vanished",
    "of_volume",
    "clusters_found",
    "targets_found",
    "adjusted_n",
    "needed_correlation",
    "detectable_correlation",
    "permutations",
    "permuted_p",
    "permuted_found",
]
#: Those of them that count something.
COUNTS = [
    "n",
    "features",
    "targets",
    "tests",
    "found",
    "adjusted_found",
    "kept",
    "vanished",
    "of_volume",
    "clusters_found",
    "targets_found",
    "adjusted_n",
    "permutations",
]


class Mapped(NamedTuple):
    """What one family gives: row, associations, matrices, p-values in order, exclusions."""

    row: dict[str, object]
    associations: pd.DataFrame
    correlation: pd.DataFrame
    adjusted: pd.DataFrame
    quantiles: pd.DataFrame
    exclusions: tuple[Exclusion, ...]


class Settings(NamedTuple):
    """What is the same for all families; ``images`` is what features are called.

    ``excluded`` features are volume themselves.
    """

    fdr: float
    n_strongest: int
    excluded: frozenset[str]
    cluster: dict[str, str]
    n_permutations: int = 0
    random_state: int = 0
    images: str = "radiomic features"


def map_family(
    images: pd.DataFrame,
    design: Design | None,
    settings: Settings,
    target: tuple[str, pd.DataFrame],
) -> Mapped:
    """Correlate the features with one layer, plain and adjusted, and say what was found.

    ``images``: patients x features; ``target``: the layer's name and its patients x targets, both
    in order.
    """
    name, table = target
    common = images.index.isin(table.index)
    patients = images.index[common]
    exclusions = _absent(name, images.index[~common])
    if len(patients) < MINIMUM_PATIENTS:
        note = (
            f"{len(patients)} patients have both layers; {MINIMUM_PATIENTS} are needed: not tested"
        )
        return _nothing(name, len(patients), note, exclusions)
    columns, lost_features = testable(images.loc[patients], name, settings.images)
    targets, lost_targets = testable(table.loc[patients], name, "targets")
    exclusions += lost_features + lost_targets
    x, y = columns.to_numpy(dtype=float), targets.to_numpy(dtype=float)
    if not x.shape[1] or not y.shape[1]:
        note = "no feature varies enough to be tested"
        return _nothing(name, len(patients), note, exclusions)
    names = [str(feature) for feature in columns.columns]
    of_size = np.array([feature in settings.excluded for feature in names])
    plain = correlate_family(x, y)
    rates = FalseDiscoveryRates(plain.p)
    significant = plain.p <= rates.largest_p(settings.fdr)
    listed = strongest_pairs(plain, significant, MOST_LISTED)
    if len(listed[0]) < settings.n_strongest:
        listed = strongest_pairs(plain, np.isfinite(plain.p), settings.n_strongest)
    r, p, n, _ = plain.pairs(*listed)
    low, high = interval(r, n)
    frame = pd.DataFrame(
        {
            "feature": columns.columns.to_numpy(dtype=object)[listed[0]],
            "layer": name,
            "target": targets.columns.to_numpy(dtype=object)[listed[1]],
            "n": n,
            "correlation": r,
            "correlation_ci_low": low,
            "correlation_ci_high": high,
            "p": p,
            "fdr": rates.of(p),
        }
    )
    smallest_p, smallest_fdr = rates.smallest()
    count = int(significant.sum())
    most = int(plain.n.max())
    row: dict[str, object] = {
        "layer": name,
        "n": most,
        "features": x.shape[1],
        "targets": y.shape[1],
        "tests": rates.tests,
        "found": count,
        "smallest_p": smallest_p,
        "smallest_fdr": smallest_fdr,
        "clusters_found": _clusters(names, significant, settings),
        "targets_found": int(significant.any(axis=0).sum()),
        "needed_correlation": needed_correlation(most, rates.tests, settings.fdr),
        "detectable_correlation": detectable_correlation(most, rates.tests, settings.fdr),
    }
    shuffled = shuffle_patients(
        x,
        y,
        plain,
        rates.largest_p(settings.fdr),
        settings.n_permutations,
        settings.random_state,
    )
    row |= {
        "permutations": shuffled.n,
        "permuted_p": shuffled.p,
        "permuted_found": shuffled.by_chance,
    }
    quantiles = rates.quantiles().assign(layer=name, adjusted=False)
    matrix = _matrix(plain, columns, targets)
    del plain, rates
    given = None if design is None else design.numbers[common]
    second = _adjust(x, y, given, of_size, significant, settings.fdr)
    row |= second.row
    row["of_volume"] = int(significant[of_size].sum())
    row["note"] = _note(design, second, int(of_size.sum()))
    ar, ap, an, ak = second.family.pairs(*listed)
    adjusted_low, adjusted_high = interval(ar, an, ak)
    frame = frame.assign(
        adjusted_n=np.where(np.isfinite(ar), an, 0),
        adjusted_correlation=ar,
        adjusted_ci_low=adjusted_low,
        adjusted_ci_high=adjusted_high,
        adjusted_p=ap,
        adjusted_fdr=second.rates.of(ap),
        vanishes=significant[listed] & (ap > SIGNIFICANCE),
    )[ASSOCIATION_COLUMNS]
    if count > len(listed[0]):
        reason = f"significant, but beyond the {MOST_LISTED:,} strongest of a family: not listed"
        exclusions += (Exclusion(STEP, name, "associations", count - len(listed[0]), reason),)
    exclusions += _incomplete(name, patients, given)
    quantiles = pd.concat(
        [quantiles, second.rates.quantiles().assign(layer=name, adjusted=True)], ignore_index=True
    )
    adjusted = _matrix(second.family, columns, targets)
    return Mapped(row, frame, matrix, adjusted, quantiles, exclusions)


class _Adjusted(NamedTuple):
    family: Family
    rates: FalseDiscoveryRates
    row: dict[str, object]


def _adjust(
    x: Array,
    y: Array,
    covariates: Array | None,
    excluded: npt.NDArray[np.bool_],
    significant: npt.NDArray[np.bool_],
    fdr: float,
) -> _Adjusted:
    """Partial correlations, all missing where there is nothing to adjust for."""
    if covariates is None:
        nothing = np.broadcast_to(np.nan, significant.shape)
        zero = np.zeros((1, 1), dtype=np.int32)
        family = Family(nothing, nothing, zero, zero)
    else:
        family = correlate_family(x, y, covariates)
        family.correlation[excluded] = np.nan
        family.p[excluded] = np.nan
    rates = FalseDiscoveryRates(family.p)
    still = family.p <= rates.largest_p(fdr)
    row: dict[str, object] = {
        "adjusted_found": int(still.sum()),
        "kept": int((still & significant).sum()),
        "vanished": int((significant & (family.p > SIGNIFICANCE)).sum()),
        "adjusted_n": int(family.n.max()) if covariates is not None else 0,
    }
    return _Adjusted(family, rates, row)


def _matrix(family: Family, features: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        family.correlation.astype(np.float32), features.columns, targets.columns
    ).rename_axis(index="feature", columns="target")


def _clusters(features: list[str], significant: npt.NDArray[np.bool_], settings: Settings) -> int:
    """Count the clusters that the findings are of."""
    some = np.flatnonzero(np.asarray(significant.any(axis=1)))
    return len({settings.cluster[features[i]] for i in some})


def _absent(name: str, patients: pd.Index) -> tuple[Exclusion, ...]:
    if patients.empty:
        return ()
    return (
        Exclusion(
            STEP,
            name,
            "patients",
            len(patients),
            f"with images but without layer {name}",
            _five(patients),
        ),
    )


def _incomplete(name: str, patients: pd.Index, covariates: Array | None) -> tuple[Exclusion, ...]:
    """Count the patients that adjusted correlations do without."""
    if covariates is None:
        return ()
    incomplete = np.asarray(np.isnan(covariates).any(axis=1), dtype=bool)
    lacking = patients[incomplete]
    if lacking.empty:
        return ()
    reason = "covariate or tumour volume missing: not in adjusted correlations"
    return (Exclusion(STEP, name, "patients", len(lacking), reason, _five(lacking)),)


def _five(patients: pd.Index) -> tuple[str, ...]:
    return tuple(str(patient) for patient in patients[:5])


def _note(design: Design | None, adjusted: _Adjusted, excluded: int) -> str:
    if design is None:
        return "not adjusted: covariates and tumour volume are unknown"
    if not adjusted.rates.tests:
        return f"not adjusted: too few patients have {', '.join(design.names)}"
    if not excluded or "tumour volume" not in design.names:
        return ""
    features = "1 feature is" if excluded == 1 else f"{excluded} features are"
    return f"{features} equivalent to tumour volume and not adjusted for it"


def _nothing(name: str, n: int, note: str, exclusions: tuple[Exclusion, ...]) -> Mapped:
    """A family without a test."""
    counts = dict.fromkeys(COUNTS, 0)
    row = {**counts, "layer": name, "n": n, "note": note}
    empty = pd.DataFrame()
    return Mapped(row, pd.DataFrame(columns=ASSOCIATION_COLUMNS), empty, empty, empty, exclusions)
