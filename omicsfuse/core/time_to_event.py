"""Times to an event as a reader wants to see them: names of endpoints, units of time."""

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import StudyError

#: How many of a unit make a year.
PER_YEAR = {"days": 365.25, "weeks": 365.25 / 7, "months": 12.0, "years": 1.0}
#: Years that are still shown in months.
_YEARS_IN_MONTHS = 5
#: Usual short names of endpoints, and what they stand for.
_NAMES = {
    "os": "Overall survival",
    "css": "Cancer-specific survival",
    "dfi": "Disease-free interval",
    "dfs": "Disease-free survival",
    "dmfs": "Distant metastasis-free survival",
    "dss": "Disease-specific survival",
    "efs": "Event-free survival",
    "mfs": "Metastasis-free survival",
    "pfi": "Progression-free interval",
    "pfs": "Progression-free survival",
    "rfs": "Recurrence-free survival",
    "ttp": "Time to progression",
}


def endpoint_name(endpoint: str) -> str:
    """Name of an endpoint in full where it is a usual short one; otherwise as it is.

    >>> endpoint_name("PFI"), endpoint_name("cystectomy")
    ('Progression-free interval', 'cystectomy')
    """
    return _NAMES.get(str(endpoint).strip().casefold(), str(endpoint))


def shown_unit(unit: str, longest: float, wanted: str | None = None) -> str:
    """Unit in which to show times that are in ``unit`` and reach up to ``longest``.

    Days of four figures are shown in months, from five years on in years; so are weeks that make as
    much. ``wanted`` is taken instead where the caller asks for one.

    >>> shown_unit("days", 700), shown_unit("days", 1500), shown_unit("days", 4000)
    ('days', 'months', 'years')
    """
    if wanted is not None:
        if wanted not in PER_YEAR:
            raise StudyError(f'unit is "{wanted}"; {did_you_mean(str(wanted), PER_YEAR)}.')
        return wanted if unit in PER_YEAR else unit
    if unit not in ("days", "weeks") or longest * PER_YEAR["days"] / PER_YEAR[unit] < 1000:
        return unit
    return "years" if longest / PER_YEAR[unit] > _YEARS_IN_MONTHS else "months"


def per_unit(unit: str, shown: str) -> float:
    """Number by which to multiply times in one unit to have them in another.

    >>> per_unit("years", "months")
    12.0
    """
    if unit == shown:
        return 1.0
    return PER_YEAR[shown] / PER_YEAR[unit]
