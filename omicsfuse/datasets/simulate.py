"""A radiogenomic cohort with planted subtypes, so that what comes out can be held against truth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.errors import StudyError

#: Layers that can be simulated, in the order in which they are drawn.
SIMULATED_LAYERS = ("radiomics", "expression", "methylation", "mutation", "copy_number")

_IMAGE_TYPES = ("original", "wavelet-LLH", "wavelet-HHL", "log-sigma-2-0-mm-3D")
_FEATURE_CLASSES = {
    "firstorder": ("Energy", "Entropy", "Kurtosis", "Mean", "Range", "Skewness", "Variance"),
    "glcm": ("Autocorrelation", "Contrast", "Correlation", "Idm", "JointEnergy", "MCC"),
    "glrlm": ("GrayLevelVariance", "LongRunEmphasis", "RunEntropy", "ShortRunEmphasis"),
    "glszm": ("SizeZoneNonUniformity", "SmallAreaEmphasis", "ZoneEntropy", "ZonePercentage"),
    "gldm": ("DependenceEntropy", "DependenceVariance", "LargeDependenceEmphasis"),
}
_SHAPE = ("Elongation", "Flatness", "MeshVolume", "Sphericity", "SurfaceArea", "MajorAxisLength")


@dataclass(frozen=True, eq=False)
class SimulatedCohort:
    """A simulated discovery cohort, an external cohort without images, and their true subtypes.

    Attributes
    ----------
    discovery : Cohort
        All layers, clinical table and endpoint ``"os"``.
    external : Cohort
        Other patients with expression and survival only.
    truth : pandas.Series
        True subtype (1 to ``n_subtypes``) of every patient of both cohorts.
    gene_sets : mapping of str to list of str
        One set of the genes raised in each true subtype, and sets of unrelated genes.
    """

    discovery: Cohort
    external: Cohort
    truth: pd.Series
    gene_sets: dict[str, list[str]]


def simulate_cohort(
    n_patients: int = 150,
    n_subtypes: int = 3,
    *,
    n_external: int = 200,
    n_genes: int = 600,
    effect: float = 0.7,
    hazard_ratio: float = 2.2,
    layers: tuple[str, ...] = SIMULATED_LAYERS,
    missing: float = 0.01,
    random_state: int = 0,
) -> SimulatedCohort:
    """Simulate a radiogenomic cohort with known subtypes.

    Each subtype shifts its own features in every layer. Values have realistic distributions:
    radiomic features are log-normal over many orders of magnitude and correlated in blocks,
    expression is TPM, methylation is beta values, mutations are rare, and copy number is GISTIC
    levels. Survival is exponential with a hazard that increases from subtype to subtype, and with
    age.

    Parameters
    ----------
    n_patients, n_external : int
        Patients of the discovery cohort (at least 20) and of the external cohort without images (0
        to several thousand).
    n_subtypes : int
        Number of simulated subtypes, 1 to 8; 1 is a null cohort.
    n_genes : int
        Genes of the expression layer, at least 100.
    effect : float
        Shift of a marker feature in its subtype, in standard deviations; 0 is a null cohort.
    hazard_ratio : float
        Hazard ratio between successive subtypes.
    layers : tuple of str
        Layers to simulate, of ``SIMULATED_LAYERS``.
    missing : float
        Share of radiomic and methylation values that are missing.
    random_state : int
        Seed; the same seed gives the same cohort.

    Returns
    -------
    SimulatedCohort
        Discovery cohort, external cohort, truth and gene sets.

    Raises
    ------
    StudyError
        If a number is out of range or a layer is unknown.

    Examples
    --------
    >>> from omicsfuse.datasets import simulate_cohort
    >>> simulated = simulate_cohort(60, n_external=0, random_state=1)
    >>> simulated.discovery.omics["expression"].table.shape
    (60, 600)
    >>> simulated.truth.value_counts().sort_index().tolist()
    [25, 20, 15]
    """
    _check_arguments(n_patients, n_subtypes, n_external, n_genes, effect, missing, layers)
    rng = np.random.default_rng(random_state)
    sizes = _sizes(n_patients, n_subtypes), _sizes(n_external, n_subtypes)
    planted = np.concatenate(
        [rng.permutation(np.repeat(np.arange(n_subtypes), size)) for size in sizes]
    )
    patients = pd.Index(
        [f"SIM-{i + 1:04d}" for i in range(n_patients)]
        + [f"EXT-{i + 1:04d}" for i in range(n_external)],
        name="patient",
    )
    genes = [f"GENE{i + 1:04d}" for i in range(n_genes)]
    marker_of = _markers(n_genes, n_subtypes, rng)

    clinical = _clinical(planted, patients, hazard_ratio, rng)
    expression = _expression(planted, patients, genes, marker_of, effect, rng)
    inside = planted[:n_patients]
    omics: dict[str, Layer] = {}
    if "radiomics" in layers:
        table = _radiomics(inside, patients[:n_patients], n_subtypes, effect, missing, rng)
        omics["radiomics"] = Layer("radiomics", table)
    if "expression" in layers:
        omics["expression"] = Layer("expression", expression.iloc[:n_patients], "tpm")
    if "methylation" in layers:
        table = _methylation(inside, patients[:n_patients], n_subtypes, effect, missing, rng)
        omics["methylation"] = Layer("methylation", table, "beta")
    if "mutation" in layers:
        table = _mutation(inside, patients[:n_patients], genes[:80], n_subtypes, effect, rng)
        omics["mutation"] = Layer("mutation", table)
    if "copy_number" in layers:
        table = _copy_number(inside, patients[:n_patients], genes[:200], n_subtypes, effect, rng)
        omics["copy_number"] = Layer("copy_number", table, "gistic")

    endpoints = {"os": Endpoint("os_time", "os_event", "days")}
    covariates = ("age", "stage")
    discovery = Cohort(
        "simulated",
        omics,
        clinical.iloc[:n_patients],
        known_labels=("planted_subtype",),
        endpoints=endpoints,
        covariates=covariates,
    )
    external = Cohort(
        "simulated-external",
        {"expression": Layer("expression", expression.iloc[n_patients:], "tpm")}
        if n_external
        else {},
        clinical.iloc[n_patients:],
        endpoints=endpoints,
        covariates=covariates,
    )
    truth = pd.Series(planted + 1, index=patients, name="planted_subtype")
    gene_sets = _gene_sets(genes, marker_of, n_subtypes, rng)
    return SimulatedCohort(discovery, external, truth, gene_sets)


def _check_arguments(
    n_patients: int,
    n_subtypes: int,
    n_external: int,
    n_genes: int,
    effect: float,
    missing: float,
    layers: tuple[str, ...],
) -> None:
    """Refuse what cannot be simulated, naming the argument."""
    bounds: list[tuple[str, float, float, float]] = [
        ("n_patients", n_patients, 20, np.inf),
        ("n_subtypes", n_subtypes, 1, 8),
        ("n_external", n_external, 0, np.inf),
        ("n_genes", n_genes, 100, np.inf),
        ("effect", effect, 0, np.inf),
        ("missing", missing, 0, 0.5),
    ]
    for name, value, low, high in bounds:
        if not low <= value <= high:
            bounds_text = f"at least {low:g}" if high == np.inf else f"from {low:g} to {high:g}"
            raise StudyError(f"simulate: {name} is {value}; it must be {bounds_text}.")
    unknown = [layer for layer in layers if layer not in SIMULATED_LAYERS]
    if unknown or not layers:
        raise StudyError(
            f"simulate: layers are {list(layers)}; choose from {', '.join(SIMULATED_LAYERS)}."
        )


def _sizes(n: int, k: int) -> np.ndarray:
    """Unequal sizes, as real subtypes have: the largest is about (k + 2) / 3 of the smallest."""
    weights = np.arange(k, 0, -1) + 2.0
    sizes = np.floor(n * weights / weights.sum()).astype(int)
    sizes[: n - sizes.sum()] += 1
    return sizes


def _markers(n_features: int, k: int, rng: np.random.Generator, share: float = 0.1) -> np.ndarray:
    """Subtype each feature marks, -1 for none; each subtype has the same number of markers."""
    marker_of = np.full(n_features, -1)
    count = max(1, int(share * n_features))
    chosen = rng.permutation(n_features)
    for subtype in range(k):
        marker_of[chosen[subtype * count : (subtype + 1) * count]] = subtype
    return marker_of


def _shift(planted: np.ndarray, marker_of: np.ndarray) -> np.ndarray:
    """Patients x features: 1 where the feature marks the patient's subtype (if there are two)."""
    return (planted[:, None] == marker_of[None, :]).astype(float)


