// The limit of descriptors that every process of a run gets.

import { readFileSync } from "node:fs";

/** 10,000 connections of clients, those to the app, and what a proxy needs itself. */
const LEAST = 12_000;
const ENOUGH = 60_000;

/** As many as this process may give, and no more than are of use. Throws RangeError where they are too few. */
export function openFiles(limits: string = readFileSync("/proc/self/limits", "utf8")): number {
  const hard = /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1];
  const allowed = hard === "unlimited" ? ENOUGH : Number(hard);
  if (!(allowed >= LEAST))
    throw new RangeError(
      `${hard} open files are allowed, ${LEAST} are needed: prlimit --nofile=${ENOUGH}:${ENOUGH}`,
    );
  return Math.min(allowed, ENOUGH);
}
