import { expect, test } from "vitest";
import { ApiRefusal, NotAllowed } from "../cluster/failure.ts";
import { createPods } from "./pods.fixture.ts";

test("Pod after Pod gets the image, and the old version's slot the placeholder", async () => {
  const { pods, roll, phaseOf } = createPods(["web-0", "web-1"]);
  expect(await roll()).toMatchObject({ left: [], stopped: undefined });
  expect(pods.map(({ images }) => images)).toEqual(pods.map(() => ({ app: "pause:1", "app-b": "app:v2" })));
  expect(pods.map(phaseOf)).toEqual(["done", "done"]);
});

test("a Pod that is no longer ready when its turn comes was upgraded all the same", async () => {
  const { pods, roll } = createPods(["web-0", "web-1"], {
    onPatch: () => {
      pods[1]!.ready = false;
    },
  });
  expect(await roll()).toMatchObject({
    left: ["web-1"],
    stopped: "refused",
    refusals: [expect.stringMatching(/web-1: it is not ready now/)],
  });
  expect(pods[1]?.images).toEqual({ app: "app:v1", "app-b": "pause:1" });
});

test("a Pod whose slots had changed places before its turn lost the version that served", async () => {
  const { pods, roll } = createPods(["web-0", "web-1"], {
    onPatch(pod) {
      // Somebody has promoted the standby meanwhile.
      if (pod.name === "web-0")
        Object.assign(pods[1]!, { active: "b", images: { app: "app:v0", "app-b": "app:v1" } });
    },
  });
  await roll({ goal: { image: "app:v2", placeholder: "pause:1", anyway: false } });
  expect(pods[1]?.images).toEqual({ app: "app:v2", "app-b": "pause:1" });
});

test("what broke off one Pod's upgrade left the others half way", async () => {
  const { pods, roll, phaseOf } = createPods(["web-0", "web-1"], {
    onPatch({ name }) {
      if (name === "web-1") throw new NotAllowed("not allowed: patch pods in namespace shop");
    },
  });
  const limits = { timeoutMs: 2_000, windowMs: 50 };
  await expect(roll({ share: () => 2, limits })).rejects.toThrow(/not allowed: patch pods/);
  expect(phaseOf(pods[0])).toBe("done");
});

test("a Pod that was being deleted as its turn came broke the whole upgrade off", async () => {
  for (const moment of [2, 3]) {
    let asked = 0;
    const { pods, roll, tell } = createPods(["web-0", "web-1"], {
      onStatus: async (pod) => {
        // Once for the plan, once at its turn, once as it begins.
        if (pod.name !== "web-0" || ++asked < moment) return;
        pod.isLeaving = true;
        tell();
        throw new Error("connection refused");
      },
    });
    const { results, stopped } = await roll();
    expect(stopped).toBeUndefined();
    expect(results).toMatchObject([
      { pod: "web-0", outcome: "gone" },
      { pod: "web-1", outcome: "upgraded" },
    ]);
    expect(pods[0]?.images).toEqual({ app: "app:v1", "app-b": "pause:1" });
  }
});

test("an upgrade that was broken off while a sidecar was being asked went on for ever", async () => {
  const broken = new AbortController();
  let asked = 0;
  const { roll } = createPods(["web-0"], {
    onStatus: async () => {
      // Once for the plan, once at its turn, once as it begins.
      if (++asked === 3) broken.abort(new Error("the Lease was lost"));
    },
  });
  await expect(roll({ dropped: broken.signal })).rejects.toThrow("the Lease was lost");
});

test("a version that went bad while the timeline's stream hung was committed", async () => {
  let isBad = false;
  const { pods, roll } = createPods(["web-0"], {
    isDeaf: true,
    onStatus: async (pod) => {
      pod.appReady = !(isBad && pod.active === "b");
    },
    // Right behind the switch.
    onPatch(pod, images) {
      if (pod.active === "b" && Object.keys(images).length === 0)
        setTimeout(() => {
          isBad = true;
        }, 20);
    },
  });
  const { results } = await roll({ limits: { timeoutMs: 2_000, windowMs: 100 } });
  expect(results).toMatchObject([{ outcome: "put-back", reason: expect.stringMatching(/its probe fails/) }]);
  expect(pods[0]?.images).toEqual({ app: "app:v1", "app-b": "pause:1" });
});

test("a conflict with the kubelet's own write left the bad version where it was", async () => {
  let conflicts = 2;
  const { pods, roll } = createPods(["web-0"], {
    onStatus: async (pod) => {
      pod.appReady = pod.active !== "b";
    },
    onPatch(_pod, images) {
      if (images["app-b"] === "pause:1" && conflicts-- > 0)
        throw new ApiRefusal(409, "Conflict", "the object has been modified");
    },
  });
  const { results } = await roll({ limits: { timeoutMs: 200, windowMs: 100 } });
  expect(results).toMatchObject([{ outcome: "put-back" }]);
  expect(pods[0]?.images).toEqual({ app: "app:v1", "app-b": "pause:1" });
});