def _blocks(n: int, p: int, size: int, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Standard normal features correlated within consecutive blocks."""
    factor = np.repeat(rng.standard_normal((n, -(-p // size))), size, axis=1)[:, :p]
    return np.sqrt(strength) * factor + np.sqrt(1 - strength) * rng.standard_normal((n, p))


def _holes(values: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Make a share of the values missing, completely at random."""
    return np.where(rng.random(values.shape) < share, np.nan, values)


def _radiomics(
    planted: np.ndarray,
    patients: pd.Index,
    k: int,
    effect: float,
    missing: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    names = [f"original_shape_{feature}" for feature in _SHAPE]
    for image in _IMAGE_TYPES:
        for group, features in _FEATURE_CLASSES.items():
            names += [f"{image}_{group}_{feature}" for feature in features]
    marker_of = _markers(len(names), k, rng, share=0.2)
    z = _blocks(len(planted), len(names), 4, 0.5, rng) + effect * _shift(planted, marker_of)
    magnitude = rng.uniform(-2.5, 7, len(names))
    values = 10 ** (magnitude + rng.uniform(0.1, 0.4, len(names)) * z)
    return pd.DataFrame(_holes(values, missing, rng), patients, names)


def _expression(
    planted: np.ndarray,
    patients: pd.Index,
    genes: list[str],
    marker_of: np.ndarray,
    effect: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    z = _blocks(len(planted), len(genes), 10, 0.2, rng) + effect * _shift(planted, marker_of)
    values = 2 ** (rng.uniform(2, 9, len(genes)) + z)
    return pd.DataFrame(np.round(values, 4), patients, genes)


def _methylation(
    planted: np.ndarray,
    patients: pd.Index,
    k: int,
    effect: float,
    missing: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    names = [f"cg{i + 1:08d}" for i in range(300)]
    marker_of = _markers(len(names), k, rng)
    z = _blocks(len(planted), len(names), 10, 0.2, rng) + effect * _shift(planted, marker_of)
    values = 1 / (1 + 2.0 ** -(rng.uniform(-3, 3, len(names)) + z))
    return pd.DataFrame(_holes(np.round(values, 5), missing, rng), patients, names)


def _mutation(
    planted: np.ndarray,
    patients: pd.Index,
    genes: list[str],
    k: int,
    effect: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    marker_of = _markers(len(genes), k, rng)
    base = rng.uniform(0.02, 0.08, len(genes))
    raised = np.minimum(0.5, base + 0.3 * effect)
    rate = np.where(_shift(planted, marker_of) > 0, raised, base)
    mutated = (rng.random(rate.shape) < rate).astype(float)
    return pd.DataFrame(mutated, patients, genes)


def _copy_number(
    planted: np.ndarray,
    patients: pd.Index,
    genes: list[str],
    k: int,
    effect: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    marker_of = np.repeat(_markers(-(-len(genes) // 10), k, rng, share=0.15), 10)[: len(genes)]
    z = _blocks(len(planted), len(genes), 10, 0.9, rng) + effect * _shift(planted, marker_of)
    level = np.select([z < -2.5, z < -1.2, z < 1.2, z < 2.5], [-2.0, -1.0, 0.0, 1.0], 2.0)
    return pd.DataFrame(level, patients, genes)


def _clinical(
    planted: np.ndarray, patients: pd.Index, hazard_ratio: float, rng: np.random.Generator
) -> pd.DataFrame:
    n = len(planted)
    age = np.round(rng.normal(62, 9, n)).clip(30, 90)
    rate = np.log(2) / 1500 * hazard_ratio**planted * np.exp(0.02 * (age - 62))
    death = rng.exponential(1 / rate) if n else np.zeros(0)
    censored = rng.uniform(300, 3000, n)
    return pd.DataFrame(
        {
            "os_time": np.ceil(np.minimum(death, censored)),
            "os_event": (death <= censored).astype(float),
            "age": age,
            "sex": rng.choice(["female", "male"], n),
            "stage": rng.choice(["Stage I", "Stage II", "Stage III", "Stage IV"], n),
            "planted_subtype": [f"planted {subtype + 1}" for subtype in planted],
        },
        index=patients,
    )


def _gene_sets(
    genes: list[str], marker_of: np.ndarray, k: int, rng: np.random.Generator
) -> dict[str, list[str]]:
    """The markers of each planted subtype with as many bystanders, and ten unrelated sets."""
    named = np.array(genes)
    others = named[marker_of < 0]
    sets = {
        f"PLANTED_SUBTYPE_{subtype + 1}_UP": sorted(named[marker_of == subtype])
        for subtype in range(k)
    }
    for i in range(10):
        sets[f"UNRELATED_{i + 1:02d}"] = sorted(rng.choice(others, 30, replace=False))
    return {name: [str(gene) for gene in members] for name, members in sets.items()}
