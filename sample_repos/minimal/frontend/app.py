"""The page: asks the backend for the greeting."""

import os

import requests
from flask import Flask
from tenacity import retry, stop_after_attempt

BACKEND = os.environ["BACKEND_URL"]
app = Flask(__name__)


@retry(stop=stop_after_attempt(3), reraise=True)
def greeting() -> str:
    response = requests.get(f"{BACKEND}/greeting", timeout=2)
    response.raise_for_status()
    return response.text


@app.get("/")
def page():
    return f"<h1>{greeting()}</h1>"
