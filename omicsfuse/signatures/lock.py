"""A signature's fixed form: a hash of its content, and a readable JSON file that keeps it."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from omicsfuse.core.errors import SignatureError
from omicsfuse.core.results import (
    AGREEMENT_COLUMNS,
    CUT_POINT_COLUMNS,
    DISCOVERY_COLUMNS,
    SCALINGS,
    SCORERS,
    Signature,
)
from omicsfuse.io.sealed import content_digest, plain, read_object, write_object

FORMAT = "omicsfuse signature"
FORMAT_VERSION = 2

#: Tables of a signature and their columns, and which of these hold text or whole numbers.
_TABLES = {
    "cut_points": CUT_POINT_COLUMNS,
    "discovery": DISCOVERY_COLUMNS,
    "agreement": AGREEMENT_COLUMNS,
}
_TEXT = {"score", "scorer", "scaling", "rule", "endpoint", "measure", "note"}
_WHOLE = {"n", "events"}


def content_hash(signature: Signature) -> str:
    """SHA-256 of all a signature contains but its hash, as sorted JSON, in UTF-8.

    It shows that a file was altered; against who locks it again it must be kept elsewhere too.
    """
    return content_digest(_content(signature))


def lock(signature: Signature) -> Signature:
    """Fix a signature: the same content with its hash.

    Parameters
    ----------
    signature : Signature
        Not locked, or locked with this very content.

    Returns
    -------
    Signature
        With ``hash`` filled in.

    Raises
    ------
    SignatureError
        If it carries a hash that its content does not have.

    Examples
    --------
    >>> from omicsfuse.signatures import lock
    >>> from omicsfuse.signatures.lock import content_hash
    >>> import pandas as pd
    >>> from omicsfuse.core.results import Signature
    >>> templates = pd.DataFrame({"S1": [1.0, 0.0], "S2": [0.0, 1.0]}, ["A", "B"])
    >>> reference = pd.DataFrame({"mean": [0.0, 1.0], "sd": [1.0, 2.0]}, ["A", "B"])
    >>> locked = lock(Signature("toy", templates, reference, "log2", {}, {}))
    >>> locked.hash == content_hash(locked)
    True
    """
    if signature.hash:
        require_locked(signature)
    return replace(signature, hash=content_hash(signature))


def require_locked(signature: Signature) -> None:
    """Refuse a signature that is not locked, or was altered since."""
    if not signature.hash:
        raise SignatureError(
            f"signature {signature.name!r} is not locked: lock it with "
            "omicsfuse.signatures.lock before opening an external cohort."
        )
    computed = content_hash(signature)
    if computed != signature.hash:
        raise SignatureError(
            f"signature {signature.name!r} was changed after locking: recorded hash "
            f"{signature.hash}, hash of its content {computed}. Derive and lock it again."
        )


def save_signature(signature: Signature, path: str | Path) -> None:
    """Write a locked signature as JSON; the file is complete or absent.

    Parameters
    ----------
    signature : Signature
        Locked.
    path : str or Path
        File to write; an existing one is replaced.

    Raises
    ------
    SignatureError
        If the signature is not locked or was altered, or the folder cannot be written.

    Examples
    --------
    >>> from omicsfuse import load_signature, save_signature
    >>> from omicsfuse.signatures import lock
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from omicsfuse.core.results import Signature
    >>> templates = pd.DataFrame({"S1": [1.0, 0.0], "S2": [0.0, 1.0]}, ["A", "B"])
    >>> reference = pd.DataFrame({"mean": [0.0, 1.0], "sd": [1.0, 2.0]}, ["A", "B"])
    >>> signature = lock(Signature("toy", templates, reference, "log2", {}, {}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_signature(signature, Path(folder) / "signature.json")
    ...     load_signature(Path(folder) / "signature.json").hash == signature.hash
    True
    """
    require_locked(signature)
    content = {"hash": signature.hash, **_content(signature)}
    text = json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    write_object(path, text, "signature", SignatureError)


def load_signature(path: str | Path) -> Signature:
    """Read a locked signature and check its hash.

    Parameters
    ----------
    path : str or Path
        File written by ``save_signature``.

    Returns
    -------
    Signature
        Locked; all numbers exactly as saved.

    Raises
    ------
    SignatureError
        If the file is missing, is not JSON, is of another format or version, lacks a part, or does
        not have the hash it records.

    Examples
    --------
    >>> from omicsfuse import load_signature
    >>> load_signature("nowhere.json")
    Traceback (most recent call last):
    ...
    omicsfuse.SignatureError: nowhere.json: the signature cannot be read: No such file...
    """
    content = read_object(path, "signature", FORMAT, FORMAT_VERSION, SignatureError)
    try:
        signature = _from_content(content)
        require_locked(signature)
        # What is not read is not hashed: it must not be there.
        same = _content(signature) == {key: content[key] for key in content if key != "hash"}
    except SignatureError as error:
        raise SignatureError(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise SignatureError(
            f"{path}: the signature is incomplete or malformed ({type(error).__name__}: {error})."
        ) from error
    if not same:
        raise SignatureError(
            f"{path}: the signature was changed after locking: the file has additional "
            "content. Derive and lock the signature again."
        )
    return signature


def _content(signature: Signature) -> dict[str, Any]:
    """Everything but the hash, in plain types that JSON keeps exactly."""
    templates, reference = signature.templates, signature.reference
    if list(templates.index) != list(reference.index) or not templates.index.is_unique:
        raise SignatureError(
            f"signature {signature.name!r}: templates and reference must name the same genes, "
            "each once and in the same order."
        )
    weights = templates.to_numpy(dtype=float)
    scaling = reference[["mean", "sd"]].to_numpy(dtype=float)
    genes = [
        {
            "gene": str(gene),
            "mean": _number(scaling[i, 0], signature.name),
            "sd": _number(scaling[i, 1], signature.name),
            "weights": {
                str(subtype): _number(weights[i, j], signature.name)
                for j, subtype in enumerate(templates.columns)
            },
        }
        for i, gene in enumerate(templates.index)
    ]
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": signature.name,
        "scale": signature.scale,
        "subtypes": [str(subtype) for subtype in templates.columns],
        "genes": genes,
        "trained_on": _plain(signature.trained_on, signature.name),
        "settings": _plain(signature.settings, signature.name),
        "target": _plain(signature.target, signature.name),
        "method": signature.method,
        "scorer": signature.scorer,
        "scaling": signature.scaling,
        "namespace": signature.namespace,
        **{
            part: _rows(getattr(signature, part), columns, signature.name)
            for part, columns in _TABLES.items()
        },
    }


def _rows(table: pd.DataFrame, columns: list[str], name: str) -> list[dict[str, Any]]:
    """Turn a table into one object a row; what is missing becomes null."""
    if list(table.columns) != columns:
        raise SignatureError(
            f"signature {name!r}: a table has the columns {', '.join(map(str, table.columns))}; "
            f"expected {', '.join(columns)}."
        )
    if table.empty:
        return []
    return [
        {
            column: None if pd.isna(value) else _plain(value, name)
            for column, value in zip(columns, row, strict=True)
        }
        for row in table.itertuples(index=False)
    ]


def _table(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    """Turn the objects of a file back into a table; null numbers become NaN."""
    for row in rows:
        if set(row) != set(columns):
            raise ValueError(f"a row has {', '.join(row)} in place of {', '.join(columns)}")
    table = pd.DataFrame({column: [row[column] for row in rows] for column in columns})
    numbers = {
        column: "float64" for column in columns if column not in _TEXT and column not in _WHOLE
    }
    whole = {column: "int64" for column in columns if column in _WHOLE}
    return table.astype(numbers | whole) if rows else table


def _from_content(content: Mapping[str, Any]) -> Signature:
    subtypes = [str(subtype) for subtype in content["subtypes"]]
    genes = pd.Index([str(row["gene"]) for row in content["genes"]], dtype=object, name="gene")
    weights = [[float(row["weights"][s]) for s in subtypes] for row in content["genes"]]
    extra = [row["gene"] for row in content["genes"] if set(row["weights"]) != set(subtypes)]
    if extra:
        raise ValueError(f"weights of gene {extra[0]} are not those of {', '.join(subtypes)}")
    scaling = [[float(row["mean"]), float(row["sd"])] for row in content["genes"]]
    shape = len(genes), len(subtypes)
    return Signature(
        name=str(content["name"]),
        templates=pd.DataFrame(
            np.array(weights, dtype=float).reshape(shape), index=genes, columns=subtypes
        ),
        reference=pd.DataFrame(
            np.array(scaling, dtype=float).reshape(len(genes), 2),
            index=genes,
            columns=["mean", "sd"],
        ),
        scale=str(content["scale"]),
        trained_on=dict(content["trained_on"]),
        settings=dict(content["settings"]),
        hash=str(content["hash"]),
        target=dict(content["target"]),
        method=str(content["method"]),
        scorer=_one_of(content["scorer"], SCORERS, "scorer"),
        scaling=_one_of(content["scaling"], SCALINGS, "scaling"),
        namespace=str(content["namespace"]),
        **{part: _table(content[part], columns) for part, columns in _TABLES.items()},
    )


def _one_of(value: Any, known: tuple[str, ...], name: str) -> str:
    if value not in known:
        raise ValueError(f"{name} {value!r} is none of {', '.join(known)}")
    return str(value)


def _plain(value: Any, name: str) -> Any:
    """Bring a setting to the types that JSON gives back."""

    def refuse(value: Any) -> NoReturn:
        raise SignatureError(
            f"signature {name!r}: a value of type {type(value).__name__} cannot be saved; use "
            "numbers, text, lists and mappings."
        )

    return plain(value, lambda number: _number(number, name), refuse)


def _number(value: float, name: str) -> float:
    if not math.isfinite(value):
        raise SignatureError(f"signature {name!r}: a weight, mean or setting is {value}.")
    return float(value)
