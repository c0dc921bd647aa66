"""The app's side of sluice for Python >= 3.9: one file, standard library only; copy it into your project.

    app = sluice.App("v2", on_stop=server.shutdown, on_reload=read_config)  # in the main thread
    app.ready()  # once the port is bound: begins the handshake, whose answer stays open: the lifeline
"""
import http.client
import json
import logging
import os
import signal
import socket
import threading
import time

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
        caught = [signal.SIGTERM, signal.SIGINT] if on_stop else []
        names = [*signals, *(number.name for number in caught), *(["reload"] if on_reload else [])]
        self._hello = {"version": version, "instance": os.urandom(16).hex(), "signals": names, "pid": os.getpid()}
        self._on_stop, self._on_reload, self._lifeline, self._gates = on_stop, on_reload, None, {}
        self._keeper = threading.Thread(target=self._keep, name="sluice", daemon=True)
        self._phase, self._word = "waiting", threading.Lock()  # waiting and accepted, in turns; at last over
        self._before = {number: signal.signal(number, self._on_signal) for number in caught}
        os.register_at_fork(after_in_child=self._in_child)

    def ready(self):
        """Begins the handshake, and repeats it for ever. Call it once the port is bound."""
        for name in self._hello["signals"]:
            if name != "reload" and signal.getsignal(getattr(signal, name)) in (signal.SIG_DFL, signal.SIG_IGN, None):
                raise RuntimeError(f"sluice: {name} is declared but has no handler")
        if self._control and not self._keeper.ident:  # it has not been started
            self._keeper.start()

    def gate(self, name, is_open, reason="", ttl=None):
        """Says a gate; returns whether it was taken. Said again after each handshake, but not with a ttl ("30s")."""
        with self._word:
            self._gates[name] = {"open": is_open, "reason": reason, **({"ttl": ttl} if ttl else {})}
            return self._phase == "accepted" and self._tell("PUT", f"/gates/{name}", self._gates[name])

    def stopping(self):
        """Tells sluice that this process is ending; no new requests come then. on_stop needs no such call."""
        with self._word:
            if self._phase == "accepted":  # else it would hit another process: it is said of the slot
                self._tell("POST", "/stopping", {})
            self._phase = "over"

    def _on_signal(self, number, frame):
        signal.signal(signal.SIGINT, self._before[signal.SIGINT])  # a second Ctrl-C interrupts at once
        stop, self._on_stop = self._on_stop, None
        if stop:  # in a thread: the main one may be in the middle of anything
            threading.Thread(target=lambda: (self.stopping(), stop()), daemon=True).start()

    def _in_child(self):  # forked: its copy of the lifeline would outlive the parent, whose signals are not its own
        self._phase, self._word = "over", threading.Lock()  # a thread that is not here may hold the other
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._on_signal:
                signal.signal(number, handler)
        if self._lifeline and self._lifeline.fileno() >= 0:
            os.close(self._lifeline.detach())

    def _keep(self):
        delay, last = 0.05, ""
        while self._phase != "over":
            try:
                with self._dial(45) as self._lifeline:  # three pings
                    for line in self._request(self._lifeline, "POST", "/handshake", self._hello):
                        self._hear(**json.loads(line))
                trouble = "the lifeline was closed"
            except Exception as error:
                trouble = str(error) or repr(error)
            with self._word:
                if self._phase == "accepted":
                    self._phase, delay, last = "waiting", 0.05, ""
            if trouble != last and self._phase != "over":  # once, not at every attempt
                log.warning("sluice: slot %s: %s; trying again until it works", self._slot, trouble)
            time.sleep(delay)
            delay, last = min(delay * 2, 1), trouble

    def _hear(self, type, id=None, **_):
        if type == "accepted":
            with self._word:
                if self._phase == "over":
                    raise OSError("this app is stopping")  # hangs up
                self._phase = "accepted"
                for name, gate in self._gates.items():
                    if "ttl" not in gate:
                        self._tell("PUT", f"/gates/{name}", gate)
        elif type == "superseded":
            self._phase = "over"
        elif type == "reload":  # one at a time: the next line waits
            outcome = {"ok": True, "reason": ""}
            try:
                self._on_reload()
            except Exception as error:
                outcome = {"ok": False, "reason": str(error) or repr(error)}
            self._tell("POST", f"/commands/{id}", outcome)
        if type != "ping":  # last: what the log says is so
            log.info("sluice: slot %s: %s (%s)", self._slot, type, self._hello["version"])

    def _tell(self, method, path, body):
        try:
            with self._dial(2) as connected:
                return self._request(connected, method, path, body) is not None
        except Exception as error:
            log.warning("sluice: slot %s: %s: %s", self._slot, path, error)
            return False

    def _request(self, connected, method, path, body):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = connected
        connection.request(method, f"/v1/slots/{self._slot}{path}", json.dumps(body))
        answer = connection.getresponse()
        if answer.status >= 300:
            raise OSError(f"refused: {answer.status} {answer.read().decode(errors='replace')}")
        return answer

    def _dial(self, patience):
        if "/" not in self._control:
            host, _, port = self._control.rpartition(":")
            return socket.create_connection((host.strip("[]"), int(port)), patience)
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(patience)
        connected.connect(self._control)
        return connected
