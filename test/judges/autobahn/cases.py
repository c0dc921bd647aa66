"""The cases of the Autobahn test suite, sections 1 to 7 and 10, said by autobahn's client: cases.py DIRECT_PORT SLUICE_PORT.

Debian has the library, not the suite, so the cases are written after the suite's descriptions. Each is played with the
server directly and through sluice; what came back is printed as one JSON line each.
"""

import asyncio
import hashlib
import json
import sys

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol

PATIENCE = 8
ECHO, FAIL, ANY = "echo", "fail", "any"


def digest(data):
    return data.decode("latin1") if len(data) < 40 else f"{len(data)}:{hashlib.sha256(data).hexdigest()[:16]}"


def text(data, **how):
    return ("frame", 1, data, how)


def binary(data, **how):
    return ("frame", 2, data, how)


def more(data, **how):
    return ("frame", 0, data, how)


def ping(data=b"", **how):
    return ("frame", 9, data, how)


def pong(data=b"", **how):
    return ("frame", 10, data, how)


def close(data=b"", **how):
    return ("frame", 8, data, how)


def code(number, reason=b""):
    return number.to_bytes(2, "big") + reason


def cases():
    """(name, what is said, what is expected of it)."""
    # 1: text and binary messages of all length encodings.
    for kind, frame, letter in (("1.1", text, b"*"), ("1.2", binary, b"\xfe")):
        for n, size in enumerate((0, 125, 126, 127, 128, 65535, 65536), 1):
            yield f"{kind}.{n} {size} bytes", [frame(letter * size)], ECHO
        yield f"{kind}.8 65536 bytes in chops of 997", [frame(letter * 65536, chopsize=997)], ECHO
    # 2: pings and pongs.
    yield "2.1 ping", [ping()], ANY
    yield "2.2 ping with text", [ping(b"Hello, world!")], ANY
    yield "2.3 ping with binary", [ping(b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff")], ANY
    yield "2.4 ping of 125", [ping(b"\xfe" * 125)], ANY
    yield "2.5 ping of 126", [ping(b"\xfe" * 126)], FAIL
    yield "2.6 ping of 125 octet by octet", [ping(b"\xfe" * 125, chopsize=1)], ANY
    yield "2.7 unasked pong", [pong()], ANY
    yield "2.8 unasked pong with payload", [pong(b"unsolicited")], ANY
    yield "2.9 unasked pong, then ping", [pong(b"unsolicited"), ping(b"our ping")], ANY
    yield "2.10 ten pings", [ping(b"payload-%d" % n) for n in range(10)], ANY
    yield "2.11 ten pings octet by octet", [ping(b"payload-%d" % n, chopsize=1) for n in range(10)], ANY
    # 3: reserved bits.
    yield "3.1 rsv 1", [text(b"Hello", rsv=1)], FAIL
    yield "3.2 rsv 2 after a good one", [text(b"Hello"), text(b"Hello", rsv=2), ping()], FAIL
    yield "3.3 rsv 3, apart", [text(b"Hello"), ("wait",), text(b"Hello", rsv=3), ping()], FAIL
    yield "3.4 rsv 4 octet by octet", [text(b"Hello", chopsize=1), text(b"Hello", rsv=4, chopsize=1), ping()], FAIL
    yield "3.5 binary rsv 5", [binary(b"\x00\xff\xfe", rsv=5)], FAIL
    yield "3.6 ping rsv 6", [ping(b"Hello", rsv=6)], FAIL
    yield "3.7 close rsv 7", [close(rsv=7)], FAIL
    # 4: reserved opcodes.
    for section, opcodes in (("4.1", range(3, 8)), ("4.2", range(11, 16))):
        for n, opcode in enumerate(opcodes, 1):
            yield f"{section}.{n} opcode {opcode}", [("frame", opcode, b"", {})], FAIL
            said = [text(b"Hello"), ("frame", opcode, b"Hello", {}), ping()]
            yield f"{section}.{n} opcode {opcode} after a good one", said, FAIL
    # 5: fragments.
    yield "5.1 ping in fragments", [ping(b"fragment1", fin=False), more(b"fragment2")], FAIL
    yield "5.2 pong in fragments", [pong(b"fragment1", fin=False), more(b"fragment2")], FAIL
    two = [text(b"fragment1", fin=False), more(b"fragment2")]
    yield "5.3 text in two", two, ECHO
    yield "5.4 text in two, apart", [two[0], ("wait",), two[1]], ECHO
    yield "5.5 text in two, octet by octet", [text(b"fragment1", fin=False, chopsize=1), more(b"fragment2", chopsize=1)], ECHO
    yield "5.6 ping between fragments", [two[0], ping(b"ping payload"), two[1]], ECHO
    yield "5.7 ping between fragments, apart", [two[0], ("wait",), ping(b"ping payload"), ("wait",), two[1]], ECHO
    yield "5.8 the same octet by octet", [
        text(b"fragment1", fin=False, chopsize=1),
        ping(b"ping payload", chopsize=1),
        more(b"fragment2", chopsize=1),
    ], ECHO
    for n, fin in ((9, True), (12, False)):
        said = [more(b"non-continuation payload", fin=fin), text(b"Hello, world!")]
        yield f"5.{n} nothing to continue, fin {fin}", said, FAIL
        yield f"5.{n + 1} the same, apart", [said[0], ("wait",), said[1]], FAIL
        chopped = [more(b"non-continuation payload", fin=fin, chopsize=1), text(b"Hello, world!", chopsize=1)]
        yield f"5.{n + 2} the same octet by octet", chopped, FAIL
    yield "5.15 text in two, then nothing to continue", [*two, more(b"fragment3", fin=False), text(b"unfragmented")], FAIL
    wrong = [more(b"fragment1", fin=False), text(b"fragment2", fin=False), more(b"fragment3")]
    yield "5.16 continuation first, twice", wrong + wrong, FAIL
    wrong = [more(b"fragment1"), text(b"fragment2", fin=False), more(b"fragment3")]
    yield "5.17 continuation first with fin, twice", wrong + wrong, FAIL
    yield "5.18 a text within a text", [text(b"fragment1", fin=False), text(b"fragment2")], FAIL
    five = [
        text(b"fragment1", fin=False),
        more(b"fragment2", fin=False),
        ping(b"pongme 1!"),
        ("wait",),
        more(b"fragment3", fin=False),
        more(b"fragment4", fin=False),
        ping(b"pongme 2!"),
        more(b"fragment5"),
    ]
    yield "5.19 five fragments and two pings", five, ECHO
    yield "5.20 the same at once", [said for said in five if said != ("wait",)], ECHO
    # 6: UTF-8.
    kosme = "κόσμε".encode()
    yield "6.1.1 empty text", [text(b"")], ECHO
    yield "6.1.2 three empty fragments", [text(b"", fin=False), more(b"", fin=False), more(b"")], ECHO
    yield "6.1.3 the middle one full", [text(b"", fin=False), more(b"middle frame payload", fin=False), more(b"")], ECHO
    full = "Hello-µ@ßöäüàá-UTF-8!!".encode()
    yield "6.2.1 one piece", [text(full)], ECHO
    yield "6.2.2 two fragments at a border", [text(full[:13], fin=False), more(full[13:])], ECHO
    singles = lambda data: [
        (text if n == 0 else more)(data[n : n + 1], fin=n == len(data) - 1) for n in range(len(data))
    ]
    yield "6.2.3 fragments of one octet", singles(full), ECHO
    yield "6.2.4 kosme in fragments of one octet", singles(kosme), ECHO
    bad = kosme + b"\xed\xa0\x80" + b"edited"
    yield "6.3.1 a surrogate", [text(bad)], FAIL
    yield "6.3.2 a surrogate in fragments of one octet", singles(bad), FAIL
    high = kosme + b"\xf4\x90\x80\x80" + b"edited"
    yield "6.4.1 fails fast between fragments", [text(kosme, fin=False), ("wait",), more(b"\xf4\x90\x80\x80", fin=False), ("wait",), more(b"edited")], FAIL
    yield "6.4.2 fails fast within a code point", [text(kosme + b"\xf4", fin=False), ("wait",), more(b"\x90", fin=False), ("wait",), more(b"\x80\x80edited")], FAIL
    yield "6.4.3 fails fast within a frame", [text(high, chopsize=len(kosme))], FAIL
    yield "6.4.4 fails fast octet by octet", [text(high, chopsize=1)], FAIL
    for n, good in enumerate((kosme, "Hello-µ@ßöäüàá-UTF-8!!".encode(), b"\x00", b"\x7f", "߿".encode()), 1):
        yield f"6.5.{n} good text", [text(good)], ECHO
    for n in range(1, len(kosme) + 1):
        part = kosme[:n]
        try:
            part.decode()
            whole = True
        except UnicodeDecodeError:
            whole = False
        yield f"6.6.{n} the first {n} octets of kosme", [text(part)], ECHO if whole else FAIL
    edges = {
        "6.7": ["00", "c280", "e0a080", "f0908080"],
        "6.9": ["7f", "dfbf", "efbfbf", "f48fbfbf"],
        "6.11": ["ed9fbf", "ee8080", "efbfbd", "f48fbfbf"],
        "6.22": [chr(plane << 16 | last).encode().hex() for plane in range(17) for last in (0xFFFE, 0xFFFF)],
        "6.23": ["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf"],
    }
    for section, sequences in edges.items():
        for n, sequence in enumerate(sequences, 1):
            yield f"{section}.{n} {sequence}", [text(bytes.fromhex(sequence))], ECHO
    yield "6.11.5 f4908080", [text(b"\xf4\x90\x80\x80")], FAIL
    starts = lambda first, end: bytes(octet for start in range(first, end) for octet in (start, 0x20)).hex()
    unfinished = ["c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"]
    wrongs = {
        "6.8": ["f888808080", "fc8480808080"],
        "6.10": ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"],
        "6.12": ["80", "bf", *(("80bf" * 4)[:octets * 2] for octets in range(2, 8)), bytes(range(0x80, 0xC0)).hex()],
        "6.13": [starts(0xC0, 0xE0), starts(0xE0, 0xF0), starts(0xF0, 0xF8), starts(0xF8, 0xFC), starts(0xFC, 0xFE)],
        "6.14": unfinished,
        "6.15": ["".join(unfinished)],
        "6.16": ["fe", "ff", "fefeffff"],
        "6.17": ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"],
        "6.18": ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"],
        "6.19": ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"],
        "6.20": ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"],
        "6.21": ["eda080edb080", "eda080edbfbf", "edadbfedb080", "edadbfedbfbf", "edae80edb080", "edae80edbfbf", "edafbfedb080", "edafbfedbfbf"],
    }
    for section, sequences in wrongs.items():
        for n, sequence in enumerate(sequences, 1):
            yield f"{section}.{n} {sequence}", [text(bytes.fromhex(sequence))], FAIL
    # 7: closing.
    yield "7.1.1 a message, then close", [text(b"Hello World!"), ("wait",), close(code(1000))], ANY
    yield "7.1.2 two closes", [close(code(1000)), close(code(1000))], ANY
    yield "7.1.3 a ping after close", [close(code(1000)), ping()], ANY
    yield "7.1.4 a text after close", [close(code(1000)), text(b"Hello World!")], ANY
    yield "7.1.5 close within fragments", [text(b"fragment1", fin=False), close(code(1000)), more(b"fragment2")], ANY
    yield "7.1.6 256 KiB, text, close, ping", [text(b"B" * 262144), text(b"Hello World!"), close(code(1000)), ping()], ANY
    yield "7.3.1 close without payload", [close()], ANY
    yield "7.3.2 close with one octet", [close(b"a")], FAIL
    yield "7.3.3 close with a code", [close(code(1000))], ANY
    yield "7.3.4 close with a reason", [close(code(1000, b"Hello World!"))], ANY
    yield "7.3.5 a reason of 123", [close(code(1000, b"*" * 123))], ANY
    yield "7.3.6 a reason of 124", [close(code(1000, b"*" * 124))], FAIL
    yield "7.5.1 a reason that is no UTF-8", [close(code(1000, bad))], FAIL
    for n, number in enumerate((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999), 1):
        yield f"7.7.{n} code {number}", [close(code(number))], ANY
    for n, number in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield f"7.9.{n} code {number}", [close(code(number))], FAIL
    for n, number in enumerate((5000, 65535), 1):
        yield f"7.13.{n} code {number}", [close(code(number))], ANY
    # 10: messages in many frames.
    data = b"*" * 65536
    frames = [data[at : at + 1300] for at in range(0, len(data), 1300)]
    yield "10.1.1 65536 in frames of 1300", [
        (text if n == 0 else more)(part, fin=n == len(frames) - 1) for n, part in enumerate(frames)
    ], ECHO


class Player(WebSocketClientProtocol):
    def onOpen(self):
        asyncio.ensure_future(self.play())

    async def play(self):
        try:
            for said in self.factory.said:
                if said[0] == "wait":
                    await asyncio.sleep(0.03)
                    continue
                _, opcode, payload, how = said
                self.sendFrame(opcode=opcode, payload=payload, sync=True, **how)
            expected = self.factory.expected
            if expected == ECHO:
                await self.factory.echoed.wait()
            # Whatever is on its way back comes before the answer to this ping.
            self.sendFrame(opcode=9, payload=b"the last ping", sync=True)
            await self.factory.ponged.wait()
            self.sendClose(1000)
        except Exception as error:
            self.factory.heard.append(["error", str(error)])

    def onMessage(self, payload, isBinary):
        self.factory.heard.append(["binary" if isBinary else "text", digest(payload)])
        self.factory.echoed.set()

    def onPong(self, payload):
        self.factory.heard.append(["pong", digest(payload)])
        if payload == b"the last ping":
            self.factory.ponged.set()

    def onClose(self, wasClean, code, reason):
        self.factory.heard.append(["close", bool(wasClean), code])
        self.factory.over.set()


async def play(port, said, expected):
    factory = WebSocketClientFactory(f"ws://127.0.0.1:{port}")
    factory.protocol = Player
    factory.setProtocolOptions(failByDrop=False, closeHandshakeTimeout=2, openHandshakeTimeout=5)
    factory.said, factory.expected, factory.heard = said, expected, []
    factory.over, factory.echoed, factory.ponged = asyncio.Event(), asyncio.Event(), asyncio.Event()
    await asyncio.get_running_loop().create_connection(factory, "127.0.0.1", port)
    try:
        await asyncio.wait_for(factory.over.wait(), PATIENCE)
    except asyncio.TimeoutError:
        factory.heard.append(["never ended"])
    return factory.heard


async def main():
    direct, sluice = (int(port) for port in sys.argv[1:3])
    for name, said, expected in cases():
        heard = await asyncio.gather(play(direct, said, expected), play(sluice, said, expected))
        print(json.dumps({"case": name, "expected": expected, "direct": heard[0], "sluice": heard[1]}), flush=True)
    print("over", flush=True)


asyncio.run(main())
