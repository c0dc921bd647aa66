// The engine that the configuration asks for. It is loaded when that is known: what only the other one needs is never read.
// HTTP/2 stands beside either of them.

import type { Config } from "./config/config.ts";
import type { Engine, EngineParts } from "./proxy/engine.ts";
import { createEngineWithHttp2 } from "./proxy/h2/engine-with-http2.ts";

export type CreateEngine = (parts: EngineParts) => Engine;

export async function loadEngine({
  engine,
  appProtocol,
}: Pick<Config, "engine" | "appProtocol">): Promise<CreateEngine> {
  // The wire engine asks the app over HTTP/1.1 only.
  if (engine === "wire" && appProtocol === "h1") {
    const { createWireEngine: create } = await import("./proxy/wire/engine.ts");
    return (parts) => createEngineWithHttp2(parts, { appProtocol, create });
  }
  const { createStandardEngine: create } = await import("./proxy/standard/engine.ts");
  return (parts) => createEngineWithHttp2(parts, { appProtocol, create });
}
