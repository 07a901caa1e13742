"""Fetch the files of a cohort: verified, each once, and plain about what cannot be fetched."""

import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from omicsfuse.core.errors import DatasetError
from omicsfuse.datasets.cohorts import find_manifest
from omicsfuse.datasets.download import PAUSES, Progress, download
from omicsfuse.datasets.lock import Lock, put_same
from omicsfuse.io.manifest import ON_FIRST_DOWNLOAD, InputFile, Manifest
from omicsfuse.io.paths import DATA_VARIABLE, data_folder, resolve_path, sha256_of


@dataclass
class _Place:
    """Where a file belongs, and the folder it may not leave (None: no folder is known to hold it).

    ``lock`` records what was fetched into that folder, or else beside the file.
    """

    file: InputFile
    path: Path
    root: Path | None
    lock: Lock = field(init=False)

    def __post_init__(self) -> None:
        self.lock = Lock(self.root or self.path.parent)

    def expected(self) -> str:
        """SHA-256 that the file must have: the manifest's, else that of its first download."""
        if self.file.sha256 or not self.file.locked:
            return self.file.sha256
        return str(self.lock.get(self.path).get("sha256", ""))

    def is_right(self) -> bool:
        """Whether the file is there and, where its SHA-256 is known, the right one."""
        if not self.path.exists():
            return False
        expected = self.expected()
        if expected:
            return sha256_of(self.path) == expected
        if self.file.locked:
            with suppress(OSError):  # a folder that only others may write in is right as it is
                how = "found in the folder"
                self.lock.record(self.path, self.file.url, sha256_of(self.path), how)
        return True


def fetch(
    manifest: str | Path | Manifest,
    folder: str | Path | None = None,
    *,
    folders: Iterable[str | Path] | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
    pauses: tuple[float, ...] = PAUSES,
) -> list[Path]:
    """Fetch the files of a cohort; give their paths, in order.

    All that has an address is fetched and verified before an error tells what has none.
    """
    manifest = find_manifest(manifest, folders)
    places = [_place(file, manifest, folder) for file in manifest.inputs()]
    places = list({place.path: place for place in reversed(places)}.values())[::-1]
    missing = [place for place in places if not place.is_right()]
    fetchable = [place for place in missing if place.file.url]
    for place in fetchable:
        _refuse_unsafe(place, manifest)
    for place in fetchable:
        _fetch_one(place, manifest, progress, tell, pauses)
    _copy_manifest(manifest, places, folder)
    if unfetchable := [place for place in missing if not place.file.url]:
        raise DatasetError(_how_to_obtain(manifest, places, unfetchable))
    return [place.path for place in places]


def _is_under_variable(text: str) -> bool:
    return text.startswith((f"${DATA_VARIABLE}", f"${{{DATA_VARIABLE}}}"))


def _place(file: InputFile, manifest: Manifest, folder: str | Path | None) -> _Place:
    """Where a file belongs; never outside the folder asked for."""
    text, under = file.text, _is_under_variable(file.text)
    inner = PurePosixPath(text.partition("/")[2] if under else text)
    inside = not inner.is_absolute() and ".." not in inner.parts and bool(inner.parts)
    if folder is None and not under:
        path = resolve_path(text, manifest.base, DatasetError)
        return _Place(file, path, manifest.base if inside else None)
    root = data_folder() if folder is None else Path(folder)
    if not inside:
        raise DatasetError(
            f'[{file.label}] of {manifest.path or manifest.name} puts its file at "{file.text}", '
            f'outside the folder {root}. Make the path relative, without "..".'
        )
    return _Place(file, root / inner, root)


