import requests
from flask import Flask

app = Flask(__name__)


@app.route("/stock")
def stock():
    answer = requests.get("http://depot:8080/level", timeout=60)
    return answer.text, answer.status_code
