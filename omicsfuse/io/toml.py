"""TOML files read into pydantic models, with every fault told in a plain sentence."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import CohortError, OmicsfuseError

Model = TypeVar("Model", bound=BaseModel)


class TomlTable(BaseModel):
    """A table of a TOML file: fixed once read, unknown keys are errors, one word is a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, values: Any) -> Any:
        """Take ``layers = "rna"`` for ``["rna"]`` wherever a key holds any number of words."""
        if not isinstance(values, Mapping):
            return values
        lists = {name for name, field in cls.model_fields.items() if _is_list(field.annotation)}
        return {
            key: [value] if key in lists and isinstance(value, str) else value
            for key, value in values.items()
        }


def _is_list(annotation: Any) -> bool:
    """Whether a key holds a list of any length, and no word by itself."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    endless = any(get_origin(part) is tuple and get_args(part)[-1] is ... for part in parts)
    return endless and str not in parts


_EXPECTED = {
    "string_type": "expected text in quotes",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "list_type": "expected a list in square brackets",
    "tuple_type": "expected a list in square brackets",
    "dict_type": "expected a table of key = value",
    "mapping_type": "expected a table of key = value",
    "model_type": "expected a table of key = value",
}


def parse_toml_model(
    path: str | Path,
    model: type[Model],
    document: str = "manifest",
    error: type[OmicsfuseError] = CohortError,
    context: Mapping[str, Any] | None = None,
) -> Model:
    """Read a TOML file into a pydantic model; every fault is named with its place."""
    path = Path(path)
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise error(f"{document} {path} does not exist: check its path.") from None
    except (IsADirectoryError, PermissionError) as fault:
        raise error(f"{document} {path} cannot be read: {fault.strerror}.") from None
    except UnicodeDecodeError:
        raise error(f"{document} {path} is not UTF-8 text: expected a TOML file.") from None
    try:
        values = tomllib.loads(content)
    except tomllib.TOMLDecodeError as fault:
        raise error(
            f"{document} {path} is not valid TOML: {fault}.{_hint(content, fault)}"
        ) from None
    try:
        return model.model_validate(values, context=context)
    except ValidationError as faults:
        sentences = _sentences(faults.errors(include_url=False), model)
        raise error(f"{document} {path}: " + "\n".join(sentences)) from None


def _hint(content: str, fault: tomllib.TOMLDecodeError) -> str:
    """Show the line that the parser stopped at, where it says which."""
    words = str(fault).replace(",", " ").split()
    if "line" not in words:
        return ""
    number = int(words[words.index("line") + 1])
    lines = content.splitlines()
    return f" Line {number}: {lines[number - 1].strip()}" if 0 < number <= len(lines) else ""


def _sentences(faults: Sequence[Mapping[str, Any]], model: type[BaseModel]) -> list[str]:
    """Tell each fault once; what the branches of a union expected becomes one sentence."""
    parts: dict[str, list[str]] = {}
    for fault in faults:
        head, _, tail = _sentence(fault, model).partition(": expected ")
        tails = parts.setdefault(head, [])
        if tail and tail not in tails:
            tails.append(tail.removesuffix("."))
    return [
        f"{head}: expected {' or '.join(tails)}." if tails else head
        for head, tails in parts.items()
    ]


def _sentence(fault: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Write one validation fault as a sentence that names the key and its table."""
    location = [part for part in fault["loc"] if part != "[key]"]
    kind = fault["type"]
    if kind in ("extra_forbidden", "missing"):
        *table, key = location
        place = _place(table)
        if kind == "missing":
            return f'the key "{key}" is missing {place}.'
        valid = _valid_keys(model, table)
        return f'unknown key "{key}" {place}; {did_you_mean(str(key), valid)}.'
    # For a union of types the last parts name pydantic's branches, not keys of the file.
    keys = location[: _depth(model, location)]
    name = ".".join(str(key) for key in keys)
    given = fault.get("input")
    if kind == "literal_error":
        options = str(fault["ctx"]["expected"]).replace(" or ", ", ").replace("'", "")
        return f"{name} = {_shown(given)}; {did_you_mean(str(given), options.split(', '))}."
    if kind in _EXPECTED:
        return f"{name} = {_shown(given)}: {_EXPECTED[kind]}."
    message = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    message = message.replace("Input should be", "it should be")
    if isinstance(given, Mapping) and name:
        return f"[{name}] {message}."
    return f"{name} = {_shown(given)}: {message}." if name else f"{message}."


def _place(table: Sequence[object]) -> str:
    return f"in table [{'.'.join(map(str, table))}]" if table else "at the top of the file"


def _shown(value: object) -> str:
    """A value as TOML writes it, cut when long."""
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Models inside an annotation such as ``Clinical | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType):
        return [model for part in get_args(annotation) for model in _models_in(part)]
    return []


def _step(annotation: Any, key: object) -> Any:
    """Annotation of what a key leads to, None where it leads nowhere."""
    for model in _models_in(annotation):
        for name, field in model.model_fields.items():
            if key in (name, field.alias):
                return field.annotation
    for part in [annotation, *get_args(annotation)]:
        arguments = get_args(part)
        if get_origin(part) in (dict, Mapping) and arguments:
            return arguments[1]  # any key is a name
        if isinstance(key, int) and get_origin(part) in (list, tuple, Sequence) and arguments:
            return arguments[0]
    return None


def _valid_keys(model: type[BaseModel], table: Sequence[object]) -> list[str]:
    """Keys that a table of the file may have."""
    annotation: Any = model
    for key in table:
        annotation = _step(annotation, key) or annotation
    models = _models_in(annotation)
    return [field.alias or name for part in models for name, field in part.model_fields.items()]


def _depth(model: type[BaseModel], location: Sequence[object]) -> int:
    """How many parts of a location are keys of the file."""
    annotation: Any = model
    for depth, key in enumerate(location):
        annotation = _step(annotation, key)
        if annotation is None:
            return max(depth, 1)
    return len(location)
