// `GET /v1/live`: what the status page shows, as server-sent events (HTML standard, section 9.2): the past first, then the
// status with each sample and after each event. What is written is made once for all pages. A page that does not read is cut
// off, and comes back by itself to a fresh past.

import { SluiceError } from "../errors.ts";
import type { Backend, FlowSample, TimelineEvent } from "./backend.ts";
import type { LineStream, StreamOpener } from "./line-stream.ts";

export interface Introduction {
  /** Of the page that this sluice serves: another one was made for another sluice. Undefined: none was asked for yet. */
  readonly page: string | undefined;
  /** Different for each life of a sluice. */
  readonly life: string;
  readonly host: string;
}

export interface Live {
  /** A page looks on until its connection ends. */
  readonly opener: StreamOpener;
  /** Pages that look on. */
  readonly watching: number;
}

/** More than a person opens; each costs a connection and what waits for it. */
const MOST_PAGES = 256;
const PAST_EVENTS = 300;
const PAST_SAMPLES = 300;
/** The past, some 400 KiB under load, several times over. */
const MAX_WAITING_BYTES = 2_097_152;
/** Events are told together: a burst of them must not become a burst of writes to every page, ms. */
const GATHER_MS = 50;
/** Of a burst of failures a page shows the first; the figures count the others. */
const MOST_GATHERED = 100;
const BURSTING: ReadonlySet<string> = new Set(["request_failed", "order_refused"]);

export function createLive(
  backend: Pick<Backend, "status" | "events" | "flow">,
  introduce: () => Introduction,
): Live {
  const pages = new Set<LineStream>();
  let ends: (() => void)[] = [];
  let gathered: TimelineEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** Made once for all pages that come before the next event or sample. */
  let hello: string | undefined;

  function tell(text: string): void {
    for (const page of [...pages]) if (!page.send(text)) leave(page);
  }

  function gather(event: TimelineEvent): void {
    hello = undefined;
    if (BURSTING.has(event.type) && gathered.length >= MOST_GATHERED) return;
    gathered.push(event);
    // After the last one there is nobody to tell the others.
    if (event.type === "exit") tellGathered();
    else timer ??= setTimeout(tellGathered, GATHER_MS);
  }

  function tellGathered(): void {
    clearTimeout(timer);
    timer = undefined;
    const events = gathered;
    gathered = [];
    const text = events.length === 0 ? "" : messageOf("events", events);
    if (pages.size > 0) tell(text + messageOf("status", backend.status()));
  }

  function leave(page: LineStream): void {
    pages.delete(page);
    page.cut();
    if (pages.size > 0) return;
    for (const end of ends) end();
    ends = [];
    gathered = [];
    hello = undefined;
    clearTimeout(timer);
    timer = undefined;
  }

  /** Nobody looks on: nothing is listened to. */
  function listen(): void {
    if (ends.length > 0) return;
    const lastEvent = newest<TimelineEvent>((take) => backend.events(0, take), 1).at(-1)?.id ?? 0;
    const lastSample = newest<FlowSample>((take) => backend.flow(0, take), 1).at(-1)?.id ?? 0;
    ends = [
      backend.events(lastEvent, (event) => {
        gather(event);
        return true;
      }),
      backend.flow(lastSample, (sample) => {
        hello = undefined;
        tell(messageOf("sample", sample));
        tellGathered();
      }),
    ];
  }

  function past(): string {
    const events = newest<TimelineEvent>((take) => backend.events(0, take), PAST_EVENTS);
    const samples = newest<FlowSample>((take) => backend.flow(0, take), PAST_SAMPLES);
    return messageOf("hello", { ...introduce(), status: backend.status(), events, samples });
  }

  return {
    get watching() {
      return pages.size;
    },
    opener: {
      contentType: "text/event-stream",
      maxWaitingBytes: MAX_WAITING_BYTES,
      open(stream) {
        if (pages.size >= MOST_PAGES)
          throw new SluiceError("TOO_MANY_CONNECTIONS", `${MOST_PAGES} pages look on already`);
        // A browser that finds nobody asks again after this many ms.
        stream.send("retry: 1000\n\n");
        hello ??= past();
        stream.send(hello + messageOf("status", backend.status()));
        pages.add(stream);
        listen();
        return { ended: () => leave(stream) };
      },
    },
  };
}

/** The last `most` of what a subscription hands out at once. */
function newest<T>(subscribe: (take: (one: T) => boolean) => () => void, most: number): readonly T[] {
  const all: T[] = [];
  subscribe((one) => {
    all.push(one);
    if (all.length > most) all.shift();
    return true;
  })();
  return all;
}

function messageOf(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
