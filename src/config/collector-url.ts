// Where a collector takes traces, as people write it: http://collector:4318.

import { type ValueKind, wrong } from "./value-kind.ts";

const EXPECTED =
  "an http or https URL such as http://collector:4318, without credentials (OTEL_EXPORTER_OTLP_HEADERS carries those), query or fragment";

export const collectorUrl: ValueKind<string> = {
  placeholder: "URL",
  parse(text) {
    const url = URL.parse(text);
    const isPlain = url && `${url.username}${url.password}${url.search}${url.hash}` === "";
    return isPlain && /^https?:$/.test(url.protocol)
      ? { value: url.href }
      : wrong(withoutUser(text), EXPECTED);
  },
};

/** What is refused for its credentials is not printed with them. */
function withoutUser(text: string): string {
  return text.replace(/\/\/[^/]*@/, "//***@");
}
