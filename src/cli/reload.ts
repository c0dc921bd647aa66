// `sluice reload`: asks the app in a slot to reload, and waits for what it reports.

import { createOrder } from "./order.ts";

export const reload = createOrder({
  name: "reload",
  about:
    "Asks the app in the slot to reload (the safe form of a signal) and waits for the outcome that it reports.",
  examples: [["reload a", "Fails if the app's handshake declared neither the signal nor reload."]],
  told: (slot, { reason }) =>
    `slot ${slot}: reloaded${typeof reason === "string" && reason !== "" ? `: ${reason}` : ""}`,
});
