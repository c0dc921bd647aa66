// An engine that speaks HTTP/2 as well: it takes over the connections that begin with its preface (RFC 9113 3.4), whichever
// engine accepted them. What it needs is loaded when the first one comes, or at the start if the app itself is asked over
// HTTP/2: who has HTTP/1.1 only pays nothing for it.

import type { Socket } from "node:net";
import type { Engine, EngineParts } from "../engine.ts";
import type { AppSide } from "../standard/app-call.ts";
import { WindDown } from "../wind-down.ts";
import type { Patience } from "./client-session.ts";
import type { Http2Front } from "./front.ts";

export interface Http2Choice {
  /** How the app is asked. */
  readonly appProtocol: "h1" | "h2c";
  /** With clients that have fallen silent; undefined: as it should be. */
  readonly patience?: Patience | undefined;
  /** Makes the engine for HTTP/1.1. `app`: how it reaches the app, where that is not by HTTP/1.1. */
  readonly create: (parts: EngineParts, app: AppSide | undefined) => Engine;
}

/** How long who had just connected when the listener closed may take to ask, ms. */
const LATE_QUESTION_MS = 200;

export function createEngineWithHttp2(
  parts: EngineParts,
  { appProtocol, create, patience }: Http2Choice,
): Engine {
  const windDown = new WindDown(parts.now);
  let front: Http2Front | undefined;
  let app: AppSide | undefined;
  let loading: Promise<void> | undefined;
  let idleCloser: NodeJS.Timeout | undefined;
  let isLeaving = false;
  let isClosing = false;

  const shared: AppSide = {
    send(destination, order, once, sink) {
      // `listen` has waited for it.
      if (!app) throw new Error("asked before listening");
      return app.send(destination, order, once, sink);
    },
    retire: (generation) => app?.retire(generation),
    destroy: () => app?.destroy(),
  };
  const engine = create({ ...parts, onPreface }, appProtocol === "h2c" ? shared : undefined);

  function load(): Promise<void> {
    loading ??= import("./load.ts").then(({ loadHttp2 }) => {
      const loaded = loadHttp2(parts, appProtocol, windDown, () => engine.connections, patience);
      app = loaded.app;
      front = loaded.front;
    });
    return loading;
  }

  function onPreface(socket: Socket, bytes: Buffer): void {
    if (front) {
      front.take(socket, bytes);
      return;
    }
    const ignore = () => {};
    socket.on("error", ignore);
    load()
      .then(() => {
        socket.off("error", ignore);
        front?.take(socket, bytes);
        if (isLeaving) front?.leave();
        if (isClosing) front?.closeIdle(true);
      })
      .catch((error: Error) => {
        socket.destroy();
        parts.observer.trouble(error, "HTTP/2 could not be loaded");
      });
  }

  function closeIdleAfter(ms: number, all: boolean): void {
    clearTimeout(idleCloser);
    if (ms === 0) front?.closeIdle(all);
    else idleCloser = setTimeout(() => front?.closeIdle(all), ms);
  }

  return {
    async listen() {
      if (appProtocol === "h2c") await load();
      return engine.listen();
    },
    windDown(overMs) {
      engine.windDown(overMs);
      const leftMs = windDown.begin(overMs);
      isLeaving = true;
      front?.leave();
      closeIdleAfter(leftMs, false);
    },
    windUp() {
      engine.windUp();
      clearTimeout(idleCloser);
      windDown.end();
      isLeaving = false;
      front?.stay();
    },
    async endStreams(generation, code) {
      await Promise.all([engine.endStreams(generation, code), front?.endStreams(generation)]);
    },
    cut: () => engine.cut() + (front?.cut() ?? 0),
    retire(generation) {
      engine.retire(generation);
      app?.retire(generation);
    },
    get connections() {
      return engine.connections;
    },
    async close() {
      if (!isClosing) {
        isClosing = true;
        windDown.begin(0);
        isLeaving = true;
        front?.leave();
        front?.closeIdle(false);
        closeIdleAfter(LATE_QUESTION_MS, true);
      }
      await engine.close();
      clearTimeout(idleCloser);
      app?.destroy();
    },
    destroy() {
      isClosing = true;
      clearTimeout(idleCloser);
      front?.cut();
      front?.destroy();
      engine.destroy();
      app?.destroy();
    },
  };
}
