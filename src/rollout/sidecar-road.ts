// The control API of the sidecar in a Pod, by port-forward.

import type { Duplex } from "node:stream";
import type { ApiClient } from "../cluster/api-client.ts";
import { openPortForward } from "../cluster/port-forward.ts";
import type { SidecarApi } from "../cluster/sidecar-link.ts";

export interface Road {
  readonly name: string;
  readonly connect: () => Promise<Duplex>;
}

/** Makes an API out of a way to it: the command line's own client. */
export type MakeApi = (road: Road) => Pick<SidecarApi, "call" | "lines">;

export function sidecarOf(
  client: ApiClient,
  makeApi: MakeApi,
  place: { readonly namespace: string; readonly pod: string; readonly port: number },
): SidecarApi {
  const open = new Set<Duplex>();
  const api = makeApi({
    name: `pod/${place.pod} port ${place.port}`,
    async connect() {
      const stream = await openPortForward(client, place);
      open.add(stream);
      stream.on("close", () => open.delete(stream));
      return stream;
    },
  });
  return {
    call: api.call,
    lines: api.lines,
    end() {
      for (const stream of open) stream.destroy(new Error("no longer needed"));
    },
  };
}
