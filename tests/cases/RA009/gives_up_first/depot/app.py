from flask import Flask

app = Flask(__name__)


@app.route("/level")
def level():
    return {"level": 3}
