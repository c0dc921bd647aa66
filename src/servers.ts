// The ops and the control server as the configuration wants them.

import type { Backend } from "./api/backend.ts";
import { createControlServer } from "./api/control.ts";
import { defaultGateways } from "./api/gateway.ts";
import { createGuard } from "./api/guard.ts";
import { createOpsServer } from "./api/ops.ts";
import type { PageSource } from "./api/page.ts";
import type { ApiServer } from "./api/server.ts";
import type { Config, ControlAddress } from "./config/config.ts";

export interface ServersParts {
  readonly config: Config;
  /** Where control listens; empty: nowhere. */
  readonly control: readonly ControlAddress[];
  readonly backend: Backend;
  readonly page: PageSource;
  readonly readFile: (path: string) => string;
  readonly onError: (error: Error, what: string) => void;
}

export function createServers(parts: ServersParts): { readonly ops: ApiServer; readonly control: ApiServer } {
  const { config, backend, page, readFile, onError } = parts;
  const guard = createGuard({
    nodeIp: config.nodeIp,
    gateways: config.nodeIp === undefined ? [] : defaultGateways(readFile),
    token: config.hookToken,
    from: config.hookFrom,
  });
  return {
    ops: createOpsServer({ backend, guard, address: config.ops, onError }),
    control: createControlServer({ backend, addresses: parts.control, page, onError }),
  };
}
