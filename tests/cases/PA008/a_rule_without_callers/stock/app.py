from flask import Flask

app = Flask(__name__)


@app.route("/stock", methods=["GET", "POST"])
def stock():
    return {"count": 3}
