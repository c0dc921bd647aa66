// The app under test in Node.js. Its twins are ../go/testapp/main.go and ../python/testapp.py; all three do the same:
// a line on standard output for each thing that happens, and endpoints that make the app call its client.
import { spawn } from "node:child_process";
import http from "node:http";
import { connect } from "../node/sluice.js";

const say = (...words) => process.stdout.write(`${words.join(" ")}\n`);
const { VERSION = "v1", PORT, READY_AFTER_MS = "0", NO_RELOAD } = process.env;
let isReloadable = true;

const server = http.createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://app");
  let answer = VERSION;
  if (pathname === "/slow") {
    say("slow");
    await new Promise((resolve) => setTimeout(resolve, Number(searchParams.get("ms"))));
  }
  if (pathname === "/gate") {
    const ttl = searchParams.get("ttl") ?? undefined;
    answer = String(
      await sluice.gate(searchParams.get("name"), searchParams.get("open") === "true", {
        reason: "asked",
        ttl,
      }),
    );
  }
  if (pathname === "/break-reload") isReloadable = false;
  if (pathname === "/spawn") answer = String(spawn("sleep", ["60"], { stdio: "ignore" }).pid);
  response.end(answer);
});

function reload() {
  say("reload");
  if (!isReloadable) throw new Error("no such file");
}

const sluice = connect({
  version: VERSION,
  onStop: () => {
    say("stop");
    return server.close();
  },
  onReload: NO_RELOAD ? undefined : reload,
});
server.listen(Number(PORT), "127.0.0.1", () => {
  say("listening", server.address().port);
  setTimeout(() => sluice.ready(), Number(READY_AFTER_MS));
});
