import requests
from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    answer = requests.get("http://stock:8080/stock", timeout=10)
    answer.raise_for_status()
    return answer.json()
