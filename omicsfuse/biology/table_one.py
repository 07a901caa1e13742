"""Table 1: the patients of each subtype as a clinician prints them."""

import contextlib
import io
import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from omicsfuse.biology.variables import Variable, variables
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.labelled import require_labelled
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import Subtypes
from omicsfuse.core.variables import NUMERIC, ORDERED, levels
from omicsfuse.stats.group_tests import in_order
from omicsfuse.stats.p_values import p_text

#: A numeric variable is given by mean and standard deviation where its skewness (adjusted
#: Fisher-Pearson) is at most this in absolute value and there are enough patients to tell.
MOST_SKEWNESS, FEWEST_FOR_MEAN = 1.0, 20

#: Categories beyond this many are put together as "other", the most frequent ones kept.
MOST_LEVELS = 12

MEAN, MEDIAN, SHARE = "mean (SD)", "median [Q1, Q3]", "n (%)"
EVENTS, MISSING = "events / patients", "missing"

#: What stands below the table.
NOTES = (
    "Mean (SD) for numbers that are near-normal (skewness between -1 and 1, 20 patients or more), "
    "median [Q1, Q3] for others; n (%) for categories, of the patients whose value is known.",
    "p: Kruskal-Wallis for numbers; chi-square, Fisher's exact or a Monte Carlo test for "
    "categories. FDR: Benjamini-Hochberg, separately for clinical, technical and genomic "
    "variables. The tests are those in clinical.tsv. Outcomes are not tested here.",
)


def table_one(subtypes: Subtypes, cohort: Cohort, clinical: pd.DataFrame) -> pd.DataFrame:
    """Make Table 1: baseline variables by subtype.

    The library ``tableone`` counts and formats; p-values are those of ``associate``. Near-normal
    numbers are given as mean (SD), other numbers as median [Q1, Q3] (see ``MOST_SKEWNESS``),
    categories as n (%) of the patients with a value, with missing values in a row of their own.
    Variables that are constant, look like identifiers or repeat another variable are excluded, as
    noted in ``clinical``; endpoints are given as events / patients.

    Parameters
    ----------
    subtypes : Subtypes
        Labels of the patients.
    cohort : Cohort
        Clinical table and layers.
    clinical : pandas.DataFrame
        Result of ``associate`` for the same subtypes and cohort.

    Returns
    -------
    pandas.DataFrame
        Text in all columns: ``variable``, ``summary`` (``"mean (SD)"``, ``"median [Q1, Q3]"``, ``"n
        (%)"``, ``"events / patients"``, ``"missing"``), ``level`` (of categories), ``overall``, one
        column a subtype, ``p``, ``fdr`` and ``test`` (in the first row of a variable). The first
        row counts the patients. Empty without variables.

    References
    ----------
    Pollard, Johnson, Raffa and Mark 2018, JAMIA Open 1:26-31 (tableone).

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import associate, table_one
    >>> from omicsfuse.core.cohort import Cohort
    >>> from omicsfuse.core.results import Subtypes
    >>> patients = [f"P{i:02d}" for i in range(24)]
    >>> clinical = pd.DataFrame({"sex": ["f", "m"] * 12, "age": range(50, 74)}, patients)
    >>> subtypes = Subtypes(pd.Series(["S1"] * 14 + ["S2"] * 10, patients), {}, {})
    >>> cohort = Cohort("toy", {}, clinical)
    >>> table = table_one(subtypes, cohort, associate(subtypes, cohort))
    >>> table[["variable", "level", "overall", "S1", "S2"]].to_numpy().tolist()
    [['patients', '', '24', '14', '10'], ['sex', 'f', '12 (50.0)', '7 (50.0)', '5 (50.0)'], \
['sex', 'm', '12 (50.0)', '7 (50.0)', '5 (50.0)'], ['age', '', '61.5 (7.1)', '56.5 (4.2)', \
'68.5 (3.0)']]
    """
    subtypes = require_labelled(subtypes, cohort, Cohort)
    labels = subtypes.labels.astype(str)
    names = in_order(labels)
    shown = [each for each in variables(subtypes, cohort) if each.tabulated]
    columns = ["variable", "summary", "level", "overall", *names, "p", "fdr", "test"]
    endpoints = [] if cohort.clinical is None else list(cohort.endpoints)
    if not shown and not endpoints:
        return pd.DataFrame({column: [] for column in columns}, dtype=object)
    sizes = labels.value_counts()
    first = {"variable": "patients", "summary": "n", "overall": str(len(labels))}
    rows = [first | {name: str(sizes[name]) for name in names}]
    blocks = _blocks(shown, labels, names)
    for variable, block in zip(shown, blocks, strict=True):
        if variable.name in clinical.index:
            for name in ("p", "fdr"):
                block[0][name] = p_text(float(clinical[name][variable.name]))
            block[0]["test"] = str(clinical["test"][variable.name])
        rows += block
    rows += [_events(name, cohort, labels, names) for name in endpoints]
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    return table.where(table.notna(), "")


