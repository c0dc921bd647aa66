"""The app under test in Python. Its twins are ../testing/app.js and ../go/testapp/main.go; all three do the same."""
import logging
import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import sluice

logging.basicConfig(level=logging.INFO)
VERSION = os.environ.get("VERSION", "v1")
broken = threading.Event()


def say(*words):
    print(*words, flush=True)


def fork():
    """A child without exec: what os.fork() leaves open in it is not covered by close-on-exec."""
    pid = os.fork()
    if pid == 0:
        say("gate in a child", app.gate("consul", True))
        time.sleep(60)
        os._exit(0)
    return pid


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        answer = VERSION
        if url.path == "/slow":
            say("slow")
            time.sleep(int(query["ms"]) / 1000)
        if url.path == "/gate":
            taken = app.gate(query["name"], query["open"] == "true", "asked", query.get("ttl"))
            answer = "true" if taken else "false"
        if url.path == "/break-reload":
            broken.set()
        if url.path == "/spawn":
            answer = str(subprocess.Popen(["sleep", "60"]).pid)
        if url.path == "/fork":
            answer = str(fork())
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


def on_stop():
    say("stop")
    server.shutdown()


def on_reload():
    say("reload")
    if broken.is_set():
        raise RuntimeError("no such file")


class Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close() waits for the requests in flight


server = Server(("127.0.0.1", int(os.environ["PORT"])), Handler)
app = sluice.App(VERSION, on_stop=on_stop, on_reload=None if os.environ.get("NO_RELOAD") else on_reload)
say("listening", server.server_port)
threading.Timer(int(os.environ.get("READY_AFTER_MS", "0")) / 1000, app.ready).start()
server.serve_forever(poll_interval=0.05)
server.server_close()
