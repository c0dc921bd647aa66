"""An app that reads requests by h11 alone, and prints what it read as one JSON line each."""

import json
import socket
import sys
import threading

import h11

LOCK = threading.Lock()


def say(**what):
    with LOCK:
        print(json.dumps(what), flush=True)


def serve(connection):
    reader = h11.Connection(h11.SERVER)
    request, body = None, b""
    try:
        while True:
            event = reader.next_event()
            if event is h11.NEED_DATA:
                if reader.they_are_waiting_for_100_continue:
                    connection.sendall(reader.send(h11.InformationalResponse(status_code=100, headers=[])))
                reader.receive_data(connection.recv(65536))
            elif isinstance(event, h11.Request):
                request, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                say(
                    method=request.method.decode("latin1"),
                    target=request.target.decode("latin1"),
                    body=body.decode("latin1"),
                    trailers=[[n.decode("latin1"), v.decode("latin1")] for n, v in event.headers],
                )
                answer = b"ok"
                head = h11.Response(status_code=200, headers=[("Content-Length", str(len(answer)))])
                said = reader.send(head)
                if request.method != b"HEAD":
                    said += reader.send(h11.Data(data=answer))
                connection.sendall(said + reader.send(h11.EndOfMessage()))
                if reader.our_state is h11.MUST_CLOSE:
                    return
                reader.start_next_cycle()
            else:
                return
    except h11.RemoteProtocolError as error:
        # A body that was cut off by closing is how sluice tells of a request that is not whole.
        if "peer unexpectedly closed connection" not in str(error) and "closed connection without" not in str(error):
            say(breach=str(error))
    except OSError:
        pass
    finally:
        connection.close()


listener = socket.create_server(("127.0.0.1", 0), backlog=512)
print(listener.getsockname()[1], flush=True)
while True:
    accepted, _ = listener.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
