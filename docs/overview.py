"""Draw docs/overview.png, the figure of the README, from a run on the simulated cohort.

Usage: python docs/overview.py
"""

from pathlib import Path

from matplotlib.figure import Figure

import omicsfuse as of

HERE = Path(__file__).parent


def main() -> None:
    """Simulate, fuse, cluster, compare, draw."""
    simulated = of.simulate_cohort(random_state=0)
    ready = of.preprocess(simulated.discovery)
    fusion = of.fuse(ready, n_neighbors=20)
    subtypes = of.cluster(fusion, "auto")
    evidence = of.assess(ready, fusion, subtypes)
    survival = of.compare_survival(subtypes, simulated.discovery, endpoint="os")

    figure = Figure(figsize=(13, 9.5))
    # Titles have cells of their own, as figures fill theirs up to those of their neighbours.
    grid = figure.add_gridspec(
        4,
        2,
        left=0.01,
        right=0.99,
        top=0.99,
        bottom=0.01,
        hspace=0.05,
        wspace=0.06,
        width_ratios=(9, 11),
        height_ratios=(0.3, 5, 0.3, 4),
    )
    titles = ("a  Fused network", "b  Survival", "c  Stability", "d  Contribution of each layer")
    cells = []
    for n, title in enumerate(titles):
        row, column = divmod(n, 2)
        head = figure.add_subplot(grid[2 * row, column])
        head.text(0, 0.5, title, fontweight="bold", fontsize=12, va="center")
        head.axis("off")
        cells.append(figure.add_subplot(grid[2 * row + 1, column]))
    of.plot.fused_network(fusion, subtypes, ax=cells[0])
    of.plot.kaplan_meier(survival, ax=cells[1])
    of.plot.stability(evidence, ax=cells[2])
    of.plot.layer_contributions(evidence, ax=cells[3])
    figure.savefig(HERE / "overview.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
