"""The manifest: a TOML file that describes the tables of one cohort."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PrivateAttr,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    field_validator,
    model_validator,
)

from omicsfuse.core.checks.tables import did_you_mean, name_fault
from omicsfuse.core.errors import CohortError
from omicsfuse.core.kinds import KINDS, Kind, kinds_that
from omicsfuse.io.files.text import Reading
from omicsfuse.io.layouts.folders import sheet_beside
from omicsfuse.io.paths import resolve_path
from omicsfuse.io.probes import LEVELS
from omicsfuse.io.toml import TomlTable, parse_toml_model

Name = Annotated[str, Field(min_length=1)]

#: In place of a SHA-256 that nobody could compute yet: recorded when the file first comes.
ON_FIRST_DOWNLOAD = "on first download"


class _FileTable(TomlTable):
    """A table of the manifest that names a file, and perhaps where it can be had."""

    file: Name
    url: str = ""
    url_found_in: str = ""
    sha256: str = ""
    obtain: str = ""
    format: str = "auto"
    orientation: Literal["", "patients_by_features", "features_by_patients"] = ""
    patient: str = ""
    patient_pattern: str = ""
    column: str = ""
    sheet: StrictStr | StrictInt = ""
    separator: str = ""
    decimal: Literal["", ".", ","] = ""
    thousands: Literal["", ",", ".", " ", "'"] = ""
    encoding: str = ""
    drop_columns: tuple[str, ...] = ()
    keep_columns: tuple[str, ...] = ()
    missing: tuple[StrictStr | StrictInt | StrictFloat, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _earlier_name(cls, table: Any) -> Any:
        """``drop_features`` is what version 0.1 called ``drop_columns``."""
        if isinstance(table, dict) and "drop_features" in table and "drop_columns" not in table:
            return {("drop_columns" if k == "drop_features" else k): v for k, v in table.items()}
        return table

    def reading(self) -> Reading:
        """How its file is to be read, as far as the manifest says."""
        return Reading(self.separator, self.decimal, self.thousands, self.encoding, self.sheet)

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        if url and not url.startswith(("https://", "http://", "file://")):
            raise ValueError("expected an address that begins with https://, http:// or file://")
        return url

    @field_validator("patient_pattern")
    @classmethod
    def _one_group(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groups
        except re.error as fault:
            raise ValueError(f"this is no regular expression: {fault}") from None
        if pattern and groups != 1:
            raise ValueError(
                "expected a regular expression with one group in parentheses, the patient, such as "
                "'/(P[0-9]+)/'"
            )
        return pattern

    @field_validator("sha256")
    @classmethod
    def _hexadecimal(cls, digest: str) -> str:
        if digest not in ("", ON_FIRST_DOWNLOAD) and not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
            raise ValueError(
                f'expected the 64 hexadecimal digits of a SHA-256, or "{ON_FIRST_DOWNLOAD}"'
            )
        return digest.lower()

    def input(self, label: str) -> "InputFile":
        """The file it names, under the label of this table."""
        locked = self.sha256 == ON_FIRST_DOWNLOAD
        digest = "" if locked else self.sha256
        return InputFile(label, self.file, self.url, digest, locked, self.url_found_in, self.obtain)


class EndpointTable(TomlTable):
    """``[clinical.endpoints.NAME]``: the columns of a time to event."""

    time: Name | Annotated[tuple[Name, ...], Field(min_length=1)]
    event: Name
    unit: Literal["days", "weeks", "months", "years"] = "days"
    event_values: dict[str, StrictBool | StrictInt | Literal["missing"]] = {}
    entry: str = ""
    competing: str = ""

    def columns(self) -> tuple[str, ...]:
        """Clinical columns that the endpoint is read from."""
        times = (self.time,) if isinstance(self.time, str) else self.time
        return tuple(name for name in (*times, self.event, self.entry, self.competing) if name)

    @field_validator("event_values")
    @classmethod
    def _codes(cls, values: dict[str, int | str]) -> dict[str, int | str]:
        codes = {int(value) for value in values.values() if value != "missing"}
        if min(codes, default=0) < 0 or (max(codes, default=0) > 1 and 1 not in codes):
            raise ValueError(
                "each word means 1 (the event happened), 0 (censored) or 2 and more (a competing "
                'event), or is "missing"'
            )
        return {word: value if value == "missing" else int(value) for word, value in values.items()}


class ClinicalTable(_FileTable):
    """``[clinical]``: the clinical table and the columns that matter."""

    sample_map: str = ""
    covariates: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    known_labels: tuple[str, ...] = ()
    technical: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    endpoints: dict[str, EndpointTable] = {}


class LayerTable(_FileTable):
    """``[layers.NAME]``: the table of one omics layer."""

    kind: str
    scale: str = ""
    rename_features: dict[str, Name] = {}
    duplicates: Literal["refuse", "mean", "median", "sum", "max_variance", "first"] = "refuse"
    sequenced: str | tuple[str, ...] | None = None
    silent: StrictBool = False
    megabases: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    annotation: str = ""
    level: str = ""

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        if kind not in KINDS:
            named = [row.name for row in KINDS.values() if re.search(row.words, kind.lower())]
            question = f'did you mean "{named[-1]}"? ' if named else ""
            near = f"Valid: {', '.join(KINDS)}" if named else did_you_mean(kind, KINDS)
            raise ValueError(f"this kind is not known; {question}{near}")
        return kind

    @model_validator(mode="after")
    def _known_scale(self) -> "LayerTable":
        scales = KINDS[self.kind].scales
        if self.scale and self.scale not in scales:
            raise ValueError(
                f'scale = "{self.scale}" is not known for kind = "{self.kind}"; '
                f"{did_you_mean(self.scale, scales)}"
            )
        if self.megabases is not None:
            self._only_for(
                f"megabases = {self.megabases:g}", lambda row: row.alterations == "mutations"
            )
        self._check_probes()
        return self

    def _only_for(self, said: str, ask: Callable[[Kind], object]) -> None:
        """Refuse a key that is for layers of other kinds."""
        if not ask(KINDS[self.kind]):
            fit = " or ".join(f'"{name}"' for name in kinds_that(ask))
            raise ValueError(
                f'{said} applies to layers of kind = {fit}; this layer is of kind = "{self.kind}"'
            )

    def _check_probes(self) -> None:
        """Refuse an annotation of probes where there are none, and a level that is not known."""
        for key, value in (("annotation", self.annotation), ("level", self.level)):
            if value:
                self._only_for(f'{key} = "{value}"', lambda row: row.methylome)
        if self.level and self.level not in LEVELS:
            raise ValueError(
                f'level = "{self.level}" is not known; {did_you_mean(self.level, LEVELS)}'
            )
        if self.level and not self.annotation:
            raise ValueError(
                f'level = "{self.level}" needs annotation = "FILE", a table of probes and '
                "their genes"
            )


@dataclass(frozen=True)
class InputFile:
    """A file that a manifest names: in which table, the path as written, where it can be had."""

    label: str
    text: str
    url: str = ""
    sha256: str = ""
    #: No SHA-256 is known beforehand: the one of the first download is kept in the lock file.
    locked: bool = False
    url_found_in: str = ""
    obtain: str = ""


class Manifest(TomlTable):
    """A parsed manifest, as ``read_manifest`` makes it.

    Cohorts of the same ``study`` (e.g. ``"TCGA-HNSC"``) are not independent of one another.
    """

    name: Name
    title: str = ""
    source: str = ""
    licence: str = ""
    citation: str = ""
    access: Literal["", "open", "registration", "application"] = ""
    obtain: str = ""
    identifiers: str = ""
    notes: str = ""
    disease: str = ""
    study: str = ""
    clinical: ClinicalTable | None = None
    layers: dict[str, LayerTable] = {}
    further: dict[str, _FileTable] = {}
    _path: Path | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _some_layer(self) -> "Manifest":
        if not self.layers:
            raise ValueError(
                "the manifest names no layer; add a table such as [layers.expression] with file "
                "and kind"
            )
        for name in self.layers:
            if fault := name_fault(name):
                raise ValueError(fault)
        return self

    @property
    def path(self) -> Path | None:
        """The file it was read from."""
        return self._path

    @property
    def base(self) -> Path:
        """The folder that relative paths start from."""
        return self._path.parent if self._path is not None else Path()

    def inputs(self) -> list[InputFile]:
        """List the files it names, the clinical table first."""
        further = {table.file: table for table in self.further.values()}
        tables: list[tuple[str, _FileTable, tuple[object, ...]]] = []
        if self.clinical is not None:
            tables.append(("clinical", self.clinical, (self.clinical.sample_map,)))
        tables += [
            (f"layers.{name}", layer, (layer.sequenced, layer.annotation))
            for name, layer in self.layers.items()
        ]
        files = []
        for label, table, beside in tables:
            files.append(table.input(label))
            for text in beside:
                if isinstance(text, str) and text:
                    known = further.get(text)
                    files.append(known.input(label) if known else InputFile(label, text))
        named = {file.text for file in files}
        files += [
            table.input(f"further.{name}")
            for name, table in self.further.items()
            if table.file not in named
        ]
        return files

    def files(self) -> list[Path]:
        """List the paths of the files it names, each once."""
        files = dict.fromkeys(resolve_path(file.text, self.base) for file in self.inputs())
        if self.clinical is None or not self.clinical.sample_map:
            # A sample sheet beside a folder of samples is read too.
            sheets = [sheet_beside(path) for path in files if path.is_dir()]
            files |= dict.fromkeys(sheet for sheet in sheets if sheet is not None)
        return list(files)

    def with_files(self, there: Callable[[Path], bool]) -> "Manifest | None":
        """Keep the layers whose files are there; None if the clinical table or all layers are not.

        What can be read is checked although other files are missing.
        """
        absent = {
            file.label for file in self.inputs() if not there(resolve_path(file.text, self.base))
        }
        layers = {
            name: layer for name, layer in self.layers.items() if f"layers.{name}" not in absent
        }
        if "clinical" in absent or not layers:
            return None
        return self.model_copy(update={"layers": layers})


def read_manifest(path: str | Path) -> Manifest:
    """Read and check a manifest, without opening the files it names."""
    try:
        manifest = parse_toml_model(path, Manifest)
    except CohortError:
        if _is_study(Path(path)):
            raise CohortError(
                f"{path} is a study file, which names cohorts; expected the manifest of one "
                f"cohort. To run the study: of.run({str(path)!r}), or omicsfuse run {path}."
            ) from None
        raise
    manifest._path = Path(path)
    return manifest


def _is_study(path: Path) -> bool:
    """Whether a file that is no manifest is a study file: it names a discovery cohort."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return False
    return "discovery" in values and not isinstance(values.get("layers"), dict)
