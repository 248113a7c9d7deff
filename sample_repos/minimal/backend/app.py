"""The greeting."""

from flask import Flask

app = Flask(__name__)


@app.get("/greeting")
def greeting():
    return "hello"
