"""A web server on this machine that misbehaves as told: one behaviour a request, the last one for ever."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviours: dict[str, list[Behaviour]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()

    def handle_error(self, request, client_address) -> None:
        """A client that hangs up is part of the tests."""

    def on(self, path: str, *behaviours: Behaviour) -> None:
        self.behaviours[path] = list(behaviours)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path
        self.server.requests.append((path, {name.lower(): value for name, value in self.headers.items()}))
        queue = self.server.behaviours.get(path, [status(404)])
        behaviour = queue.pop(0) if len(queue) > 1 else queue[0]
        behaviour(self)

    def log_message(self, *args: object) -> None:
        """Stay silent."""

    def answer(self, code: int, body: bytes, headers: dict[str, str], announced: int | None = None) -> None:
        self.send_response(code)
        length = len(body) if announced is None else announced
        for name, value in {"Content-Type": "text/csv", "Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if length != len(body):
            self.close_connection = True


def content(body: bytes, etag: str | None = '"one"', **headers: str) -> Behaviour:
    """Serve a file as a good server does, with ranges and conditions."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}

    def behave(handler: Handler) -> None:
        asked = handler.headers
        said = {**({"ETag": etag} if etag else {}), **more}
        if etag and asked.get("If-None-Match") == etag:
            handler.answer(304, b"", said)
        elif (wanted := asked.get("Range")) and asked.get("If-Range") == etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                handler.answer(416, b"", said)
                return
            handler.answer(
                206, body[start:], {**said, "Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
            )
        else:
            handler.answer(200, body, said)

    return behave


def cut(body: bytes, at: int, etag: str = '"one"', **headers: str) -> Behaviour:
    """Announce the whole and break off."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(200, body[:at], {"ETag": etag, **more}, announced=len(body))


def stalled(body: bytes, at: int, etag: str = '"one"') -> Behaviour:
    """Send a part, then nothing."""

    def behave(handler: Handler) -> None:
        handler.answer(200, body[:at], {"ETag": etag}, announced=len(body))
        handler.wfile.flush()
        handler.server.released.wait(5)

    return behave


def partial(body: bytes, content_range: str, etag: str = '"one"') -> Behaviour:
    """Answer 206 with a Content-Range of choice."""
    return lambda handler: handler.answer(206, body, {"ETag": etag, "Content-Range": content_range})


def status(code: int, **headers: str) -> Behaviour:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(code, b"no", more)


def chunked(*chunks: bytes, finished: bool = True) -> Behaviour:
    """Send without announcing a length; unfinished if told so."""

    def behave(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/csv")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for chunk in chunks:
            handler.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        if finished:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    return behave


@contextmanager
def running() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
