"""The letters of a text file: every encoding that spreadsheets and portals write, as UTF-8."""

import codecs
from pathlib import Path

from omicsfuse.core.errors import CohortError, OmicsfuseError

#: Marks at the beginning of a file that tell its encoding; the longer ones first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: What Windows writes where nothing else is asked for; latin-1 with more letters.
WINDOWS = "cp1252"


def to_utf8(
    content: bytes, path: Path, encoding: str = "", error: type[OmicsfuseError] = CohortError
) -> tuple[bytes, str]:
    """Bring text to UTF-8 with plain line ends; also how it was encoded, where that was guessed.

    ``encoding``: as declared; empty to be told from the file.
    """
    mark, told = next(
        ((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "")
    )
    content = content[len(mark) :]
    note = ""
    if encoding:
        text = _decoded(content, path, encoding, error)
    elif told or (told := _sixteen_bits(content)):
        text = _decoded(content, path, told, error)
    else:
        if b"\0" in content:
            raise error(
                f"{path} is not text: it holds bytes of 0. Name a file with a table, or, if the "
                "text is in another encoding, say which: encoding."
            )
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as fault:
            text = _windows(content, path, fault.start, error)
            note = _letters(text)
        else:
            return _plain_lines(content), ""
    return _plain_lines(text.encode("utf-8")), note


def _decoded(content: bytes, path: Path, encoding: str, error: type[OmicsfuseError]) -> str:
    """Decode text, refusing an encoding that Python does not know or the text does not have."""
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        raise error(
            f'{path}: encoding = "{encoding}" is not known; expected a name such as utf-8, '
            "utf-16, latin-1 or cp1252."
        ) from None
    try:
        if codec.startswith(("utf-16", "utf-32")) and content and b"\0" not in content:
            raise ValueError("each letter of Latin text has a byte of 0")
        # Not bytes.decode: codecs of bytes (hex, zip) have no business here.
        return codecs.decode(content, codec).removeprefix("\ufeff")
    except (UnicodeDecodeError, TypeError, ValueError, AttributeError):
        raise error(
            f"{path} is not {encoding} text. Leave encoding out, to have it told from the file, or "
            "correct it."
        ) from None


def _sixteen_bits(content: bytes) -> str:
    """UTF-16 without a mark: every other byte of Latin text is 0."""
    sample = content[:2000]
    if len(sample) < 4 or len(content) % 2:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.6 * half and not even:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 * half and not odd else ""


def _windows(content: bytes, path: Path, first: int, error: type[OmicsfuseError]) -> str:
    line = content.count(b"\n", 0, first) + 1
    try:
        return content.decode(WINDOWS)
    except UnicodeDecodeError:
        raise error(
            f"{path} is neither UTF-8 (line {line}) nor Windows text. Say its encoding, e.g. "
            'encoding = "mac_roman", or save it as UTF-8.'
        ) from None


def _letters(text: str) -> str:
    """Say how letters beyond ASCII were read, with a word to look at."""
    words = [word for word in text.split() if not word.isascii()]
    return f'read as Windows text (cp1252), e.g. "{words[0][:40]}"' if words else ""


def _plain_lines(content: bytes) -> bytes:
    content = content.replace(b"\r\n", b"\n")
    return content if b"\n" in content else content.replace(b"\r", b"\n")
