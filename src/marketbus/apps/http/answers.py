"""The three answers. `/healthz`: the supervisor lives. `/readyz`: every gateway is ready, or rests. `/metrics`."""

import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from marketbus.adapters.metrics.collector import WorkerCollector
from marketbus.domain.health import Judged, judge
from marketbus.domain.message import Lang, say
from marketbus.domain.times import to_datetime
from marketbus.domain.worker_view import WorkerView

Views = Callable[[], Sequence[WorkerView]]
Alerts = Callable[[], Mapping[str, Mapping[str, int]]]
"""Counts by target and outcome."""


class GatewayHealth(msgspec.Struct, frozen=True):
    """One gateway in the answer to `/readyz`."""

    gateway: str
    health: str
    """`ready`, `standby`, `resting` or `not ready`"""
    opens: str | None
    """Asia/Shanghai, in the market's time."""
    simulated: bool
    differs: list[str]
    live_at: str = ""
    """Where the live worker is, of a standby."""


class Readyz(msgspec.Struct, frozen=True):
    """The answer to `/readyz`."""

    ready: bool
    gateways: list[GatewayHealth]


class Healthz(msgspec.Struct, frozen=True):
    """The answer to `/healthz`."""

    version: str
    uptime: float
    """Seconds"""


def answers(views: Views, lang: Lang, alerts: Alerts = dict) -> Starlette:
    """The application. `lang`: of the sentences, unless a request asks for another (`?lang=zh`)."""
    began = time.monotonic()
    registry = CollectorRegistry()
    registry.register(WorkerCollector(views, alerts))
    for collector in (ProcessCollector, PlatformCollector, GCCollector):  # of the supervisor itself
        collector(registry=registry)

    async def healthz(_request: Request) -> Response:
        return _json(Healthz(version("marketbus"), round(time.monotonic() - began, 1)))

    async def readyz(request: Request) -> Response:
        told = request.query_params.get("lang", lang)
        judged = [judge(view) for view in views()]
        ready = all(each.good for each in judged)
        found = Readyz(ready, [_told(each, "zh" if told == "zh" else "en") for each in judged])
        return _json(found, 200 if ready else 503)

    async def metrics(request: Request) -> Response:
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), media_type=kind)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


def _told(judged: Judged, lang: Lang) -> GatewayHealth:
    return GatewayHealth(
        judged.gateway,
        judged.health.value,
        None if judged.opens is None else f"{to_datetime(judged.opens):%Y-%m-%d %H:%M}",
        judged.simulated,
        [say(each.code, lang, each.fields) for each in judged.differs],
        judged.live_at,
    )


def _json(answer: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
