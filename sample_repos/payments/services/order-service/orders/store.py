"""Orders in memory; the database comes with the next milestone."""


class OrderStore:
    def __init__(self) -> None:
        self._orders: dict[str, dict] = {}

    def add(self, order_id: str, **fields: str) -> None:
        self._orders[order_id] = fields

    def get(self, order_id: str) -> dict | None:
        return self._orders.get(order_id)

    def remove(self, order_id: str) -> None:
        self._orders.pop(order_id, None)
