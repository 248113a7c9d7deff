"""Quotes. Retries are the mesh's business here (see deploy/istio/pricing-service.yaml)."""

import grpc
import pricing_pb2
import pricing_pb2_grpc

from storefront.settings import settings

channel = grpc.insecure_channel(settings.pricing_target)
stub = pricing_pb2_grpc.PricingStub(channel)


def quote(lines: list[dict], country: str) -> dict:
    request = pricing_pb2.QuoteRequest(
        lines=[pricing_pb2.Line(sku=line["sku"], quantity=line["quantity"]) for line in lines],
        country=country,
    )
    answer = stub.GetQuote(request, timeout=2)
    return {"net_cents": answer.net_cents, "vat_cents": answer.vat_cents, "currency": answer.currency}
