"""Bookings. The ledger is restarted every night, so the session rides over a 503."""

import os

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

LEDGER_URL = "http://" + os.environ.get("LEDGER_ADDR", "ledger:8080")


def _session() -> requests.Session:
    session = requests.Session()
    policy = Retry(total=3, backoff_factor=0.2, status_forcelist=[502, 503, 504], allowed_methods=None)
    session.mount("http://", HTTPAdapter(max_retries=policy))
    return session


session = _session()


def book(account: str, cents: int, reference: str) -> None:
    entry = {"account": account, "cents": cents, "reference": reference}
    session.post(f"{LEDGER_URL}/entries", json=entry, timeout=3).raise_for_status()


def balance(account: str) -> int:
    response = session.get(f"{LEDGER_URL}/accounts/{account}/balance", timeout=3)
    response.raise_for_status()
    return response.json()["cents"]
