"""The order service, as the storefront sees it."""

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from storefront.settings import settings

client = httpx.Client(base_url=settings.orders_url, timeout=settings.timeout_s)


@retry(
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.1, max=2),
    retry=retry_if_exception_type(httpx.HTTPError),
    reraise=True,
)
def place(basket: dict) -> dict:
    """Place an order; customers complain when a hiccup loses their basket, so try again."""
    response = client.post("/v1/orders", json=basket)
    response.raise_for_status()
    return response.json()


def status(order_id: str) -> dict:
    response = client.get(f"/v1/orders/{order_id}")
    response.raise_for_status()
    return response.json()


def cancel(order_id: str) -> dict:
    response = client.post(f"/v1/orders/{order_id}/cancel")
    response.raise_for_status()
    return response.json()
