import requests
from flask import Flask

app = Flask(__name__)


def ask():
    answer = requests.get("http://stock:8080/stock", timeout=5)
    answer.raise_for_status()
    return answer.json()


@app.route("/")
def index():
    return ask()
