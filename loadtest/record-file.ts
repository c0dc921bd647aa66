// The app's account: one line for each request, written before the app does anything about it. A process that is
// killed cannot take a line back, since write(2) has handed it to the kernel.

import { openSync, readFileSync, writeSync } from "node:fs";

export interface Execution {
  readonly number: number;
  readonly method: string;
  readonly requestId: string;
  /** The file that it was found in: one life of an app. */
  readonly file: string;
  readonly version: string;
}

export type Recorder = (number: number, method: string, requestId: string) => void;

/** Appends to `file`, whose first line names the app's version. */
export function createRecorder(file: string, version: string): Recorder {
  const descriptor = openSync(file, "a");
  writeSync(descriptor, `version ${version}\n`);
  return (number, method, requestId) => {
    writeSync(descriptor, `${number} ${method} ${requestId}\n`);
  };
}

/** Reads what one app has recorded. A line without its end would mean a torn write; it throws. */
export function readRecord(file: string): Execution[] {
  const lines = readFileSync(file, "latin1").split("\n");
  const last = lines.pop();
  if (last !== "") throw new Error(`${file}: the last line is torn: ${JSON.stringify(last)}`);
  const version = lines[0]?.split(" ")[1] ?? "";
  return lines.slice(1).map((line) => {
    const [number, method, requestId] = line.split(" ");
    return { number: Number(number), method: method ?? "", requestId: requestId ?? "", file, version };
  });
}
