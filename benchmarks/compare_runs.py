"""Compare two run folders file by file: which result files have other bytes, and which are new.

    .venv/bin/python benchmarks/compare_runs.py BEFORE AFTER [--without seconds,versions]

Each folder is one run or holds several, one folder each. ``run.json`` is compared without the
seconds of its stages, the one part of a run that is not the same twice. Exit code 1 where anything
differs.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path


def digests(folder: Path, without: list[str]) -> dict[str, str]:
    """SHA-256 of every result file below a folder, hidden ones left out, by its path in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if not path.is_file() or any(part.startswith(".") for part in inside.parts):
            continue
        content = path.read_bytes()
        if path.name == "run.json":
            record = json.loads(content)
            content = json.dumps(
                {key: value for key, value in record.items() if key not in without}
            ).encode()
        found[inside.as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def main() -> int:
    """Print what differs, and how many files are the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument(
        "--without", default="seconds", help="keys of run.json to leave out (comma-separated)"
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
