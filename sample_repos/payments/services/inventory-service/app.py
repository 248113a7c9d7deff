"""Stock levels and reservations."""

import json
import os
import time
import uuid

import urllib3
from flask import Flask, abort, jsonify, request

WAREHOUSE_URL = os.environ["WAREHOUSE_URL"]

app = Flask(__name__)
http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=1, read=4), retries=False)
reservations: dict[str, list] = {}


def warehouse_levels(sku: str) -> dict:
    """Ask the warehouse; its gateway drops the odd connection, so give it a second chance."""
    for attempt in range(2):
        try:
            answer = http.request("GET", f"{WAREHOUSE_URL}/levels/{sku}")
            return json.loads(answer.data)
        except urllib3.exceptions.HTTPError:
            if attempt == 1:
                raise
            time.sleep(0.2)
    return {}


@app.get("/healthz")
def healthz():
    return "ok"


@app.get("/v1/stock/<sku>")
def stock(sku):
    levels = warehouse_levels(sku)
    return jsonify({"sku": sku, "available": levels.get("on_hand", 0)})


@app.post("/v1/reservations")
def reserve():
    body = request.get_json()
    if not body.get("lines"):
        abort(400)
    reservation = uuid.uuid4().hex
    reservations[reservation] = body["lines"]
    return jsonify({"reservation": reservation}), 201
