"""The library mudata, which is an extra: the only module that imports it, and anndata with it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omicsfuse.core.errors import CohortError, StudyError

#: Key of ``uns``: of a modality for its kind and scale, of the whole for the rest of a cohort.
UNS = "omicsfuse"


def libraries() -> tuple[Any, Any]:
    """Import mudata and anndata, or say how to install them."""
    try:
        with quiet():
            import anndata
            import mudata
    except ImportError:
        raise StudyError(
            "MuData and AnnData objects need mudata, which is not installed: "
            'pip install "omicsfuse[mudata]".'
        ) from None
    return mudata, anndata


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings of the libraries quiet: they are about names and defaults decided on here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_file(path: Path) -> Any:
    """Read a file; by its name one of MuData or of AnnData."""
    mudata, anndata = libraries()
    readers = {".h5mu": mudata.read_h5mu, ".h5ad": anndata.read_h5ad}
    if path.suffix.lower() not in readers:
        raise CohortError(
            f"{path}: expected a file whose name ends in .h5mu or .h5ad. Read others with mudata "
            "or anndata, and pass the object."
        )
    if not path.is_file():
        raise CohortError(f"{path} does not exist: check the path.")
    try:
        with quiet():
            return readers[path.suffix.lower()](path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise CohortError(
            f"{path} cannot be read as {path.suffix}: {fault}. The file may be truncated or "
            "in another format."
        ) from None
