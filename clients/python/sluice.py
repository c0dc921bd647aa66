"""The app's side of sluice for Python >= 3.9: one file, standard library only; copy it into your project.

    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
    app = sluice.connect("v2", on_stop=server.shutdown, on_reload=read_config)  # in the main thread
    app.ready()  # once the port is bound
    server.serve_forever()  # returns because of on_stop; the process ends with its main thread
    server.server_close()  # waits for the requests in flight

Daemon threads and no event loop: it works beside asyncio (on_stop=lambda: loop.call_soon_threadsafe(stop.set)) and WSGI.
Signal handlers are registered in connect() and the handshake begins in ready(): sluice never hears of a process that
SIGTERM would kill. The lifeline stays open after SIGTERM, until the process ends; it is never opened again then, nor
after "superseded". Python sets close-on-exec on every socket; a child of os.fork() without exec closes its copy at once.
"""
import http.client
import json
import logging
import os
import random
import signal
import socket
import threading
import time
import uuid
from urllib.parse import quote

log = logging.getLogger("sluice")


def connect(version, on_stop=None, on_reload=None, on_state=None, signals=()):
    """Registers the handlers and returns the App; without SLUICE_CONTROL it runs alone. Call it in the main thread.

    on_stop: ends the server; called once in a thread, on SIGTERM or SIGINT, when sluice sends no new requests.
    on_reload: called for `sluice reload`, one call at a time; an exception is the reported reason.
    on_state: hears accepted, active, standby, draining, superseded.
    signals: names of further signals for which the app has registered handlers."""
    return App(version, on_stop, on_reload, on_state, signals)


