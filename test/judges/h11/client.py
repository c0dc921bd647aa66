"""Reads what a client got by h11 alone: JSON lines {"methods": [...], "bytes": latin1} in, {"statuses": [...], "fault": ...} out."""

import json
import sys

import h11


def read(methods, data):
    reader = h11.Connection(h11.CLIENT)
    statuses = []
    reader.receive_data(data)
    for method in methods:
        reader.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        reader.send(h11.EndOfMessage())
        while True:
            event = reader.next_event()
            if event is h11.NEED_DATA:
                reader.receive_data(b"")
            elif isinstance(event, h11.Response):
                statuses.append(event.status_code)
            elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                break
        if reader.our_state is not h11.DONE or reader.their_state is not h11.DONE:
            break
        reader.start_next_cycle()
    rest, _ = reader.trailing_data
    return statuses, f"{len(rest)} bytes are left: {rest[:80]!r}" if rest else None


for line in sys.stdin:
    asked = json.loads(line)
    try:
        statuses, fault = read(asked["methods"], asked["bytes"].encode("latin1"))
    except h11.ProtocolError as error:
        statuses, fault = [], str(error)
    print(json.dumps({"statuses": statuses, "fault": fault}), flush=True)