def _blocks(
    shown: list[Variable], labels: pd.Series, names: list[str]
) -> list[list[dict[str, str]]]:
    """Rows of each variable, without p-values; ``tableone`` counts and formats."""
    if not shown:
        return []
    # Names of columns and values are the user's: neutral ones cannot meet those of the library.
    data = pd.DataFrame({f"v{i}": _column(each) for i, each in enumerate(shown)})
    data["subtype"] = labels.map({name: f"g{i:03d}" for i, name in enumerate(names)})
    summaries = [_summary(each) for each in shown]
    categorical = [f"v{i}" for i, summary in enumerate(summaries) if summary == SHARE]
    continuous = [f"v{i}" for i, summary in enumerate(summaries) if summary != SHARE]
    named = {f"v{i}": each for i, each in enumerate(shown)}
    categories = {name: _levels(data[name], named[name]) for name in categorical}
    for name in categorical:
        codes = {level: f"c{i:03d}" for i, level in enumerate(categories[name])}
        data[name] = data[name].map(codes, na_action="ignore")
    printed = _printed(data, categorical, continuous, summaries)
    blocks = []
    for i, (variable, summary) in enumerate(zip(shown, summaries, strict=True)):
        key = f"v{i}"
        head = {"variable": variable.name, "summary": summary}
        block = []
        for code, level in enumerate(categories.get(key, [""])):
            place = (key, f"c{code:03d}" if key in categories else "")
            cells = {name: str(printed[name].get(place, "")) for name in printed.columns}
            block.append(head | {"level": level} | _cells(cells, names))
        if summary == MEAN:
            _without_spread(block[0], data[key], labels, names)
        missing = data[key].isna()
        if missing.any():
            counts = {name: str(int(missing[labels == name].sum())) for name in names}
            counts["overall"] = str(int(missing.sum()))
            block.append({"variable": variable.name, "summary": MISSING} | counts)
        blocks.append(block)
    return blocks


def _without_spread(
    row: dict[str, str], column: pd.Series, labels: pd.Series, names: list[str]
) -> None:
    """Put a dash where one patient alone would have a standard deviation of zero."""
    known = labels[column.notna()].value_counts()
    for name in names:
        if known.get(name, 0) == 1:
            row[name] = f"{row[name].partition(' ')[0]} (-)"


def _printed(
    data: pd.DataFrame, categorical: list[str], continuous: list[str], summaries: list[str]
) -> pd.DataFrame:
    """Let ``tableone`` count and format; index (variable, level), columns Overall and groups."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        # The library warns of versions to come, and of groups too small for a spread.
        warnings.simplefilter("ignore")
        from tableone import TableOne

        made = TableOne(
            data,
            columns=[name for name in data.columns if name != "subtype"],
            categorical=categorical,
            continuous=continuous,
            nonnormal=[f"v{i}" for i, summary in enumerate(summaries) if summary == MEDIAN],
            groupby="subtype",
            decimals={name: _decimals(data[name]) for name in continuous},
            missing=False,
            label_suffix=False,
            include_null=False,
        )
    table: pd.DataFrame = made.tableone
    table.columns = [str(name[-1]) for name in table.columns]
    return table


def _cells(printed: Mapping[str, str], names: list[str]) -> dict[str, str]:
    """Cells of one row; a dash where there is nobody, or too few for a spread."""
    keys = {"overall": "Overall"} | {name: f"g{i:03d}" for i, name in enumerate(names)}
    cells = {}
    for name, key in keys.items():
        text = printed.get(key, "")
        text = "-" if text.startswith("nan") else text
        cells[name] = text.replace(",", ", ")
    return cells


def _column(variable: Variable) -> pd.Series:
    """Values to tabulate: numbers as they are, categories as text."""
    if _summary(variable) != SHARE:
        return variable.numbers
    column = variable.column
    text = column.dropna().astype(object).map(level_text)
    counts = text.value_counts()
    if len(counts) > MOST_LEVELS:
        order = sorted(counts.index, key=lambda level: (-counts[level], level))
        rest = set(order[MOST_LEVELS - 1 :])
        text = text.map(lambda level: f"other ({len(rest)})" if level in rest else level)
    return text.reindex(column.index).astype(object)


def _levels(column: pd.Series, variable: Variable) -> list[str]:
    """Categories in their order, or by name; those pooled last."""
    words = sorted(map(str, column.dropna().unique()))
    given = set(variable.column.dropna().astype(object).map(level_text))
    if variable.type == ORDERED:
        order = levels(variable.column, ORDERED)
        words.sort(key=lambda level: order.index(level) if level in order else len(order))
    return sorted(words, key=lambda level: level not in given)


def _summary(variable: Variable) -> str:
    if variable.type != NUMERIC or not variable.ranked:
        return SHARE
    values = variable.numbers.dropna().to_numpy()
    if len(values) < FEWEST_FOR_MEAN:
        return MEDIAN
    return MEAN if abs(float(stats.skew(values, bias=False))) <= MOST_SKEWNESS else MEDIAN


def _decimals(column: pd.Series) -> int:
    """Decimals to print, from the spread: one from 1 to 100, none beyond, more below."""
    spread = float(np.nanstd(column.to_numpy(dtype=float)))
    if spread >= 100:
        return 0
    return int(min(1 - np.floor(np.log10(spread)), 5)) if 0 < spread < 1 else 1


def _events(endpoint: str, cohort: Cohort, labels: pd.Series, names: list[str]) -> dict[str, str]:
    """Events and patients with follow-up of one endpoint."""
    followed = cohort.survival(endpoint)
    followed = followed[followed.index.isin(labels.index)]
    subtype_of = labels.reindex(followed.index)

    def told(part: pd.DataFrame) -> str:
        return f"{int(part['event'].sum())} / {len(part)}"

    row = {"variable": endpoint, "summary": EVENTS, "overall": told(followed)}
    return row | {name: told(followed[subtype_of == name]) for name in names}
