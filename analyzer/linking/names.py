"""When two names mean the same thing: folders, images, workloads and services are never spelled alike."""

from __future__ import annotations

import re

#: Words that say what sort of thing something is, not which one.
_AFFIXES_WORDS = (
    "svc server application web image grpc microservice deployment ms api service http worker srv container main "
    "services app backend deploy"
)
AFFIXES = frozenset(_AFFIXES_WORDS.split())
#: Folder names that say nothing of which service it is.
_GENERIC_WORDS = (
    "src app apps api lib libs core python py code source backend server service services main pkg packages cmd "
    "internal handlers routes routers views controllers endpoints clients client utils common shared project web"
)
GENERIC = frozenset(_GENERIC_WORDS.split())
_VERSION = re.compile(r"v\d+(?:\.\d+)*$")


def squeezed(name: str) -> str:
    """Lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]+", "", name.lower())


def tokens(name: str) -> tuple[str, ...]:
    """The words of a name, versions left out: ``examples-bookinfo-reviews-v1`` has three."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return tuple(t for t in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if t and not _VERSION.match(t))


def core(name: str) -> str:
    """What is left of a name without words that only say it is a service: ``PaymentService``, ``payment-svc``."""
    words = tokens(name)
    while len(words) > 1 and words[-1] in AFFIXES:
        words = words[:-1]
    while len(words) > 1 and words[0] in AFFIXES:
        words = words[1:]
    joined = "".join(words)
    for affix in ("microservice", "service", "svc"):
        if len(words) == 1 and joined.endswith(affix) and len(joined) > len(affix) + 2:
            return joined.removesuffix(affix)
    return joined


def likeness(folder: str, name: str) -> int:
    """How surely a folder's name and another name mean the same: 3 equal, 2 equal less affixes, 1 contained, 0 no."""
    ours, theirs = tokens(folder), tokens(name)
    if not ours or not theirs:
        return 0
    if "".join(ours) == "".join(theirs):
        return 3
    if core(folder) == core(name):
        return 2
    if len("".join(ours)) > 2 and set(ours) - AFFIXES and _within(ours, theirs):
        return 1
    return 0


def image_name(image: str) -> str:
    """The last part of an image's path, without tag and digest."""
    return image.split("@", maxsplit=1)[0].rsplit("/", 1)[-1].split(":", maxsplit=1)[0]


def image_path(image: str) -> str:
    """An image without tag and digest."""
    plain = image.split("@", maxsplit=1)[0]
    head, slash, last = plain.rpartition("/")
    return head + slash + last.split(":")[0]


def _within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    return any(outer[i : i + len(inner)] == inner for i in range(len(outer) - len(inner) + 1))
