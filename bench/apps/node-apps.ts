// Apps for what nginx cannot do.

import { fileURLToPath } from "node:url";
import type { App } from "./app.ts";

function nodeApp(name: "websocket" | "closing", program: string): App {
  return {
    name,
    programs: [],
    command: (_directory, port) => [
      process.execPath,
      fileURLToPath(new URL(program, import.meta.url)),
      `${port}`,
    ],
  };
}

/** Answers each message by one of the same size. */
export const websocketApp = nodeApp("websocket", "./websocket-app.ts");
/** Closes each idle connection after a random time. */
export const closingApp = nodeApp("closing", "./closing-app.ts");
