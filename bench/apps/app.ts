// The servers behind the proxies.

import type { Program } from "../stage/program.ts";

export interface App {
  readonly name: "web" | "grpc" | "websocket" | "closing";
  readonly programs: readonly Program[];
  /** The command that runs it in the foreground on 127.0.0.1:`port`. */
  command(directory: string, port: number): readonly string[];
}
