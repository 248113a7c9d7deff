"""Back office: look into payments, fetch old invoices."""

import os

import requests
from flask import Flask, Response, jsonify

PAYMENTS_URL = os.getenv("PAYMENTS_URL", "http://payment-service.payment-prod.svc.cluster.local")
ARCHIVE_URL = os.getenv("ARCHIVE_URL", "http://invoice-archive.legacy-service:8080")

app = Flask(__name__)


@app.get("/healthz")
def healthz():
    return "ok"


@app.get("/payments/<payment_id>")
def payment(payment_id):
    answer = requests.get(f"{PAYMENTS_URL}/v1/payments/{payment_id}", timeout=5)
    return jsonify(answer.json()), answer.status_code


@app.get("/invoices/<number>")
def invoice(number):
    answer = requests.get(f"{ARCHIVE_URL}/invoices/{number}.pdf", timeout=20)
    return Response(answer.content, status=answer.status_code, mimetype="application/pdf")
