import requests
from flask import Flask

app = Flask(__name__)


@app.route("/send")
def send():
    return requests.get("http://web:8080/", timeout=5).text
