"""Compare two run folders file by file: which result files have other bytes, and which are new.

    .venv/bin/python benchmarks/compare_runs.py BEFORE AFTER [--without seconds,versions]

Each folder is one run or holds several, one folder each. Files of a run are compared by name,
wherever in it they lie; those that share a name with another, by path. ``run.json`` is compared
without the seconds of its stages, the one part of a run that is not the same twice, and without
the list of files. Exit code 1 where anything differs.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path


def digests(folder: Path, without: list[str]) -> dict[str, str]:
    """SHA-256 of every result file below a folder, hidden ones left out, by its run and name."""
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part[0] == "." for part in path.relative_to(folder).parts)
    ]
    runs = [path.parent for path in paths if path.name == "run.json"]
    found = {}
    named = {path: _named(path, runs, folder) for path in paths}
    times = Counter(named.values())
    for path, name in named.items():
        content = path.read_bytes()
        if path.name == "run.json":
            record = json.loads(content)
            content = json.dumps(
                {key: value for key, value in record.items() if key not in without}
            ).encode()
        key = name if times[name] == 1 else path.relative_to(folder).as_posix()
        found[key] = hashlib.sha256(content).hexdigest()
    return found


def _named(path: Path, runs: list[Path], folder: Path) -> str:
    """The folder of the run that a file belongs to, and the file's name."""
    run = next((one for one in path.parents if one in runs), path.parent)
    return (run.relative_to(folder) / path.name).as_posix()


def main() -> int:
    """Print what differs, and how many files are the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument(
        "--without",
        default="seconds,files",
        help="keys of run.json to leave out (comma-separated)",
    )
    asked = parser.parse_args()
    for folder in (asked.before, asked.after):
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")
    before, after = (digests(one, asked.without.split(",")) for one in (asked.before, asked.after))
    lines = [f"only before: {name}" for name in before.keys() - after.keys()]
    lines += [f"only after: {name}" for name in after.keys() - before.keys()]
    both = sorted(before.keys() & after.keys())
    lines += [f"differs: {name}" for name in both if before[name] != after[name]]
    print("\n".join(sorted(lines)))
    same = sum(before[name] == after[name] for name in both)
    print(f"{same} of {len(before)} files are the same")
    return int(bool(lines) or not both)


if __name__ == "__main__":
    sys.exit(main())
