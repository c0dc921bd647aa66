// Every attack of the corpus, against every engine: sent whole and byte by byte, beside a client that must not notice.

import { afterEach, describe, expect, it } from "vitest";
import { fieldOf } from "../../src/proxy/engine-suite/message-reader.ts";
import { type AppBehaviour, counted, type RawApp } from "../../src/proxy/engine-suite/raw-app.ts";
import type { Answer, RawClient } from "../../src/proxy/engine-suite/raw-client.ts";
import { type Stage, setStage } from "../../src/proxy/engine-suite/stage.ts";
import type { Attack, Seen } from "./attack.ts";
import { CHAPTERS, nameOf } from "./attacks/corpus.ts";
import { ENGINES } from "./engines.ts";

const ASK = (target: string) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`;
/** Attacks up to this length are also sent byte by byte. */
const SHORT = 1_000;

const WAYS = ["whole", "byte by byte"] as const;

async function send(client: RawClient, bytes: string, how: (typeof WAYS)[number]): Promise<void> {
  client.socket.setNoDelay(true);
  if (how === "whole") {
    client.send(bytes);
    return;
  }
  for (const byte of bytes) {
    if (client.end || !client.socket.writable) return;
    client.send(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const seenBy = (app: RawApp): Seen[] =>
  app.requests.map(({ method, target, body }) => [method, target, body.toString("latin1")]);

/** The answers up to one that is refused; or, where nothing is, up to that of the last request. */
async function answersTo(client: RawClient, most: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (answers.length < most) {
    const answer = await client.answer();
    answers.push(answer);
    if (fieldOf(answer, "connection") === "close") return answers;
  }
  return answers;
}

for (const { name, create } of ENGINES) {
  describe(`${name} engine`, () => {
    let stage: Stage;
    afterEach(() => stage.stop());

    async function attack(attack: Attack, how: (typeof WAYS)[number]): Promise<void> {
      const behaviour: AppBehaviour = {
        // Its length is all that HEAD gets.
        onRequest: ({ socket, method, target }) =>
          socket.write(
            method === "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : counted(target, "200 OK"),
          ),
        onHead: (head, socket) => {
          if (fieldOf(head, "expect")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        },
      };
      stage = await setStage(create, behaviour, { limits: { bodyTimeoutMs: 300 } });
      // So that there is an idle connection to the app for what is smuggled to wait in.
      await (await stage.client()).ask(ASK("/warm"));
      const client = await stage.client();
      const { bytes } = attack;
      const outcome = (name === "standard" ? attack.standard?.outcome : undefined) ?? attack.outcome;
      const expected = outcome.kind === "refused" ? outcome.after : outcome.seen;
      const methods = expected.map(([method]) => method);
      const sending = send(client, bytes, how);
      const answers: Answer[] = [];
      for (const method of methods) {
        const answer = await client.answer(method);
        answers.push(answer);
        if (fieldOf(answer, "connection") === "close") break;
      }
      const isLast = answers.some((answer) => fieldOf(answer, "connection") === "close");
      const isRefused =
        outcome.kind === "refused" ||
        (outcome.kind === "either" && answers.some((answer) => fieldOf(answer, "sluice-error")));
      if (outcome.kind === "refused") answers.push(...(await answersTo(client, 1)));
      await sending;

      if (isRefused) {
        const refusal = answers.at(-1)!;
        const code = fieldOf(refusal, "sluice-error");
        if (outcome.kind === "refused") expect(outcome.codes).toContain(code);
        else expect(code).toBe("MALFORMED_REQUEST");
        expect(await client.ended()).toBeDefined();
        const seen = seenBy(stage.app).slice(1);
        expect(seen).toEqual(expected.slice(0, answers.length - 1));
      } else {
        expect(answers.map(({ status }) => status)).toEqual(expected.map(() => 200));
        expect(seenBy(stage.app).slice(1)).toEqual(expected);
        if (!isLast) expect((await client.ask(ASK("/behind"))).body.toString()).toBe("/behind");
      }
      const victim = await stage.client();
      expect((await victim.ask(ASK("/victim"))).body.toString()).toBe("/victim");
      const smuggled = expected.filter(([, target]) => target === "/smuggled").length;
      expect(
        stage.app.requests.filter(({ line }) => line.includes("smug")).length,
        "what was smuggled reached the app",
      ).toBeLessThanOrEqual(smuggled);
      expect(stage.tickets.account().inFlight).toBe(0);
    }

    for (const { form, attacks } of CHAPTERS) {
      describe(form, () => {
        it.each(attacks.map((one) => [nameOf(one), one] as const))("%s", async (_name, one) => {
          await attack(one, "whole");
          if (one.bytes.length > SHORT) return;
          await stage.stop();
          await attack(one, "byte by byte");
        });
      });
    }
  });
}