class App:
    """This process as sluice knows it; made by connect(). Its methods may be called from any thread."""

    def __init__(self, version, on_stop, on_reload, on_state, signals):
        self.slot = os.environ.get("SLUICE_SLOT", "")
        self.control = os.environ.get("SLUICE_CONTROL", "").split(",")[0].strip()
        if not self.control:
            log.warning("sluice: SLUICE_CONTROL is not set; running without sluice")
        elif not self.slot:
            raise RuntimeError("sluice: SLUICE_CONTROL is set, SLUICE_SLOT is not: which slot is this?")
        names = [*signals, *(["reload"] if on_reload else []), *(["SIGTERM", "SIGINT"] if on_stop else [])]
        self._hello = {"version": version, "instance": uuid.uuid4().hex, "signals": names, "pid": os.getpid()}
        self._on_stop, self._on_reload, self._on_state = on_stop, on_reload, on_state
        self._gates, self._socket, self._answer = {}, None, None
        self._gating, self._reloading, self._state = threading.Lock(), threading.Lock(), threading.Lock()
        self._started = self._accepted = self._over = self._signalled = self._told = False
        numbers = (signal.SIGTERM, signal.SIGINT) if on_stop else ()
        self._before = {number: signal.signal(number, self._on_signal) for number in numbers}
        os.register_at_fork(after_in_child=self._in_child)

    def ready(self):
        """Begins the handshake, and repeats it for ever. Call it once the port is bound."""
        for name in self._hello["signals"]:
            if name != "reload" and signal.getsignal(getattr(signal, name)) in (signal.SIG_DFL, signal.SIG_IGN, None):
                raise RuntimeError(f"sluice: {name} is declared but has no handler")
        if self.control and not self._started:
            threading.Thread(target=self._keep, name="sluice", daemon=True).start()
        self._started = True

    def gate(self, name, is_open, reason="", ttl=None):
        """Opens or closes a gate; returns whether sluice has taken it now. It is remembered, and said again after each
        handshake, unless it has a time to live ("30s"): that is a heartbeat, for the app to repeat."""
        with self._gating:
            gate = {"open": is_open, "reason": reason, **({"ttl": ttl} if ttl else {})}
            self._gates[name] = gate
            if ttl:
                del self._gates[name]
            return self._accepted and self._tell("PUT", f"/gates/{quote(name, '')}", gate)

    def stopping(self):
        """Tells sluice that this process is ending: no new requests come after it returns. Bounded to some 2 s."""
        with self._state:
            known, self._told, self._over = self._accepted and not self._told, True, True
            if not self._accepted:
                self._cut()  # a handshake without an answer must not be accepted any more
        if known:  # it is said of the slot: from a process that sluice does not serve (superseded), it would hit another
            self._tell("POST", "/stopping", {})

    def close(self):
        """Leaves sluice at once and for good; what is in flight there is cut."""
        with self._state:
            self._over, self._accepted = True, False
            self._cut()

    def _cut(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except (AttributeError, OSError):
            pass  # there is none, or it is closed already

    def _in_child(self):
        try:
            os.close(self._socket.detach())  # else the child would keep the lifeline of its parent open
        except (AttributeError, OSError):
            pass
        self._gating, self._reloading, self._state = threading.Lock(), threading.Lock(), threading.Lock()
        self._accepted, self._over, self._started = False, True, True
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._on_signal:
                signal.signal(number, handler)

    def _on_signal(self, number, frame):
        signal.signal(signal.SIGINT, self._before[signal.SIGINT])  # a second Ctrl-C interrupts at once
        if not self._signalled:
            self._signalled = True
            threading.Thread(target=self._stop, name="sluice-stop", daemon=True).start()

    def _stop(self):
        try:
            self.stopping()
            self._on_stop()
        except BaseException:
            log.exception("sluice: on_stop failed")
            os._exit(1)

    def _request(self, method, path, body, timeout, opened=lambda connected: None):
        if "/" in self.control:
            connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connected.settimeout(timeout)
            connected.connect(self.control)
        else:
            host, _, port = self.control.rpartition(":")
            connected = socket.create_connection((host.strip("[]") or "127.0.0.1", int(port)), timeout)
        opened(connected)
        connection = http.client.HTTPConnection("localhost")
        connection.sock = connected
        target = f"/v1/slots/{quote(self.slot, '')}{path}"
        connection.request(method, target, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status >= 300:
            raise PermissionError(f"refused: {answer.status} {answer.read().decode(errors='replace')}")
        return answer

    def _tell(self, method, path, body):
        try:
            self._request(method, path, body, 2).read()
            return True
        except (OSError, http.client.HTTPException) as error:
            log.warning("sluice: slot %s: %s %s: %s", self.slot, method, path, error)
            return False

    def _keep(self):
        delay, said = 0.05, ""
        while not self._over:
            since, slowest, trouble = time.monotonic(), 1, "the lifeline was closed"
            try:
                self._live()
            except PermissionError as error:
                slowest, trouble = 5, str(error)
            except (OSError, ValueError, http.client.HTTPException) as error:
                trouble = str(error) or repr(error)
            if self._over:
                return  # what is still open stays open until the process ends
            if self._accepted and time.monotonic() - since > 1:
                delay = 0.05
            self._accepted = False
            self._cut()
            if trouble != said:  # the same trouble once, not at every attempt
                log.warning("sluice: slot %s: %s; trying again until it works (%s)", self.slot, trouble, self.control)
            said = trouble
            time.sleep(delay * random.uniform(0.5, 1))
            delay = min(delay * 2, slowest)

    def _opened(self, connected):
        with self._state:
            self._socket = connected
            if self._over:
                self._cut()

    def _live(self):
        self._answer = self._request("POST", "/handshake", self._hello, 45, self._opened)  # 45 s: three pings
        for text in self._answer:
            line = json.loads(text)
            if line["type"] == "reload":
                threading.Thread(target=self._reload, args=(line["id"],), daemon=True).start()
            if line["type"] in ("reload", "ping"):
                continue
            if line["type"] == "accepted":
                with self._state:
                    if self._over:
                        return self._cut()
                    self._accepted = True
                log.info("sluice: slot %s: handshake accepted (%s)", self.slot, self._hello["version"])
                threading.Thread(target=self._say_gates, daemon=True).start()
            if line["type"] == "superseded":
                log.warning("sluice: slot %s: superseded by a newer process; staying away", self.slot)
                self.close()
            try:
                if self._on_state:
                    self._on_state(line["type"])
            except Exception:
                log.exception("sluice: on_state failed")

    def _say_gates(self):
        with self._gating:
            for name, gate in self._gates.items():
                self._tell("PUT", f"/gates/{quote(name, '')}", gate)

    def _reload(self, command):
        outcome = {"ok": True, "reason": ""}
        with self._reloading:
            try:
                if not self._on_reload:
                    raise RuntimeError("this app has no reload function")
                self._on_reload()
            except Exception as error:
                outcome = {"ok": False, "reason": str(error) or repr(error)}
            self._tell("POST", f"/commands/{quote(command, '')}", outcome)
