"""The SuperLink's layers: each for its own API, and Flower's are all known."""

import asyncio
from importlib import import_module

from starlette.middleware import Middleware

from lecturekit.runtime.engines.lean_superlink import LAYERS, OnlyFor, lean


class NodeAuthMiddleware:
    """A layer that notes the paths it sees; named as one of Flower's."""

    def __init__(self, app, seen):
        self.app = app
        self.seen = seen

    async def __call__(self, scope, receive, send):
        self.seen.append(scope["path"])
        await self.app(scope, receive, send)


def test_a_layer_sees_the_requests_of_its_api_alone():
    """All others, and the start of the application, pass it by."""
    seen, arrived = [], []

    async def app(scope, receive, send):
        arrived.append(scope.get("path"))

    (layer,) = lean([Middleware(NodeAuthMiddleware, seen=seen)])
    stack = layer.cls(app, *layer.args, **layer.kwargs)
    for path in ("/v1/fleet/pull-messages", "/v1/runtime/pull-messages", "/health"):
        asyncio.run(stack({"type": "http", "path": path}, None, None))
    asyncio.run(stack({"type": "lifespan"}, None, None))

    assert seen == ["/v1/fleet/pull-messages"]
    assert arrived == [
        "/v1/fleet/pull-messages",
        "/v1/runtime/pull-messages",
        "/health",
        None,
    ]


def test_order_is_kept_and_unknown_layers_see_everything():
    """What a new version of Flower adds is left alone."""

    class Unknown:
        pass

    known = Middleware(NodeAuthMiddleware, seen=[])
    unknown = Middleware(Unknown)

    assert lean([unknown, known])[0] is unknown
    assert lean([known, unknown])[0].cls is OnlyFor
    assert lean([known, unknown])[1] is unknown


def test_flowers_layers_are_those_we_know():
    """If one is renamed, nothing breaks, but a live class gets slower: say so here."""
    layers = import_module("flwr.superlink.main")._get_middleware()
    names = {layer.cls.__name__ for layer in layers}

    assert set(LAYERS) <= names
    assert names - set(LAYERS) == {
        "BaseHTTPMiddleware",  # Flower's translation of errors
        "ProtobufTranslationMiddleware",
    }
