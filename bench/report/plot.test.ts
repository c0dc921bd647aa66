import { expect, test } from "vitest";
import { plotOf } from "./plot.ts";
import { resultOf } from "./result.fixture.ts";

test("each ratio is a dot, the dearer further to the right", () => {
  const rounds = [{ sluice: { cpu: 40 }, nginx: { cpu: 20 }, haproxy: { cpu: 10 } }];
  const peers = ["sluice", "x", "nginx", "haproxy"].map((name) => ({ name, title: name }));
  const svg = plotOf(resultOf(rounds, { peers })) ?? "";
  const xOf = (title: string) =>
    Number(new RegExp(`<title>${title}</title><(?:rect x|circle cx)="([\\d.]+)"`).exec(svg)?.[1]);
  const [cheap, same, dear] = [xOf("haproxy: 0.50"), xOf("nginx: 1.00"), xOf("sluice: 2.00") + 5];
  expect(same - cheap).toBeGreaterThan(0);
  // Half and twice are equally far from nginx.
  expect(dear - same).toBeCloseTo(same - cheap, 0);
});

test("names are escaped, and no ratio makes no plot", () => {
  const peers = [
    { name: "sluice", title: "<sluice> & co" },
    { name: "nginx", title: "nginx" },
  ];
  const svg = plotOf(resultOf([{ sluice: { cpu: 1 }, nginx: { cpu: 1 } }], { peers })) ?? "";
  expect(svg).toContain("&#60;sluice&#62; &#38; co");
  expect(svg).not.toContain("<sluice>");
  expect(plotOf(resultOf([{ sluice: { cpu: 1 } }]))).toBeUndefined();
});
