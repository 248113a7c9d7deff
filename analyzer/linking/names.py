"""When two names mean the same thing: folders, images, workloads and services are never spelled alike."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")

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
_STOCK_WORDS = (
    "postgres postgresql mysql mariadb mongo mongodb redis valkey memcached rabbitmq kafka zookeeper nats nginx httpd "
    "traefik haproxy envoy elasticsearch opensearch kibana grafana prometheus jaeger zipkin minio consul vault etcd "
    "cassandra clickhouse influxdb neo4j busybox alpine ubuntu debian localstack adminer pgadmin4 mailhog keycloak"
)
_STOCK = frozenset(_STOCK_WORDS.split())
_PUBLISHERS_WORDS = (
    "bitnami bitnamilegacy grafana prom jaegertracing confluentinc apache provectuslabs cloudamqp minio localstack "
    "hashicorp elastic opensearchproject otel openzipkin redis library istio envoyproxy nginxinc datadog"
)
_PUBLISHERS = frozenset(_PUBLISHERS_WORDS.split())
_VERSION = re.compile(r"v\d+(?:\.\d+)*$")


def squeezed(name: str) -> str:
    """Lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]+", "", name.lower())


@lru_cache(maxsize=65536)
def tokens(name: str) -> tuple[str, ...]:
    """The words of a name, versions left out: ``examples-bookinfo-reviews-v1`` has three."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return tuple(t for t in re.split(r"[^A-Za-z0-9]+", spaced.lower()) if t and not _VERSION.match(t))


@lru_cache(maxsize=65536)
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


def image_tag(image: str) -> str:
    """The tag of an image, if it has one."""
    return image.split("@", maxsplit=1)[0].rpartition("/")[2].partition(":")[2]


def telling(tag: str) -> tuple[str, ...]:
    """The words of a tag that are no version: ``2.1.3-recommendation`` says which image of several it is."""
    return tuple(t for t in tokens(tag) if not t.isdecimal() and t not in ("latest", "main", "master", "dev", "edge"))


def _within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    return any(outer[i : i + len(inner)] == inner for i in range(len(outer) - len(inner) + 1))


def stock(image: str) -> bool:
    """Whether an image is somebody else's program: a store, a broker, a proxy of a public registry."""
    path = image_path(image).removeprefix("docker.io/").removeprefix("library/")
    head, _, last = path.rpartition("/")
    known = last.split("-", maxsplit=1)[0] in _STOCK
    return known if not head else head in _PUBLISHERS or (known and head.rpartition("/")[2] == last)


class Alike(Generic[T]):
    """Finds what is named most like a name, without comparing all: ``likeness`` of a folder to other names.

    ``folders`` says that the stored names are the folders, and the name asked for is the other one.
    """

    def __init__(self, *, folders: bool = False) -> None:
        self._folders = folders
        self._same: defaultdict[str, list[T]] = defaultdict(list)
        self._whole: defaultdict[str, list[T]] = defaultdict(list)
        self._core: defaultdict[str, list[T]] = defaultdict(list)
        self._word: defaultdict[str, list[tuple[str, T]]] = defaultdict(list)

    def add(self, name: str, item: T) -> None:
        """Store an item under a name; one item may have several."""
        words = tokens(name)
        if not words:
            return
        self._same[squeezed(name)].append(item)
        self._whole["".join(words)].append(item)
        self._core[core(name)].append(item)
        for word in words[:1] if self._folders else words:
            self._word[word].append((name, item))

    def best(self, name: str) -> tuple[int, list[T]]:
        """The highest likeness there is (0: none; 4: equal, versions too), and all that have it."""
        words = tokens(name)
        if not words:
            return 0, []
        if found := self._same.get(squeezed(name)):
            return 4, found
        if found := self._whole.get("".join(words)):
            return 3, found
        if found := self._core.get(core(name)):
            return 2, found
        asked = words if self._folders else words[:1]
        near = [pair for word in asked for pair in self._word.get(word, ())]
        pairs = [(stored, item) for stored, item in near if self._contained(name, stored)]
        return (1, [item for _, item in pairs]) if pairs else (0, [])

    def _contained(self, name: str, stored: str) -> bool:
        return likeness(stored, name) == 1 if self._folders else likeness(name, stored) == 1
