"""How inner loops are compiled; imported only by the modules that hold such loops."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function once for each machine; where no cache can be written, in each process."""
    # Fused multiply-add is the only liberty taken: it rounds once where two steps round twice.
    options: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:
        return njit(**options)(function)
