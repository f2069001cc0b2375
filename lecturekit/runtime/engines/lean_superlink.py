"""flower-superlink, with each request going only through the layers made for it.

    python -m lecturekit.runtime.engines.lean_superlink --insecure --port 8000

A SuperLink is one web application with three APIs: Control (`flwr run`), Fleet (nodes)
and Runtime (apps). Ten layers stand before it, and Flower 1.41 sends every request
through all of them, though most look at one API alone and hand on the rest. A layer of
this kind costs some 0.3 ms of processor time, and requests are what a live class spends
its time on. Here a layer that is made for one API sees that API's requests; what a
layer does, and the order of the layers, stay as they are, and layers not known here see
everything.
"""

from typing import TYPE_CHECKING, Any

from .flower_private import run_superlink

if TYPE_CHECKING:  # starlette comes with Flower, which chooses its version
    from starlette.middleware import Middleware
    from starlette.types import ASGIApp, Receive, Scope, Send

LAYERS = {
    "ControlAuthenticationMiddleware": "/v1/control/",
    "ControlEventLogMiddleware": "/v1/control/",
    "ControlLicenseMiddleware": "/v1/control/",
    "ControlSensitiveResponseMiddleware": "/v1/control/",
    "FleetEventLogMiddleware": "/v1/fleet/",
    "NodeAuthMiddleware": "/v1/fleet/",
    "RuntimeTracingMiddleware": "/v1/runtime/",
}


class OnlyFor:
    """A layer for the requests under one path; all others pass it by.

    Parameters
    ----------
    app : ASGI application
        What stands behind the layer.
    layer : Middleware
        The layer.
    path : str
        How the paths of its requests begin.
    """

    def __init__(self, app: "ASGIApp", layer: "Middleware", path: str) -> None:
        make: Any = layer.cls
        self._behind = app
        self._layer: ASGIApp = make(app, *layer.args, **layer.kwargs)
        self._path = path

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Hand the request to the layer, or to what stands behind it."""
        is_its_own = scope.get("path", "").startswith(self._path)
        await (self._layer if is_its_own else self._behind)(scope, receive, send)


def lean(layers: "list[Middleware]") -> "list[Middleware]":
    """Return the layers, each of those in `LAYERS` for its own requests only."""
    middleware: Any = type(layers[0]) if layers else None
    return [
        middleware(OnlyFor, layer=layer, path=LAYERS[name])
        if (name := getattr(layer.cls, "__name__", "")) in LAYERS
        else layer
        for layer in layers
    ]


if __name__ == "__main__":
    run_superlink(lean)
