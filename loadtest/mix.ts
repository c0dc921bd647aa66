// What a load consists of: which methods, bodies of which sizes, framed how.

import { MOST_BODY_BYTES } from "./pattern.ts";
import type { Method, Wish } from "./question.ts";
import { between } from "./random.ts";

export interface Mix {
  /** Shares of the methods; they need not add up to 1. */
  readonly methods: Readonly<Partial<Record<Method, number>>>;
  /** Sizes of the bodies of PUT and POST, bytes. Drawn on a logarithmic scale, so that small ones are not rare. */
  readonly upload: readonly [least: number, most: number];
  readonly download: readonly [least: number, most: number];
  /** Share of bodies that are chunked instead of counted, in both directions. */
  readonly chunked: number;
  readonly thinkMs?: readonly [least: number, most: number];
}

/** The usual load: 30 % POSTs of 0.1 to 16 KiB. */
export const FIGURES_MIX: Mix = {
  methods: { GET: 0.7, POST: 0.3 },
  upload: [100, 16_384],
  download: [0, 4_096],
  chunked: 0.2,
};

/** Every method, and bodies from nothing to 1 MiB. */
export const WIDE_MIX: Mix = {
  methods: { GET: 0.55, HEAD: 0.05, PUT: 0.1, POST: 0.3 },
  upload: [0, MOST_BODY_BYTES],
  download: [0, 65_536],
  chunked: 0.3,
};

function drawSize(random: () => number, [least, most]: readonly [number, number]): number {
  if (least >= most) return least;
  const low = Math.log(least + 1);
  return Math.min(
    most,
    Math.max(least, Math.floor(Math.exp(low + random() * (Math.log(most + 1) - low)) - 1)),
  );
}

function drawMethod(random: () => number, methods: Mix["methods"]): Method {
  const shares = Object.entries(methods) as [Method, number][];
  let point = random() * shares.reduce((sum, [, share]) => sum + share, 0);
  for (const [method, share] of shares) {
    point -= share;
    if (point < 0) return method;
  }
  return shares.at(-1)?.[0] ?? "GET";
}

export function drawWish(random: () => number, mix: Mix): Wish {
  const method = drawMethod(random, mix.methods);
  const hasBody = method === "PUT" || method === "POST";
  return {
    method,
    upload: hasBody ? drawSize(random, mix.upload) : undefined,
    uploadFraming: random() < mix.chunked ? "chunked" : "counted",
    download: drawSize(random, mix.download),
    downloadFraming: random() < mix.chunked ? "chunked" : "counted",
    thinkMs: mix.thinkMs ? between(random, ...mix.thinkMs) : 0,
  };
}

/** Bodies that sluice can keep in hand and answers that leave the app in one write: whatever else is lost in a kill is sluice's doing. */
export const KILL_MIX: Mix = {
  methods: { GET: 0.6, HEAD: 0.05, PUT: 0.1, POST: 0.25 },
  upload: [0, 60_000],
  download: [0, 4_096],
  chunked: 0.2,
};
