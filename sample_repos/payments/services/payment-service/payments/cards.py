"""The card processor outside."""

import os

import httpx

PROCESSOR_URL = os.environ.get("PROCESSOR_URL", "https://api.cardhub.example")


def charge(token: str, cents: int) -> str:
    response = httpx.post(f"{PROCESSOR_URL}/charges", json={"source": token, "amount": cents}, timeout=8)
    response.raise_for_status()
    return response.json()["id"]


def refund(charge_id: str) -> None:
    httpx.post(f"{PROCESSOR_URL}/charges/{charge_id}/refunds", timeout=8).raise_for_status()
