"""Draw docs/overview.png, the figure of the README, from a run on the simulated cohort.

Usage: python docs/overview.py
"""

from pathlib import Path

from matplotlib.figure import Figure

import omicsfuse as of
from omicsfuse import plot

HERE = Path(__file__).parent


def main() -> None:
    """Simulate, fuse, cluster, compare, verify, draw."""
    simulated = of.simulate_cohort(random_state=0)
    ready = of.preprocess(simulated.discovery)
    fusion = of.fuse(ready, n_neighbors=20)
    subtypes = of.cluster(fusion, "auto")
    evidence = of.assess(ready, fusion, subtypes)
    survival = of.compare_survival(subtypes, simulated.discovery, endpoint="os")

    figure = Figure(figsize=(13, 9.5))
    plot.fused_network(fusion, subtypes, ax=figure.add_axes((0.06, 0.47, 0.36, 0.46)))
    plot.kaplan_meier(survival, ax=figure.add_axes((0.58, 0.57, 0.27, 0.33)))
    plot.stability(evidence, ax=figure.add_axes((0.07, 0.07, 0.33, 0.28)))
    plot.layer_contributions(evidence, ax=figure.add_axes((0.54, 0.07, 0.42, 0.28)))
    titles = ("a  fused network", "b  survival", "c  stability", "d  what each layer brings")
    places = ((0.01, 0.965), (0.5, 0.965), (0.01, 0.405), (0.46, 0.405))
    for title, place in zip(titles, places, strict=True):
        figure.text(*place, title, fontweight="bold", fontsize=12)
    figure.savefig(HERE / "overview.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
