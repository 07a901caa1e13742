"""The classifier as a readable JSON file with a hash of its content: numbers and names, no code."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from omicsfuse.assignment.discriminant import Discriminant
from omicsfuse.assignment.layer_model import LayerModel
from omicsfuse.assignment.multilayer import MultiLayerClassifier
from omicsfuse.assignment.pooling import Calibration
from omicsfuse.assignment.transform import PER_FEATURE, LayerTransform
from omicsfuse.core.errors import ClassifierError
from omicsfuse.io.sealed import content_digest, plain, read_object, write_object

FORMAT = "omicsfuse classifier"
FORMAT_VERSION = 1

#: Arrays whose infinite numbers, which JSON does not know, are written as null.
_MAY_BE_INFINITE = ("limits", "limit")


def classifier_hash(classifier: MultiLayerClassifier) -> str:
    """SHA-256 of all a classifier contains, its recorded hash excepted."""
    text = json.dumps(
        _content(classifier), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def save_classifier(classifier: MultiLayerClassifier, path: str | Path) -> MultiLayerClassifier:
    """Write a classifier as JSON; the file is complete or absent.

    The file has the features with their scaling and weights, the sorted distances of the training
    patients, and digests of their identifiers. It has no names and no measurements of patients.

    Parameters
    ----------
    classifier : MultiLayerClassifier
        ``cross_validate_assignment(...).classifier``, or the result of ``fit_classifier``.
    path : str or Path
        File to write; an existing one is replaced.

    Returns
    -------
    MultiLayerClassifier
        The same classifier with its hash.

    Raises
    ------
    ClassifierError
        If the file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from omicsfuse import save_classifier
    >>> import tempfile
    >>> from omicsfuse.assignment import fit_classifier, load_classifier
    >>> from omicsfuse.datasets import simulate_cohort
    >>> made = simulate_cohort(40, n_external=0, n_genes=100, effect=2, random_state=1)
    >>> labels = ("S" + made.truth.astype(str)).loc[made.discovery.patients()]
    >>> classifier = fit_classifier({"rna": made.discovery.omics["expression"]}, labels)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saved = save_classifier(classifier, Path(folder) / "classifier.json")
    ...     load_classifier(Path(folder) / "classifier.json").hash == saved.hash
    True
    """
    saved = replace(classifier, hash=classifier_hash(classifier))
    text = _readable({"hash": saved.hash, **_content(saved)}) + "\n"
    write_object(path, text, "classifier", ClassifierError)
    return saved


def load_classifier(path: str | Path) -> MultiLayerClassifier:
    """Read a saved classifier and check its hash.

    Parameters
    ----------
    path : str or Path
        File written by ``save_classifier``.

    Returns
    -------
    MultiLayerClassifier
        All numbers exactly as saved.

    Raises
    ------
    ClassifierError
        If the file is missing, is not JSON, is of another format or version, lacks a part, or does
        not have the hash it records.

    Examples
    --------
    >>> from omicsfuse import load_classifier
    >>> load_classifier("nowhere.json")
    Traceback (most recent call last):
    ...
    omicsfuse.ClassifierError: nowhere.json: the classifier cannot be read: No such file...
    """
    content = read_object(path, "classifier", FORMAT, FORMAT_VERSION, ClassifierError)
    recorded = content.pop("hash", None)
    # What is written is hashed, before anything is made of it: additions count as changes too.
    computed = content_digest(content, "surrogatepass")
    if computed != recorded:
        raise ClassifierError(
            f"{path}: the classifier was changed after saving: recorded hash {recorded}, hash "
            f"of its content {computed}. Run the study again."
        )
    try:
        return replace(_from_content(content), hash=computed)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise ClassifierError(
            f"{path}: the classifier is incomplete or malformed ({type(error).__name__}: {error})."
        ) from error


def _content(classifier: MultiLayerClassifier) -> dict[str, Any]:
    """Everything but the hash, in plain types that JSON keeps exactly."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "subtypes": list(classifier.subtypes),
        "prior": _plain(classifier.prior),
        "n": classifier.n,
        "threshold": _plain(classifier.threshold),
        "least_features": _plain(classifier.least_features),
        "least_share_farther": _plain(classifier.least_share_farther),
        "trained_on": _plain(classifier.trained_on),
        "notes": list(classifier.notes),
        "layers": [
            {
                "name": name,
                "n": model.n,
                "weight": _plain(model.weight),
                "scales": _plain(model.scales),
                "reference": _plain(model.reference),
                "transform": _parts(model.transform),
                "discriminant": _parts(model.discriminant),
            }
            for name, model in classifier.layers.items()
        ],
        "calibrations": [
            {"layers": list(names), **_parts(calibration)}
            for names, calibration in classifier.calibrations.items()
        ],
    }


