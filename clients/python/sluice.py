"""The app's side of sluice for Python >= 3.9: one file, standard library only; copy it into your project.

    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
    app = sluice.App("v2", on_stop=server.shutdown, on_reload=read_config)  # in the main thread
    app.ready()  # once the port is bound
    server.serve_forever()  # returns because of on_stop; the process ends with its main thread
    server.server_close()  # waits for the requests in flight

Beside asyncio: on_stop=lambda: loop.call_soon_threadsafe(stop.set). The answer to the handshake stays open: the lifeline.
Python sets close-on-exec on it; a child of os.fork() without exec closes its copy at once.
"""
import http.client
import json
import logging
import os
import signal
import socket
import threading
import time
import uuid

log = logging.getLogger("sluice")


class App:
    """This process as sluice knows it. Make one, in the main thread. Its methods may be called from any thread.

    on_stop: ends the server; called once in a thread, on SIGTERM or SIGINT, when sluice sends no new requests.
    on_reload: called for `sluice reload`, one call at a time; an exception is the reported reason.
    signals: names of further signals for which the app has registered handlers."""

    def __init__(self, version, on_stop=None, on_reload=None, signals=()):
        self._control, self._slot = os.environ.get("SLUICE_CONTROL", "").split(",")[0], os.environ.get("SLUICE_SLOT")
        if not self._control:
            log.warning("sluice: SLUICE_CONTROL is not set; running without sluice")
        elif not self._slot:
            raise RuntimeError("sluice: SLUICE_CONTROL is set, SLUICE_SLOT is not: which slot is this?")
        names = [*signals, *(["SIGTERM", "SIGINT"] if on_stop else []), *(["reload"] if on_reload else [])]
        self._hello = {"version": version, "instance": uuid.uuid4().hex, "signals": names, "pid": os.getpid()}
        self._on_stop, self._on_reload, self._lifeline, self._gates = on_stop, on_reload, None, {}
        self._phase, self._word = "new", threading.Lock()  # then waiting and accepted, over and over; at last over
        numbers = (signal.SIGTERM, signal.SIGINT) if on_stop else ()
        self._before = {number: signal.signal(number, self._on_signal) for number in numbers}
        os.register_at_fork(after_in_child=self._in_child)

    def ready(self):
        """Begins the handshake, and repeats it for ever. Call it once the port is bound."""
        for name in self._hello["signals"]:
            if name != "reload" and signal.getsignal(getattr(signal, name)) in (signal.SIG_DFL, signal.SIG_IGN, None):
                raise RuntimeError(f"sluice: {name} is declared but has no handler")
        if self._control and self._become("waiting", "new"):
            threading.Thread(target=self._keep, name="sluice", daemon=True).start()

    def gate(self, name, is_open, reason="", ttl=None):
        """Says a gate; returns whether it was taken now. Said again after each handshake; with a ttl ("30s") it is a heartbeat."""
        with self._word:
            self._gates[name] = {"open": is_open, "reason": reason, **({"ttl": ttl} if ttl else {})}
            return self._phase == "accepted" and self._tell("PUT", f"/gates/{name}", self._gates[name])

    def stopping(self):
        """Tells sluice that this process is ending: no new requests come after it returns. on_stop needs no such call."""
        with self._word:
            if self._phase == "accepted":  # else it would hit another process: it is said of the slot
                self._tell("POST", "/stopping", {})
            self._phase = "over"

    def _become(self, phase, before):
        with self._word:
            fits = self._phase == before
            self._phase = phase if fits else self._phase
            return fits

    def _on_signal(self, number, frame):
        signal.signal(signal.SIGINT, self._before[signal.SIGINT])  # a second Ctrl-C interrupts at once
        stop, self._on_stop = self._on_stop, None
        if stop:  # in a thread: the main one may be in the middle of anything
            threading.Thread(target=lambda: (self.stopping(), stop()), daemon=True).start()

    def _in_child(self):  # without exec: its copy of the lifeline would outlive the parent, whose signals are not its own
        self._phase, self._word = "over", threading.Lock()  # a thread that is not here may hold the other
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._on_signal:
                signal.signal(number, handler)
        if self._lifeline and self._lifeline.fileno() >= 0:
            os.close(self._lifeline.detach())

    def _dial(self, patience):
        if "/" not in self._control:
            host, _, port = self._control.rpartition(":")
            return socket.create_connection((host.strip("[]"), int(port)), patience)
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(patience)
        connected.connect(self._control)
        return connected

    def _request(self, connected, method, path, body):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = connected
        target, content = f"/v1/slots/{self._slot}{path}", {"Content-Type": "application/json"}
        connection.request(method, target, json.dumps(body), content)
        answer = connection.getresponse()
        if answer.status >= 300:
            raise OSError(f"refused: {answer.status} {answer.read().decode(errors='replace')}")
        return answer

    def _tell(self, method, path, body):
        try:
            with self._dial(2) as connected:
                return self._request(connected, method, path, body) is not None
        except Exception as error:
            log.warning("sluice: slot %s: %s: %s", self._slot, path, error)
            return False

    def _keep(self):
        delay, last = 0.05, ""
        while self._phase != "over":
            trouble = "the lifeline was closed"
            try:
                with self._dial(45) as self._lifeline:  # three pings
                    for line in self._request(self._lifeline, "POST", "/handshake", self._hello):
                        self._hear(**json.loads(line))
            except Exception as error:
                trouble = str(error) or repr(error)
            if self._become("waiting", "accepted"):
                delay, last = 0.05, ""
            if trouble != last and self._phase != "over":  # once, not at every attempt
                log.warning("sluice: slot %s: %s; trying again until it works", self._slot, trouble)
            last = trouble
            time.sleep(delay)
            delay = min(delay * 2, 1)

    def _hear(self, type, id=None, **_):
        if type == "accepted" and not self._become("accepted", "waiting"):
            raise OSError("this app is stopping")  # hangs up
        if type != "ping":
            log.info("sluice: slot %s: %s (%s)", self._slot, type, self._hello["version"])
        if type == "superseded":
            self._become("over", "accepted")
        elif type == "reload":  # one at a time: the next line waits
            self._tell("POST", f"/commands/{id}", self._outcome())
        elif type == "accepted":
            with self._word:
                for name, gate in self._gates.items():
                    if "ttl" not in gate:
                        self._tell("PUT", f"/gates/{name}", gate)

    def _outcome(self):
        try:
            self._on_reload()
            return {"ok": True, "reason": ""}
        except Exception as error:
            return {"ok": False, "reason": str(error) or repr(error)}
