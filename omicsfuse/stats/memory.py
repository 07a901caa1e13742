"""Memory is asked for before it is used: a clear refusal in place of a killed process."""

from pathlib import Path

from omicsfuse.core.errors import StudyError

#: Where Linux says how much a container may use: the limit, what it uses, and its statistics.
_CONTAINER = Path("/sys/fs/cgroup")

#: Share of the available memory that one piece of work may take; the rest is for what follows.
_USABLE = 0.9


def available_memory(container: Path = _CONTAINER) -> int:
    """Bytes that this process can still use: what the machine has left, or its container."""
    import psutil

    free = int(psutil.virtual_memory().available)
    try:
        limit = int((container / "memory.max").read_text())
        used = int((container / "memory.current").read_text())
        lines = (container / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free
    # Pages of files that were only read are given back on demand.
    reclaimable = sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    return max(min(free, limit - used + reclaimable), 0)


def usable_memory() -> int:
    """Bytes that one piece of work may take: nine tenths of what is available."""
    return int(_USABLE * available_memory())


def require_memory(needed: int, task: str, advice: str) -> None:
    """Refuse work that would not fit into memory."""
    if needed > usable_memory():
        there = available_memory()
        raise StudyError(
            f"{task} takes about {needed / 2**30:.1f} GiB of memory, and {there / 2**30:.1f} "
            f"GiB are available (at most nine tenths are used); {advice}."
        )
