"""Cohorts that manifests describe: which there are, and which of their files are here."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import DatasetError, OmicsfuseError
from omicsfuse.io.manifest import InputFile, Manifest, read_manifest
from omicsfuse.io.paths import resolve_path


def manifest_folders() -> list[Path]:
    """Find the manifests' folder of an installed package, or that of a checkout."""
    package = Path(__file__).resolve().parents[1]
    folders = [package / "data_manifests"]
    if (package.parent / "pyproject.toml").is_file():
        folders.append(package.parent / "data_manifests")
    return [folder for folder in folders if folder.is_dir()]


def list_cohorts(folders: Iterable[str | Path] | None = None) -> pd.DataFrame:
    """List the cohorts that there are manifests for, by name.

    ``files``: how many it names; ``fetchable``: how many have an address; ``present``: how many
    are on this machine; ``available``: all are; ``manifest``: its path.
    """
    rows = []
    for manifest in _manifests(folders):
        files = list({file.text: file for file in manifest.inputs()}.values())
        present = sum(_is_present(file, manifest) for file in files)
        rows.append(
            {
                "name": manifest.name,
                "title": manifest.title,
                "disease": manifest.disease,
                "access": manifest.access,
                "files": len(files),
                "fetchable": sum(bool(file.url) for file in files),
                "present": present,
                "available": present == len(files),
                "manifest": str(manifest.path),
            }
        )
    columns = [
        *("name", "title", "disease", "access", "files", "fetchable", "present", "available"),
        "manifest",
    ]
    return pd.DataFrame(rows, columns=columns).sort_values("name", ignore_index=True)


def find_manifest(
    manifest: str | Path | Manifest, folders: Iterable[str | Path] | None = None
) -> Manifest:
    """Find a manifest by path, by the cohort's name, or by its own file name."""
    if isinstance(manifest, Manifest):
        return manifest
    text = str(manifest)
    if text.endswith(".toml") or isinstance(manifest, Path):
        return read_manifest(manifest)
    manifests = _manifests(folders)
    for candidate in manifests:
        if text in (candidate.name, candidate.path.stem if candidate.path else ""):
            return candidate
    names = [candidate.name for candidate in manifests]
    raise DatasetError(
        f'there is no cohort "{text}"; '
        f"{did_you_mean(text, names) or 'there are no manifests'}. Give one of these names, "
        "or the path of a manifest (.toml)."
    )


def _manifests(folders: Iterable[str | Path] | None) -> list[Manifest]:
    places: Sequence[Path] = (
        manifest_folders() if folders is None else [Path(folder) for folder in folders]
    )
    for place in places:
        if not place.is_dir():
            raise DatasetError(
                f"{place} is not a folder: expected a folder with manifests (*.toml)."
            )
    return [read_manifest(path) for place in places for path in sorted(place.glob("*.toml"))]


def _is_present(file: InputFile, manifest: Manifest) -> bool:
    try:
        return resolve_path(file.text, manifest.base).is_file()
    except OmicsfuseError:  # its place is not known on this machine
        return False
