"""Quotes: list price, volume discount, VAT by country."""

import os
from concurrent import futures

import grpc
import pricing_pb2
import pricing_pb2_grpc

LIST_PRICES = {"TEA-100": 790, "TEA-250": 1690, "POT-1": 4500}
VAT_PERCENT = {"DE": 19, "FR": 20, "AT": 20, "NL": 21}


class Pricing(pricing_pb2_grpc.PricingServicer):
    def GetQuote(self, request, context):
        unknown = [line.sku for line in request.lines if line.sku not in LIST_PRICES]
        if unknown:
            context.abort(grpc.StatusCode.NOT_FOUND, f"unknown: {', '.join(unknown)}")
        net = sum(LIST_PRICES[line.sku] * line.quantity for line in request.lines)
        if sum(line.quantity for line in request.lines) >= 10:
            net = net * 95 // 100
        vat = net * VAT_PERCENT.get(request.country, 0) // 100
        return pricing_pb2.Quote(net_cents=net, vat_cents=vat, currency="EUR")


def serve() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    pricing_pb2_grpc.add_PricingServicer_to_server(Pricing(), server)
    server.add_insecure_port(f"[::]:{os.environ.get('PORT', '9090')}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    serve()
