// The engines that the security rules and the judges are run against.

import type { CreateEngine } from "../../src/proxy/engine-suite/stage.ts";
import { createStandardEngine } from "../../src/proxy/standard/engine.ts";
import { createWireEngine } from "../../src/proxy/wire/engine.ts";

export interface NamedEngine {
  readonly name: "standard" | "wire";
  readonly create: CreateEngine;
}

export const ENGINES: readonly NamedEngine[] = [
  { name: "standard", create: createStandardEngine },
  { name: "wire", create: createWireEngine },
];
