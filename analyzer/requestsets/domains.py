"""What the values of each attribute can look like at all, so that an example is a request that somebody can send.

Shape: attributes are ``principal``, ``source_ip``, ``remote_ip``, ``destination_ip``, ``port``, ``method``, ``path``,
``host``, ``sni``, ``header[x-name]``, ``claim[a][b]`` and ``metadata[key]``. Addresses are held as strings of bits
(``4`` or ``6`` first), so that a CIDR is a prefix like any other.
"""

from __future__ import annotations

import string
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from analyzer.requestsets.patterns import ANYTHING, Glyphs, Item, Pattern, Way

#: Methods that Envoy's HTTP/1 parser knows; any other is answered with 400 before a policy is asked.
METHODS: tuple[str, ...] = (
    *("ACL", "BIND", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LINK", "LOCK", "MERGE", "MKACTIVITY"),
    *(
        "MKCALENDAR",
        "MKCOL",
        "MOVE",
        "MSEARCH",
        "NOTIFY",
        "OPTIONS",
        "PATCH",
        "POST",
        "PROPFIND",
        "PROPPATCH",
        "PURGE",
        "PUT",
    ),
    *("REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE", "TRACE", "UNBIND", "UNLINK", "UNLOCK", "UNSUBSCRIBE"),
)

_ALPHANUMERIC = frozenset(string.ascii_letters + string.digits)
_NAME = frozenset(string.ascii_lowercase + string.digits + "-")
_PATH = frozenset(c for c in map(chr, range(33, 127)) if c not in '?#"<>^`{|}\\')
_TEXT = frozenset(c for c in map(chr, range(32, 127)))


def domain(attribute: str) -> tuple[Way, ...]:
    """Every value the attribute can have."""
    match attribute.partition("[")[0]:
        case "principal":
            return (_word(_NAME | {"."}) + _text("/ns/") + _word(_NAME) + _text("/sa/") + _word(_NAME | {"."}),)
        case "source_ip" | "remote_ip" | "destination_ip":
            bit = Item(Glyphs(frozenset("01")))
            return (_text("4") + (bit,) * 32, _text("6") + (bit,) * 128)
        case "port":
            digit = Item(Glyphs(frozenset(string.digits)))
            first = Item(Glyphs(frozenset("123456789")))
            return tuple((first,) + (digit,) * more for more in range(5))
        case "method":
            return tuple(_text(m) for m in METHODS)
        case "path":
            return ((*_text("/"), Item(Glyphs(_PATH), star=True)),)
        case "host":
            return (_word(_NAME | {".", ":"}),)
        case "sni":
            return (_word(_NAME | frozenset("._" + string.ascii_uppercase)),)
        case "header":
            return ((Item(Glyphs(_TEXT), star=True),),)
        case _:
            return (ANYTHING,)


def possible(attribute: str, value: str) -> bool:
    """What the domain's shape does not say: a port's size, and that a normalised path has no dots to resolve."""
    if attribute == "port":
        return int(value) <= 65535
    if attribute == "path":
        return not any(s in {".", ".."} for s in value.split("/")) and _escapes_are_whole(value)
    return True


def may_be_absent(attribute: str) -> bool:
    """Whether a request can come without it."""
    return attribute in {"principal", "sni"} or repeated(attribute) or attribute.startswith("metadata[")


def repeated(attribute: str) -> bool:
    """Whether a request may carry several values: a header sent twice, a claim that is a list."""
    return attribute.startswith(("header[", "claim["))


def address_bits(address: str) -> str | None:
    """The address as bits; ``None`` for what is no address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return None
    return f"{ip.version}{int(ip):0{ip.max_prefixlen}b}"


def block(cidr: str) -> Pattern | None:
    """The addresses of a CIDR, or one address, as a prefix of bits; ``None`` for what is neither."""
    try:
        network = ip_network(cidr, strict=False)
    except ValueError:
        return None
    bits = f"{int(network.network_address):0{network.max_prefixlen}b}"
    return Pattern("prefix", f"{network.version}{bits[: network.prefixlen]}")


def readable(attribute: str, value: str) -> str:
    """The value as people write it."""
    if not attribute.endswith("_ip"):
        return value
    number = int(value[1:], 2)
    return str(IPv4Address(number) if value[0] == "4" else IPv6Address(number))


def readable_pattern(attribute: str, pattern: Pattern) -> str:
    """The pattern as people write it."""
    if not attribute.endswith("_ip"):
        return str(pattern)
    width = 32 if pattern.value[0] == "4" else 128
    bits = pattern.value[1:]
    return f"{readable(attribute, pattern.value[0] + bits.ljust(width, '0'))}/{len(bits)}"


def _escapes_are_whole(path: str) -> bool:
    """Every ``%`` starts an escape that normalisation keeps: not of a letter, a digit, ``-``, ``.``, ``_`` or ``~``."""
    for piece in path.split("%")[1:]:
        code = piece[:2]
        if len(code) < 2 or any(c not in string.hexdigits for c in code):
            return False
        if (char := chr(int(code, 16))).isascii() and (char.isalnum() or char in "-._~\0"):
            return False
    return True


def _text(text: str) -> Way:
    return tuple(Item(Glyphs(frozenset(c))) for c in text)


def _word(chars: frozenset[str]) -> Way:
    """A letter or digit, then any of the characters."""
    return (Item(Glyphs(chars & _ALPHANUMERIC)), Item(Glyphs(chars), star=True))
