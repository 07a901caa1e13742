"""Numbers and names as a reader wants to see them: p-values, hazard ratios, long names."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from omicsfuse.stats.p_values import p_text

_NOT_PRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def format_p(p: float, name: str = "p") -> str:
    """Write a p-value with its name; an empty text where there is none."""
    text = p_text(p)
    if not text:
        return ""
    return f"{name} {text}" if text.startswith("<") else f"{name} = {text}"


def format_number(value: float, digits: int = 3) -> str:
    """Write a number with some significant digits and no needless zeros; empty for NaN."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if value == int(value) or abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    if abs(value) < 1e-3:
        return f"{value:.{digits - 1}e}"
    return f"{value:.{digits}g}"


def format_ratio(value: float) -> str:
    """Write a hazard ratio or a bound of it: two decimals in the usual range."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value) or value > 9999:
        return "infinite" if math.isinf(value) else "> 9999"
    if 0 < value < 0.01:
        return "< 0.01"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def format_interval(value: float, low: float, high: float) -> str:
    """Write a hazard ratio with its 95% confidence interval."""
    if value is None or math.isnan(value):
        return "not estimated"
    low_text, high_text = format_ratio(low), format_ratio(high)
    if not low_text or not high_text:
        return format_ratio(value)
    return f"{format_ratio(value)} ({low_text} to {high_text})"


def time_text(value: float) -> str:
    """Write a time in its unit: whole from 20 on, one decimal below where there is one."""
    if abs(value) >= 20:
        return f"{value:,.0f}"
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def years_text(years: float) -> str:
    """Write a number of years with its noun."""
    return f"{years:g} year" if years == 1 else f"{years:g} years"


def clean(text: object) -> str:
    r"""Text of a name without line breaks and control characters, which no figure can show."""
    return _NOT_PRINTABLE.sub(" ", str(text))


_WAVELET = re.compile(r"\bwavelet[-.]?([HL]{2,3})(?![a-z])")
_SHORT_WAVELET = re.compile(r"wav[HL]{2,3}")


def shorten(text: object, length: int = 32) -> str:
    """Shorten a long name in its middle: its end, which tells features apart, stays longest.

    Of a wavelet filter, as of radiomic features, the letters that tell filters apart stay whole.
    """
    text = clean(text)
    if len(text) <= length:
        return text
    text = _WAVELET.sub(r"wav\1", text)
    if len(text) <= length:
        return text
    head = (length - 3) * 2 // 5
    if (wavelet := _SHORT_WAVELET.match(text)) and wavelet.end() <= (length - 3) // 2:
        head = max(head, wavelet.end())
    return f"{text[:head]}...{text[len(text) - (length - 3 - head) :]}"


def titled(name: str, label_names: Mapping[str, str]) -> str:
    """A subtype with the name that it was given, where labels came from elsewhere."""
    given = label_names.get(name, "")
    return f"{name} {shorten(given, 24)}" if given and given != name else name


def short_names(names: Iterable[object], length: int = 32) -> list[str]:
    """Shorten the names of a figure so that different ones stay different, longer if need be."""
    whole = [clean(name) for name in names]
    short = {name: shorten(name, length) for name in whole}
    for more in range(length + 4, max(map(len, whole), default=0) + 4, 4):
        often = Counter(short.values())
        if max(often.values(), default=1) == 1:
            break
        short = {
            name: one if often[one] == 1 else shorten(name, more) for name, one in short.items()
        }
    return [short[name] for name in whole]
