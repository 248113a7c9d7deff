"""Where the storefront finds its neighbours; everything comes from the environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    orders_url: str = os.environ.get("ORDERS_URL", "http://order-service.order-prod")
    inventory_url: str = os.environ.get("INVENTORY_URL", "http://inventory-service.inventory-prod")
    pricing_target: str = os.environ.get("PRICING_TARGET", "pricing-service:9090")
    timeout_s: float = float(os.environ.get("UPSTREAM_TIMEOUT_S", "10"))


settings = Settings()
