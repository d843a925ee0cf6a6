"""GET /events: the stream of events for one browser, shared by its tabs (static/events.js)."""

from __future__ import annotations

from collections.abc import Iterator

from bottle import HTTPResponse, request

from appliance.webui.events import HEARTBEAT_S, Full, Hub, Listener, Stream
from appliance.webui.incoming import whole_number
from appliance.webui.web import Web


def routes(web: Web) -> None:
    """Declares the route."""

    @web.get("/events")
    def events() -> HTTPResponse:
        try:
            stream = web.hub.open(Listener(web.visit.token, web.user()), last_event_id())
        except Full as full:
            answer = web.answer(web.say(full), 503, "text/plain; charset=utf-8")
            answer.set_header("Retry-After", str(full.retry_after_s))
            return answer
        web.store.release()  # this thread belongs to the stream from here on
        answer = web.answer("", content_type="text/event-stream; charset=utf-8")
        answer.body = chunks(web.hub, stream)
        answer.set_header("X-Accel-Buffering", "no")
        return answer


def last_event_id() -> int | None:
    """Where the browser stopped listening; None when it begins."""
    text = request.headers.get("Last-Event-ID") or request.query.get("after") or ""
    return whole_number(text)


def chunks(hub: Hub, stream: Stream) -> Iterator[bytes]:
    """The body of the answer. The hub sends a sign of life every 15 s; without any, it is gone and so is the
    stream.
    """
    try:
        while chunk := stream.take(3 * HEARTBEAT_S):
            yield chunk
    finally:
        hub.close(stream)
