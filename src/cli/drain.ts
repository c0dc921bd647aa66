// `sluice drain`: empties a slot, as the hook of its container would.

import { createOrder } from "./order.ts";

export const drain = createOrder({
  name: "drain",
  about:
    "Sends no new requests to the slot and waits until none is in flight there, or until its deadline (--slot-drain).",
  examples: [["drain a", "Empties slot a; the other slot takes over, or requests are held."]],
  told: (slot, { outcome, inFlight }) => `slot ${slot}: ${outcome}, ${inFlight} requests in flight`,
});
