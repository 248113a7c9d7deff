"""What Envoy makes of a request before a policy is asked: the path it sees, and requests it refuses itself.

Source: istio/api mesh/v1alpha1/config.proto:1544-1576 (``pathNormalization``); envoyproxy/envoy source/common/http
path_utility.cc and the URL canonicalisation it uses; measured on Envoy 1.40.
"""

from __future__ import annotations

import re
import string

from analyzer.requestsets.domains import METHODS
from analyzer.requestsets.patterns import HOLE

#: What ``DEFAULT`` and an absent setting mean.
DEFAULT_NORMALIZATION = "BASE"

_ESCAPED = frozenset(' "<>^`{|}#?') | frozenset(map(chr, range(1, 32))) | {"\x7f"}
_UNESCAPED = frozenset(string.ascii_letters + string.digits + "-_~")
_HEX = frozenset(string.hexdigits)


def refused(method: str | None, path: str | None, normalization: str, *, holes: bool = False) -> str | None:
    """Why Envoy answers 400 itself, where it does."""
    if method is not None and method not in METHODS:
        return f"{method} is no method of HTTP/1.1"
    if path is None:
        return None
    bare = HOLE.sub("x", path) if holes else path
    if "#" in bare:
        return "the path holds a fragment (#)"
    if not bare or any(not ("!" <= c <= "~") for c in bare):
        return "the path holds a character that HTTP does not allow"
    if normalization != "NONE" and normalized(bare, normalization) is None:
        return "the path holds %00, which normalisation refuses"
    return None


def normalized(path: str, normalization: str) -> str | None:
    """The path that policies are matched with: without its query, normalised as the mesh says; ``None``: refused."""
    bare = path.partition("?")[0]
    if normalization == "NONE":
        return bare
    if normalization == "DECODE_AND_MERGE_SLASHES":
        bare = re.sub("%2f", "/", re.sub("%5c", r"\\", bare, flags=re.IGNORECASE), flags=re.IGNORECASE)
    canonical = _canonical(bare)
    if canonical is not None and normalization in {"MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"}:
        canonical = re.sub("/{2,}", "/", canonical)
    return canonical


def _canonical(path: str) -> str | None:
    """RFC 3986 as Envoy does it: dots resolved, backslashes turned, needless escapes undone, the rest escaped."""
    output = ""
    index = 0
    while index < len(path):
        dot = _dot(path, index)
        if dot and output.endswith("/"):
            skip, up = _relative(path, index + dot)
            if skip is None:
                output, index = output + ".", index + dot
                continue
            if up:
                output = _parent(output)
            index += dot + skip
            continue
        text, used = (".", dot) if dot else _character(path, index)
        if text is None:
            return None
        output += text
        index += used
    return output


def _character(path: str, index: int) -> tuple[str | None, int]:
    """One character of the output and how many of the input it took; ``None`` for what is refused."""
    char = path[index]
    if char in "/\\":
        return "/", 1
    if char == "%" and len(code := path[index + 1 : index + 3]) == 2 and set(code) <= _HEX:
        value = chr(int(code, 16))
        if value == "\0":
            return None, 3
        return (value if value in _UNESCAPED else f"%{code}"), 3
    if char in _ESCAPED:
        return f"%{ord(char):02X}", 1
    return char, 1


def _dot(path: str, index: int) -> int:
    """How long the dot here is: 1, 3 where it is escaped, 0 where there is none."""
    if path[index : index + 1] == ".":
        return 1
    return 3 if path[index : index + 3].lower() == "%2e" else 0


def _relative(path: str, index: int) -> tuple[int | None, bool]:
    """After a dot that follows a slash: how much more belongs to ``.`` or ``..``, and which it is; ``None``: a name."""
    if index >= len(path):
        return 0, False
    if path[index] in "/\\":
        return 1, False
    if second := _dot(path, index):
        after = index + second
        if after >= len(path):
            return second, True
        if path[after] in "/\\":
            return second + 1, True
    return None, False


def _parent(output: str) -> str:
    """Without its last segment; the root stays."""
    return output[: output[:-1].rfind("/") + 1] or "/"
