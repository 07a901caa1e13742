"""Write a simulated cohort as a user's folder looks: tables, manifests and a study file."""

from pathlib import Path

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import DatasetError
from omicsfuse.datasets.simulate import SimulatedCohort

_STUDY = """\
# A study: which cohort, which layers, and what to do with them.
name = "simulated"
seed = {seed}
discovery = "discovery.toml"
layers = [{layers}]
gene_sets = ["gene_sets.gmt"]
{external}
[fusion]
n_neighbors = 20
variant = "paper"

[subtypes]
n_clusters = "auto"          # or 3, or [2, 6]

[survival]
endpoints = ["os"]
{signature}"""

_SIGNATURE = """
[signature]
layer = "expression"
"""

_CLINICAL = """
[clinical]
file = "{prefix}clinical.tsv"
patient = "patient"
covariates = ["age", "stage"]
{known}
[clinical.endpoints.os]
time = "os_time"
event = "os_event"
unit = "days"
"""


def write_simulated_study(simulated: SimulatedCohort, folder: Path, *, seed: int = 0) -> Path:
    """Write a cohort's tables, manifests and gene sets; return the path of its ``study.toml``."""
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder} is a file; name a folder for the simulated cohort.")
    inside = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if inside and not _is_simulated(folder / "study.toml"):
        raise DatasetError(
            f"{folder} holds files that are not a simulated cohort "
            f"({inside[0]}{' and others' if inside[1:] else ''}); name a new or empty folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    discovery, external = simulated.discovery, simulated.external
    _write_cohort(discovery, folder, "", "discovery.toml", known=True)
    if external.omics:
        _write_cohort(external, folder, "external_", "external.toml", known=True)
    lines = [
        "\t".join([name, "simulated", *genes]) + "\n" for name, genes in simulated.gene_sets.items()
    ]
    _write(folder / "gene_sets.gmt", "".join(lines))
    simulated.truth.to_csv(folder / "truth.tsv", sep="\t", lineterminator="\n")
    study = _STUDY.format(
        seed=seed,
        layers=", ".join(f'"{name}"' for name in discovery.omics),
        external='external = ["external.toml"]\n' if external.omics else "",
        signature=_SIGNATURE if "expression" in discovery.omics and external.omics else "",
    )
    _write(folder / "study.toml", study)
    return folder / "study.toml"


def _is_simulated(study: Path) -> bool:
    """Tell whether a study file is one that was written here, and may be replaced."""
    text = study.read_text(encoding="utf-8", errors="replace") if study.is_file() else ""
    return text.startswith(_STUDY.partition("seed")[0])


def _write_cohort(cohort: Cohort, folder: Path, prefix: str, manifest: str, known: bool) -> None:
    """Write one cohort: a table a layer, the clinical table, and the manifest."""
    labels = 'known_labels = ["planted_subtype"]\n' if known else ""
    text = f'# A manifest: one cohort and its files.\nname = "{cohort.name}"\n'
    text += f'study = "{cohort.study}"\n' if cohort.study else ""
    text += _CLINICAL.format(prefix=prefix, known=labels)
    if cohort.clinical is not None:
        cohort.clinical.to_csv(folder / f"{prefix}clinical.tsv", sep="\t", lineterminator="\n")
    for name, layer in cohort.omics.items():
        file = f"{prefix}{name}.tsv"
        layer.table.to_csv(folder / file, sep="\t", float_format="%.8g", lineterminator="\n")
        text += f'\n[layers.{name}]\nfile = "{file}"\nkind = "{layer.kind}"\n'
        text += f'scale = "{layer.scale}"\n' if layer.scale else ""
    _write(folder / manifest, text)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
