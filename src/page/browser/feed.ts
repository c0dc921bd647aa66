// The stream of messages from sluice. A page that nobody sees holds no connection: a browser has six for all its tabs.

export interface Feed {
  readonly onMessage: (name: string, data: unknown) => void;
  readonly onLost: () => void;
}

const NAMES = ["hello", "status", "events", "sample"] as const;
/** sluice says something each second; so long a silence is a lost connection that nobody has noticed, ms. */
const SILENCE_MS = 6_000;
const AGAIN_AFTER_MS = 1_000;

export function openFeed({ onMessage, onLost }: Feed): void {
  let source: EventSource | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;

  function close(): void {
    source?.close();
    source = undefined;
    clearTimeout(silence);
    clearTimeout(again);
  }

  function lose(): void {
    close();
    onLost();
    if (!document.hidden) again = setTimeout(open, AGAIN_AFTER_MS);
  }

  function listen(): void {
    clearTimeout(silence);
    silence = setTimeout(lose, SILENCE_MS);
  }

  function open(): void {
    close();
    source = new EventSource("v1/live");
    source.onerror = lose;
    for (const name of NAMES) {
      source.addEventListener(name, (message) => {
        listen();
        onMessage(name, JSON.parse((message as MessageEvent<string>).data));
      });
    }
    listen();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (!source) open();
  });
  if (!document.hidden) open();
}
