"""What the support team sees of a customer."""

import os

import httpx
from fastapi import FastAPI, HTTPException

ADMIN_URL = os.environ["ADMIN_URL"]

app = FastAPI(title="support-desk")


@app.get("/healthz")
def healthz() -> dict:
    return {"status": "ok"}


@app.get("/cases/{payment_id}")
async def case(payment_id: str) -> dict:
    async with httpx.AsyncClient(base_url=ADMIN_URL, timeout=6) as client:
        answer = await client.get(f"/payments/{payment_id}")
    if answer.status_code != 200:
        raise HTTPException(502, "back office does not answer")
    return {"case": payment_id, "payment": answer.json()}
