"""The services behind an order: stock and money."""

import requests
from flask import current_app
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

session = requests.Session()

#: Shared by everything that talks to another service.
resilient = retry(
    stop=stop_after_attempt(3),
    wait=wait_random_exponential(multiplier=0.2, max=3),
    retry=retry_if_exception_type(requests.RequestException),
    reraise=True,
)


@resilient
def reserve(order_id: str, lines: list) -> str:
    response = session.post(
        f"{current_app.config['INVENTORY_URL']}/v1/reservations",
        json={"order": order_id, "lines": lines},
        timeout=5,
    )
    response.raise_for_status()
    return response.json()["reservation"]


@resilient
def charge(order_id: str, cents: int, card_token: str) -> str:
    response = session.post(
        f"{current_app.config['PAYMENTS_URL']}/v1/payments",
        json={"order": order_id, "cents": cents, "card": card_token},
        timeout=10,
    )
    response.raise_for_status()
    return response.json()["payment"]


def refund(payment_id: str) -> None:
    response = session.post(f"{current_app.config['PAYMENTS_URL']}/v1/payments/{payment_id}/refund", timeout=10)
    response.raise_for_status()


def payment_state(payment_id: str) -> str:
    """For the order page only, so never let it break the page."""
    try:
        response = session.get(f"{current_app.config['PAYMENTS_URL']}/v1/payments/{payment_id}", timeout=2)
        response.raise_for_status()
        return response.json()["state"]
    except requests.RequestException:
        return "unknown"
