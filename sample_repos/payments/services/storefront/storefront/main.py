"""What the browser talks to."""

import logging

import grpc
import httpx
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from storefront import orders, pricing
from storefront.settings import settings

log = logging.getLogger(__name__)
app = FastAPI(title="storefront")


class Line(BaseModel):
    sku: str
    quantity: int


class Basket(BaseModel):
    customer: str
    country: str
    card_token: str
    lines: list[Line]


@app.get("/healthz")
def healthz() -> dict:
    return {"status": "ok"}


@app.get("/products/{sku}")
def product(sku: str) -> dict:
    """Product page: the stock level is decoration, the page works without it."""
    try:
        response = httpx.get(f"{settings.inventory_url}/v1/stock/{sku}", timeout=1.0)
        response.raise_for_status()
        stock = response.json()["available"]
    except httpx.HTTPError:
        log.warning("no stock level for %s", sku)
        stock = None
    return {"sku": sku, "available": stock}


@app.post("/quotes")
def quote(basket: Basket) -> dict:
    lines = [line.model_dump() for line in basket.lines]
    try:
        return pricing.quote(lines, basket.country)
    except grpc.RpcError as error:
        raise HTTPException(503, "no prices at the moment") from error


@app.post("/checkout")
def checkout(basket: Basket) -> dict:
    return orders.place(basket.model_dump())


@app.get("/orders/{order_id}")
def order(order_id: str) -> dict:
    return orders.status(order_id)


@app.post("/orders/{order_id}/cancel")
def cancel(order_id: str) -> dict:
    return orders.cancel(order_id)
