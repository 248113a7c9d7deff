"""Payments: charge the card, then book it."""

import uuid

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from payments import cards, ledger

app = FastAPI(title="payment-service")
payments: dict[str, dict] = {}


class Charge(BaseModel):
    order: str
    cents: int
    card: str


@app.get("/healthz")
def healthz() -> dict:
    return {"status": "ok"}


@app.post("/v1/payments", status_code=201)
def create_payment(charge: Charge) -> dict:
    charge_id = cards.charge(charge.card, charge.cents)
    ledger.book("receivables", charge.cents, charge_id)
    payment_id = uuid.uuid4().hex
    payments[payment_id] = {"charge": charge_id, "state": "captured"}
    return {"payment": payment_id}


@app.get("/v1/payments/{payment_id}")
def read_payment(payment_id: str) -> dict:
    if payment_id not in payments:
        raise HTTPException(404)
    return {"payment": payment_id, "state": payments[payment_id]["state"]}


@app.post("/v1/payments/{payment_id}/refund")
def refund_payment(payment_id: str) -> dict:
    if payment_id not in payments:
        raise HTTPException(404)
    cards.refund(payments[payment_id]["charge"])
    payments[payment_id]["state"] = "refunded"
    return {"payment": payment_id, "state": "refunded"}
