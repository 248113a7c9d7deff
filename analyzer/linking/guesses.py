"""What an address that nothing sets may mean, by the name of what holds it: guesses, and counted as such."""

from __future__ import annotations

from collections import defaultdict

from analyzer.linking.listening import nearest
from analyzer.linking.mesh import Mesh
from analyzer.linking.names import core, tokens

_ADDRESS_TEXT = (
    "url uri urls host hostname hosts addr address endpoint base baseurl service services svc api server port "
    "target http https grpc internal external config settings self get env os environ root path default "
    "microservice ms backend client app current domain dns name prefix and or the id link"
)
_ADDRESS = frozenset(_ADDRESS_TEXT.split())
#: Words of expressions that hold what somebody sent, which names nothing.
_DATA_TEXT = (
    "request req event body payload data form args query params headers cookies msg message row item record "
    "response resp result kwargs json"
)
_DATA = frozenset(_DATA_TEXT.split())


class Guesses:
    """Services by the words of their names.

    ``units`` are programs that only code tells of: (name, folder, service id).
    """

    def __init__(self, mesh: Mesh, units: tuple[tuple[str, str, str], ...]) -> None:
        self._folders = {service: folder for _, folder, service in units}
        self._by_core: defaultdict[str, list[str]] = defaultdict(list)
        for service in mesh.services.values():
            if not service.external:
                self._by_core[core(service.name)].append(service.id)

    def after(self, hole: str, own: str, folder: str) -> str | None:
        """The service that a variable is named after, ``GOODS_SERVICE_URL``.

        Or the only one that a word of an expression names, ``url_of("goods")``; never what a request holds.
        """
        words = [w for w in tokens(hole) if w not in _ADDRESS]
        whole = self._called("".join(words), folder)
        each = [] if _DATA.intersection(tokens(hole)) else [w for w in words if len(w) > 3]
        single = {t for w in each if (t := self._called(w, folder)) is not None} - {own}
        found = whole or (next(iter(single)) if len(single) == 1 else None)
        return None if found == own else found

    def _called(self, word: str, folder: str) -> str | None:
        """The nearest service of that name, in the singular or the plural."""
        ids = next((f for w in (word, word.removesuffix("s"), f"{word}s") if (f := self._by_core.get(w))), [])
        return nearest([(i, self._folders.get(i, "")) for i in ids], folder) if len(word) > 2 and ids else None
