// The page's program: messages in, a picture out, orders on request.

import { createDialog } from "./dialog.ts";
import { openFeed } from "./feed.ts";
import { hear, type Model, UNKNOWN } from "./model.ts";
import { give, type Order, questionOf } from "./orders.ts";
import { patch } from "./patch.ts";
import { pageView } from "./view.ts";

const app = document.getElementById("app")!;
const told = document.getElementById("told")!;
const page = document.querySelector<HTMLMetaElement>('meta[name="sluice-page"]')?.content ?? "";
const name = decodeURIComponent(location.hash.slice(1));
const dialog = createDialog();

let model: Model = UNKNOWN;
let story: number | undefined;
let isDrawing = false;
/** What the open question is about. */
let asked: { readonly slot: string; readonly generation: number | undefined } | undefined;
let toldSince: ReturnType<typeof setTimeout> | undefined;

function draw(): void {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    const { status } = model;
    document.title = status ? `${status.ready ? "" : "✗ "}${name || model.host} · sluice` : "sluice";
    patch(app, pageView(model, { story, name, width: Math.max(280, Math.min(1016, app.clientWidth - 70)) }));
    // A question about a generation that has gone is no question any more.
    if (dialog.isOpen && asked && (!mayOrder() || slotOf(asked.slot)?.generation !== asked.generation)) {
      dialog.dismiss();
      tell(false, `Slot ${asked.slot} has changed meanwhile: nothing was ordered.`);
    }
  });
}

function mayOrder(): boolean {
  return model.link === "live" && !model.isReplaced;
}

function slotOf(slot: string | undefined) {
  return model.status?.slots.find((one) => one.name === slot);
}

function tell(ok: boolean, words: string): void {
  told.textContent = words;
  told.className = ok ? "good" : "bad";
  clearTimeout(toldSince);
  toldSince = setTimeout(() => {
    told.textContent = "";
    told.className = "";
  }, 12_000);
}

app.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLButtonElement>("button");
  if (button?.id === "reload-page") location.reload();
  const { order, slot: slotName } = button?.dataset ?? {};
  const slot = slotOf(slotName);
  if (!order || !slot || !model.status) return;
  asked = { slot: slot.name, generation: slot.generation };
  dialog.ask(questionOf(order as Order, slot, model.status), async () => {
    const { ok, words } = await give(order as Order, slot.name);
    tell(ok, words);
  });
});

app.addEventListener("change", (event) => {
  const select = (event.target as Element).closest<HTMLSelectElement>("#story-choice");
  if (!select) return;
  story = Number(select.value);
  draw();
});

addEventListener("resize", draw);
openFeed({
  onMessage(kind, data) {
    model = hear(model, kind, data, page, performance.now());
    draw();
  },
  onLost() {
    model = { ...model, link: "lost" };
    draw();
  },
});
// How long ago the connection was lost goes on while nothing is heard.
setInterval(() => model.link === "lost" && draw(), 1_000);
