// `sluice promote`: makes a slot the active one.

import { createOrder } from "./order.ts";

export const promote = createOrder({
  name: "promote",
  about:
    "Makes the slot active: new requests go there from now on. What is in flight elsewhere ends where it is.",
  examples: [
    ["promote b", "Switches to slot b, or back to it."],
    ["promote a --control 127.0.0.1:9081", "Through a port-forward."],
  ],
  told: (slot, { outcome }) => `slot ${slot}: ${outcome}`,
});