def _parts(record: Any) -> dict[str, Any]:
    """Fields of a dataclass of names and numbers."""
    return {
        part.name: _plain(getattr(record, part.name), part.name in _MAY_BE_INFINITE)
        for part in fields(record)
    }


def _plain(value: Any, infinite: bool = False) -> Any:
    """Bring a value to the types that JSON gives back."""

    def number(value: float) -> float | None:
        if math.isfinite(value):
            return value
        if infinite and value == math.inf:
            return None
        raise ClassifierError(f"the classifier holds the number {value}, and cannot be saved.")

    def refuse(value: Any) -> NoReturn:
        raise ClassifierError(f"a value of type {type(value).__name__} cannot be saved.")

    return plain(value, number, refuse)


def _from_content(content: Mapping[str, Any]) -> MultiLayerClassifier:
    subtypes = tuple(str(name) for name in content["subtypes"])
    layers = {str(row["name"]): _layer(row, subtypes) for row in content["layers"]}
    calibrations = {
        tuple(str(name) for name in row["layers"]): Calibration(
            float(row["weight"]), int(row["n"]), float(row["gain"])
        )
        for row in content["calibrations"]
    }
    missing = [name for name in layers if (name,) not in calibrations]
    if missing or not layers:
        raise ValueError(f"no calibration of {missing[0] if missing else 'any layer'}")
    prior = _array(content["prior"], (len(subtypes),))
    return MultiLayerClassifier(
        subtypes=subtypes,
        prior=prior,
        layers=layers,
        calibrations=calibrations,
        n=int(content["n"]),
        threshold=float(content["threshold"]),
        least_features=float(content["least_features"]),
        least_share_farther=float(content["least_share_farther"]),
        trained_on=dict(content["trained_on"]),
        notes=tuple(str(note) for note in content["notes"]),
    )


def _layer(row: Mapping[str, Any], subtypes: tuple[str, ...]) -> LayerModel:
    given, numbers = row["transform"], row["discriminant"]
    features = tuple(str(name) for name in given["features"])
    m = (len(features),)
    knots = tuple(np.array(values, dtype=float) for values in given["knots"])
    scores = tuple(np.array(values, dtype=float) for values in given["scores"])
    if [len(x) for x in knots] != [len(y) for y in scores] or len(knots) not in (0, *m):
        raise ValueError("knots and scores do not fit the features")
    transform = LayerTransform(
        kind=str(given["kind"]),
        scale=str(given["scale"]),
        features=features,
        n_measured=int(given["n_measured"]),
        options={str(key): float(value) for key, value in given["options"].items()},
        limit=math.inf if given["limit"] is None else float(given["limit"]),
        knots=knots,
        scores=scores,
        **{name: _array(given[name], m) for name in PER_FEATURE},
    )
    classes = tuple(str(name) for name in numbers["classes"])
    if not set(classes) <= set(subtypes):
        raise ValueError("a layer has other subtypes than the classifier")
    k, q = (len(classes),), (len(numbers["components"]),)
    discriminant = Discriminant(
        classes=classes,
        prior=_array(numbers["prior"], k),
        mean=_array(numbers["mean"], m),
        sd=_array(numbers["sd"], m),
        weights=_array(numbers["weights"], k + m),
        offsets=_array(numbers["offsets"], k),
        components=_array(numbers["components"], q + m),
        variances=_array(numbers["variances"], q),
        residual=float(numbers["residual"]),
    )
    reference = np.array(row["reference"], dtype=float)
    return LayerModel(
        transform=transform,
        discriminant=discriminant,
        n=int(row["n"]),
        weight=float(row["weight"]),
        scales=_array(row["scales"], (3,)),
        reference=reference,
    )


def _array(values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Turn lists back into an array of that shape; null is infinity."""
    array = np.array(values, dtype=object)
    array = np.where(array == None, math.inf, array).astype(float)  # noqa: E711 - elementwise
    if array.shape != shape:
        raise ValueError(f"an array has the shape {array.shape} in place of {shape}")
    return np.ascontiguousarray(array)


def _readable(value: Any, indent: str = "") -> str:
    """JSON with one line for each list of plain values, so that people can read it."""
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        inner = ",\n".join(
            f"{deeper}{json.dumps(key, ensure_ascii=False)}: {_readable(value[key], deeper)}"
            for key in sorted(value)
        )
        return f"{{\n{inner}\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        inner = ",\n".join(deeper + _readable(item, deeper) for item in value)
        return f"[\n{inner}\n{indent}]"
    return json.dumps(value, ensure_ascii=False)
