"""What can go wrong, as a small tree: one class for each thing that can be at fault.

Each calls itself by the name that users import, ``omicsfuse.StudyError``, in a traceback too.
"""


class OmicsfuseError(Exception):
    """Base class of errors that a user can correct.

    The message states what was found, what was expected and what to do, and gives the file, the
    column or the patients.

    Examples
    --------
    >>> from omicsfuse.core.errors import CohortError, OmicsfuseError
    >>> issubclass(CohortError, OmicsfuseError)
    True
    """

    __module__ = "omicsfuse"

    #: Where one error tells several, each of them.
    faults: "tuple[OmicsfuseError, ...]" = ()


class CohortError(OmicsfuseError):
    """A cohort's tables, or the manifest that describes them, are at fault."""

    __module__ = "omicsfuse"


class StudyError(OmicsfuseError):
    """A study file or a setting is at fault, or cannot be applied to the data."""

    __module__ = "omicsfuse"


class SignatureError(OmicsfuseError):
    """A signature is unlocked, altered, unreadable, or does not fit the cohort it is applied to."""

    __module__ = "omicsfuse"


class ClassifierError(OmicsfuseError):
    """A classifier of new patients is altered, unreadable, or fits no layer of the cohort."""

    __module__ = "omicsfuse"


class DatasetError(OmicsfuseError):
    """A data set cannot be found, downloaded or verified."""

    __module__ = "omicsfuse"


class OmicsfuseWarning(UserWarning):
    """Data or settings are doubtful or were adjusted; the run continues and records it."""

    __module__ = "omicsfuse"
