"""Cohorts that manifests describe: which there are, and their files fetched and verified."""

import http.client
import os
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import DatasetError
from omicsfuse.io.manifest import InputFile, Manifest, read_manifest
from omicsfuse.io.paths import DATA_VARIABLE, resolve_path, sha256_of

#: Called while a file comes in: its name, the bytes so far, and all its bytes (None if not told).
Progress = Callable[[str, int, int | None], None]

_CHUNK = 1 << 20
_TIMEOUT = 60.0


def manifest_folders() -> list[Path]:
    """Find the manifests' folder of an installed package, or that of a checkout."""
    package = Path(__file__).resolve().parents[1]
    folders = [package / "data_manifests"]
    if (package.parent / "pyproject.toml").is_file():
        folders.append(package.parent / "data_manifests")
    return [folder for folder in folders if folder.is_dir()]


def list_cohorts(folders: Iterable[str | Path] | None = None) -> pd.DataFrame:
    """List the cohorts that there are manifests for, by name.

    ``available``: all files are on this machine; ``manifest``: its path.
    """
    rows = []
    for manifest in _manifests(folders):
        rows.append(
            {
                "name": manifest.name,
                "title": manifest.title,
                "disease": manifest.disease,
                "access": manifest.access,
                "available": all(_is_present(file, manifest) for file in manifest.inputs()),
                "manifest": str(manifest.path),
            }
        )
    columns = ["name", "title", "disease", "access", "available", "manifest"]
    return pd.DataFrame(rows, columns=columns).sort_values("name", ignore_index=True)


def fetch(
    manifest: str | Path | Manifest,
    folder: str | Path | None = None,
    *,
    folders: Iterable[str | Path] | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Fetch the files of a cohort, each verified by its SHA-256 and whole; paths in order."""
    manifest = _find(manifest, folders)
    if folder is None and not os.environ.get(DATA_VARIABLE):
        _refuse_unplaced(manifest)
    targets = [(file, _target(file, manifest, folder)) for file in manifest.inputs()]
    missing = [(file, path) for file, path in targets if not _is_right(file, path)]
    for file, path in missing:
        _refuse_unrecorded(file, path, manifest)
    for file, path in missing:
        _download(file, path, progress)
    source = manifest.path
    relative = any(not _is_under_variable(file.text) for file, _ in targets)
    if folder is not None and source is not None and relative:
        copy = Path(folder) / source.name
        if not copy.exists() or not copy.samefile(source):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    return list(dict.fromkeys(path for _, path in targets))


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


def _find(manifest: str | Path | Manifest, folders: Iterable[str | Path] | None) -> Manifest:
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


def _is_under_variable(text: str) -> bool:
    return text.startswith((f"${DATA_VARIABLE}", f"${{{DATA_VARIABLE}}}"))


def _target(file: InputFile, manifest: Manifest, folder: str | Path | None) -> Path:
    """Where a file belongs; never outside the folder asked for."""
    if folder is None:
        return resolve_path(file.text, manifest.base, DatasetError)
    text = file.text
    if _is_under_variable(text):
        text = text.partition("/")[2]
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise DatasetError(
            f"[{file.label}] of {manifest.path or manifest.name} puts its file at "
            f'"{file.text}", outside the folder {folder}. Make the path relative, without '
            '"..".'
        )
    return Path(folder) / path


def _is_present(file: InputFile, manifest: Manifest) -> bool:
    if _is_under_variable(file.text) and not os.environ.get(DATA_VARIABLE):
        return False
    return resolve_path(file.text, manifest.base).is_file()


def _is_right(file: InputFile, path: Path) -> bool:
    """Whether a file is there and, where its fingerprint is recorded, the right one."""
    return path.is_file() and (not file.sha256 or sha256_of(path) == file.sha256)


def _refuse_unrecorded(file: InputFile, path: Path, manifest: Manifest) -> None:
    """Refuse a file that cannot be fetched or verified, saying where the data come from."""
    if not file.url:
        wrong = "differs from the file recorded (SHA-256)"
        raise DatasetError(
            f"{path} {wrong if path.is_file() else 'does not exist'}, and [{file.label}] of "
            f"{manifest.path or manifest.name} records no url. Get the file from its source "
            f"({_origin(manifest)}) and put it at {path}."
        )
    if not file.sha256:
        raise DatasetError(
            f"[{file.label}] of {manifest.path or manifest.name} records a url but no sha256, "
            f"so that the download from {file.url} cannot be verified. Add the sha256."
        )


def _refuse_unplaced(manifest: Manifest) -> None:
    """Refuse files that have neither an address nor, for want of the variable, a place."""
    files = [file for file in manifest.inputs() if not file.url and _is_under_variable(file.text)]
    if not files:
        return
    shown = ", ".join(file.text for file in files[:3])
    more = f" and {len(files) - 3} more" if files[3:] else ""
    raise DatasetError(
        f'cohort "{manifest.name}" cannot be fetched: its manifest records no url for '
        f"{shown}{more}. Get the files from their source ({_origin(manifest)}), put them in a "
        f"folder under these names, and set {DATA_VARIABLE} (now unset) to that folder, or "
        "pass --data DIR."
    )


def _origin(manifest: Manifest) -> str:
    """Say where the data of a cohort come from."""
    told = {
        "source": manifest.source,
        "access": manifest.access,
        "citation": manifest.citation,
    }
    said = "; ".join(f"{key}: {value.rstrip('.')}" for key, value in told.items() if value)
    return said or "the manifest does not say"


def _download(file: InputFile, path: Path, progress: Progress | None) -> None:
    """Fetch one file under another name, verify it, and only then give it its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            _copy_from(file.url, out.write, path.name, progress)
        digest = sha256_of(partial)
        if digest != file.sha256:
            raise DatasetError(
                f"{file.url} is not the file recorded for [{file.label}]: its SHA-256 is "
                f"{digest}, expected {file.sha256}. Nothing was kept. The file may have "
                "changed at its source, or the download may have failed. Try again, or check "
                "the source."
            )
        # mkstemp makes files private; data are as readable as any other new file.
        partial.chmod(0o644)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _copy_from(
    url: str, write: Callable[[bytes], int], name: str, progress: Progress | None
) -> None:
    """Copy what an address gives, piece by piece."""
    request = urllib.request.Request(url, headers={"User-Agent": "omicsfuse"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            length = response.headers.get("Content-Length")
            total = int(length) if length and length.isdigit() else None
            done = 0
            while piece := response.read(_CHUNK):
                write(piece)
                done += len(piece)
                if progress is not None:
                    progress(name, done, total)
    except urllib.error.HTTPError as fault:
        fault.close()
        raise DatasetError(
            f"{url} cannot be fetched: the server answers {fault.code} {fault.reason}."
        ) from None
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as fault:
        reason = getattr(fault, "reason", fault)
        raise DatasetError(
            f"{url} cannot be fetched: {reason}. Check the address and the connection."
        ) from None
