// Why nothing can listen at an address, in the same words for every listener.

import { formatControlAddress } from "./config/address.ts";
import type { ControlAddress } from "./config/config.ts";
import { SluiceError } from "./errors.ts";

/** PORT_TAKEN, with the option that sets the address ("--ops"), the address, and what is in the way. */
export function listenFailure(option: string, address: ControlAddress, cause: unknown): SluiceError {
  const why = cause instanceof Error ? reasonOf(cause) : String(cause);
  return new SluiceError("PORT_TAKEN", `${option} ${formatControlAddress(address)} cannot be used: ${why}`, {
    cause,
  });
}

function reasonOf(error: Error): string {
  switch ("code" in error ? error.code : undefined) {
    case "EADDRINUSE":
      return "another process listens there already";
    case "EADDRNOTAVAIL":
      return "that address is not one of this machine's (:PORT alone is all of them)";
    case "EACCES":
    case "EPERM":
      return "the system does not allow it (a port below 1024, or a directory that may not be written)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "its host name cannot be resolved";
    default:
      return error.message;
  }
}
