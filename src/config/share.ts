// A share of all: 0.01 is one in a hundred.

import { type ValueKind, wrong } from "./value-kind.ts";

export const share: ValueKind<number> = {
  placeholder: "SHARE",
  parse(text) {
    const value = /^(?:\d(?:\.\d{1,9})?|\.\d{1,9})$/.test(text) ? Number(text) : Number.NaN;
    return value >= 0 && value <= 1 ? { value } : wrong(text, "a share from 0 to 1 such as 0.01");
  },
};