def _refuse_unsafe(place: _Place, manifest: Manifest) -> None:
    """Refuse to write outside the folder, or what could never be verified."""
    file, where = place.file, manifest.path or manifest.name
    if place.root is None:
        raise DatasetError(
            f'[{file.label}] of {where} puts its file at "{file.text}", outside the folder '
            "of the manifest, and fetch writes nowhere else. Make the path relative, without "
            '"..", or give a folder (--out DIR).'
        )
    if not place.path.resolve().is_relative_to(place.root.resolve()):
        raise DatasetError(
            f'"{file.text}" of [{file.label}] of {where} leads out of the folder {place.root}, by '
            f"a symbolic link to {place.path.resolve()}. Remove the link, or give another folder."
        )
    if not file.sha256 and not file.locked:
        raise DatasetError(
            f"[{file.label}] of {where} records a url but no sha256, so that the download "
            f"from {file.url} cannot be verified. Add the sha256, or sha256 = "
            f'"{ON_FIRST_DOWNLOAD}" to record the SHA-256 of the first download and compare later '
            "ones with it."
        )


def _fetch_one(
    place: _Place,
    manifest: Manifest,
    progress: Progress | None,
    tell: Callable[[str], None] | None,
    pauses: tuple[float, ...],
) -> None:
    """Bring one file into its place: a copy of what is here already, or a download."""
    file, lock, expected = place.file, place.lock, place.expected()
    if twin := lock.twin(place.path, file.url, expected):
        put_same(twin, place.path)
        lock.record(place.path, file.url, sha256_of(place.path), f"same file as {twin.name}")
        return
    try:
        digest = download(
            file.url,
            place.path,
            sha256=expected,
            progress=progress,
            tell=tell,
            pauses=pauses,
        )
    except DatasetError as fault:
        raise DatasetError(f"{fault}{_advice(place, manifest)}") from None
    lock.record(place.path, file.url, digest, "verified" if expected else "first download")


def _advice(place: _Place, manifest: Manifest) -> str:
    """What to know of an address when it gives nothing, or something else than before."""
    advice = ""
    if not place.file.url_found_in:
        advice += " The manifest does not say where this address was found: it may be wrong."
    if place.file.locked and place.expected():
        date = place.lock.get(place.path).get("date", "")
        advice += (
            f" The SHA-256 expected is that of {date} in {place.lock.path}: "
            "to take what the source gives now, remove the file and its entry there."
        )
    return f"{advice} Source of the data: {_origin(manifest)}."


def _copy_manifest(manifest: Manifest, places: list[_Place], folder: str | Path | None) -> None:
    """Put the manifest beside files that it names relative to itself."""
    source = manifest.path
    relative = any(not _is_under_variable(place.file.text) for place in places)
    if folder is None or source is None or not relative:
        return
    copy = Path(folder) / source.name
    if not copy.exists() or not copy.samefile(source):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)


def _how_to_obtain(manifest: Manifest, places: list[_Place], missing: list[_Place]) -> str:
    """Say which files no machine can fetch, where to apply or look, and what to put where."""
    got = len(places) - len(missing)
    lines = [
        f'{len(missing)} of {len(places)} files of cohort "{manifest.name}" cannot be fetched by '
        f"omicsfuse{f'; {got} in place' if got else ''}."
    ]
    if manifest.access in ("application", "registration"):
        lines.append(f"Access needs {_ACCESS[manifest.access]}.")
    lines.append(f"Source of the data: {_origin(manifest)}.")
    if manifest.obtain:
        lines.append(f"What to do: {manifest.obtain}")
    for place in missing:
        wrong = " (present, but differs from the file recorded: SHA-256)"
        lines.append(
            f"  put [{place.file.label}] at {place.path}{wrong if place.path.is_file() else ''}"
            f"{f': {place.file.obtain}' if place.file.obtain else ''}"
        )
    if not os.environ.get(DATA_VARIABLE) and any(
        _is_under_variable(place.file.text) for place in missing
    ):
        lines.append(
            f"{DATA_VARIABLE} is not set. To keep the files elsewhere, set it to a folder, or pass "
            "--data DIR."
        )
    return "\n".join(lines)


_ACCESS = {
    "application": "an application",
    "registration": "a registration, or terms accepted in a browser",
}


def _origin(manifest: Manifest) -> str:
    """Say where the data of a cohort come from."""
    told = {
        "source": manifest.source,
        "access": manifest.access,
        "citation": manifest.citation,
    }
    said = "; ".join(f"{key}: {value.rstrip('.')}" for key, value in told.items() if value)
    return said or "the manifest does not say"
