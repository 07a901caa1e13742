"""Draw docs/overview.png, the picture of the README: the first screen of the demo's report.

Usage: python docs/overview.py [REPORT]

REPORT is the report of a demo; without it the demo is run first. Needs Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import omicsfuse as of
from omicsfuse.datasets.write import write_simulated_study

PICTURE = Path(__file__).parent / "overview.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Run the demo unless its report is given; open the report; keep its first screen."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"overview.py: none of {', '.join(BROWSERS)} is installed; install Chromium.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if len(sys.argv) > 1:
            report = Path(sys.argv[1]).resolve(strict=True)
        else:
            of.run(write_simulated_study(of.simulate_cohort(), folder / "demo"), folder / "results")
            report = folder / "results" / "report.html"
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        flags += [f"--user-data-dir={folder / 'profile'}", "--window-size=1280,850"]
        # Chromium says much on stderr that is no fault.
        subprocess.run(
            [browser, *flags, f"--screenshot={PICTURE}", report.as_uri()],
            check=True,
            stderr=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    main()
