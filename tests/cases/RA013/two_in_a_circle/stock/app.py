import requests
from flask import Flask

app = Flask(__name__)


@app.route("/stock")
def stock():
    answer = requests.get("http://web:8080/", timeout=5)
    answer.raise_for_status()
    return answer.json()
