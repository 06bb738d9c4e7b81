"""The Gateway API: HTTPRoutes to Gateways of others, and what hangs on them."""

from parley_operator.render.gateway_api.controllers import route_told
from parley_operator.render.gateway_api.exposure import RouteExposure, route_exposure
from parley_operator.render.gateway_api.policies import gateway_api
from parley_operator.render.gateway_api.routes import routes

__all__ = ["RouteExposure", "gateway_api", "route_exposure", "route_told", "routes"]
