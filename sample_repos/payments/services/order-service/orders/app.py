"""Orders: reserve the stock, take the money, remember both."""

import os
import uuid

from flask import Flask, abort, jsonify, request

from orders import clients
from orders.store import OrderStore


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["PAYMENTS_URL"] = os.environ["PAYMENTS_URL"]
    app.config["INVENTORY_URL"] = os.environ["INVENTORY_URL"]
    store = OrderStore()

    @app.route("/healthz")
    def healthz():
        return "ok"

    @app.route("/v1/orders", methods=["POST"])
    def create_order():
        basket = request.get_json()
        order_id = uuid.uuid4().hex
        reservation = clients.reserve(order_id, basket["lines"])
        payment = clients.charge(order_id, basket.get("cents", 0), basket["card_token"])
        store.add(order_id, reservation=reservation, payment=payment)
        return jsonify({"order": order_id}), 201

    @app.route("/v1/orders/<order_id>", methods=["GET"])
    def read_order(order_id):
        order = store.get(order_id)
        if order is None:
            abort(404)
        return jsonify({"order": order_id, "payment": clients.payment_state(order["payment"])})

    @app.route("/v1/orders/<order_id>/cancel", methods=["POST"])
    def cancel_order(order_id):
        order = store.get(order_id)
        if order is None:
            abort(404)
        clients.refund(order["payment"])
        store.remove(order_id)
        return jsonify({"order": order_id, "cancelled": True})

    return app
