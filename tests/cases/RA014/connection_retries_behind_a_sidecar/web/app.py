import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.Client(transport=httpx.HTTPTransport(retries=3), timeout=5)


@app.get("/")
def index():
    return client.get("http://stock:8080/stock").raise_for_status().json()
