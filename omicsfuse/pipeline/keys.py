"""What a study file is made of: numbers, paths, tables, and the keys at its top."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    PrivateAttr,
    SerializationInfo,
    ValidationInfo,
    field_validator,
)

from omicsfuse.core.errors import StudyError
from omicsfuse.io.paths import resolve_path
from omicsfuse.io.toml import TomlTable

PositiveInt = Annotated[int, Field(ge=1, strict=True)]
Count = Annotated[int, Field(ge=0, strict=True)]
PositiveNumber = Annotated[float, Field(gt=0)]


def _resolved(value: Any, info: ValidationInfo) -> Any:
    """Take a path as relative to the folder of the study file that is being read, and note it."""
    context = info.context or {}
    if "base" not in context or not isinstance(value, str):
        return value
    try:
        path = resolve_path(value, context["base"], StudyError)
    except StudyError as error:
        raise ValueError(str(error)) from None
    context["named"].append(path)
    return path


def refuse_missing(files: Iterable[Path], where: str) -> None:
    """Refuse files that are not there, all in one message."""
    missing = [path for path in dict.fromkeys(files) if not path.exists()]
    if missing:
        listed = "\n".join(f"  {path}" for path in missing)
        raise StudyError(f"{where}: these files do not exist:\n{listed}")


def _named(path: Path, info: SerializationInfo) -> str:
    """Name a file so that the record is the same on every machine."""
    base = (info.context or {}).get("base") or Path.cwd()
    inside = path.is_relative_to(base)
    return path.relative_to(base).as_posix() if inside else "/".join(path.parts[-2:])


#: A file that a study names. The type is all there is to say of a key: the file is found beside the
#: study file, must exist, and is hashed and recorded.
StudyPath = Annotated[
    Path, BeforeValidator(_resolved), PlainSerializer(_named, return_type=str, when_used="json")
]


def _file_names(named: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    for name in named:
        if not name or not all(c.isascii() and (c.isalnum() or c in "-_") for c in name):
            raise ValueError(
                f"[{info.field_name}.{name}]: the name is used as a file name; use letters, "
                "digits, - and _"
            )
    return named


#: For tables whose names become those of files, as in ``[signatures.NAME]``.
FileNames = AfterValidator(_file_names)


class Table(TomlTable):
    """A table of the study file."""


class StudyFile(Table):
    """The keys at the top of a study file; each stage adds its own tables."""

    name: Annotated[str, Field(min_length=1)]
    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0
    discovery: StudyPath
    layers: tuple[str, ...] | None = None
    gene_sets: tuple[StudyPath, ...] = ()
    external: tuple[StudyPath, ...] = ()
    negative_controls: tuple[StudyPath, ...] = ()
    gene_names: StudyPath | None = None
    _path: Path | None = PrivateAttr(default=None)

    @field_validator("layers")
    @classmethod
    def _some_layers(cls, layers: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if layers is not None and (not layers or len(set(layers)) < len(layers)):
            raise ValueError("expected at least one layer, each named once")
        return layers

    @property
    def path(self) -> Path | None:
        """The file it was read from."""
        return self._path

    @property
    def where(self) -> str:
        """What messages call the study: its file, or else its name."""
        return str(self.path or self.name)

    @property
    def folder(self) -> Path:
        """Folder that paths are relative to."""
        return self.path.parent if self.path else Path.cwd()

    def files(self) -> list[Path]:
        """All files that the study names beside the manifests of cohorts."""
        manifests = {"discovery", "external", "negative_controls"}
        return list(_paths(value for name, value in self if name not in manifests))


def _paths(values: Iterable[Any]) -> Iterator[Path]:
    """Walk over values of a model, however deep, and give every path in them."""
    for value in values:
        if isinstance(value, Path):
            yield value
        elif isinstance(value, BaseModel):
            yield from _paths(content for _, content in value)
        elif isinstance(value, Mapping):
            yield from _paths(value.values())
        elif isinstance(value, tuple | list):
            yield from _paths(value)
