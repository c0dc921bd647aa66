// Colours: only on a terminal, and not with NO_COLOR (https://no-color.org) or TERM=dumb.

const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

export type Paint = Readonly<Record<keyof typeof STYLES, (text: string) => string>>;

export function createPaint(colour: boolean): Paint {
  const style = (name: keyof typeof STYLES) => {
    const [on, off] = STYLES[name];
    return (text: string) => (colour ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  };
  return {
    bold: style("bold"),
    dim: style("dim"),
    red: style("red"),
    green: style("green"),
    yellow: style("yellow"),
  };
}

export function wantsColour(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  return isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
}
