// The Date line (RFC 9110 6.6.1), made once a second for whoever needs it.

const SECOND_MS = 1000;

export class DateLine {
  #text = "";
  #second = 0;

  get text(): string {
    const second = Math.floor(Date.now() / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = `Date: ${new Date(second * SECOND_MS).toUTCString()}\r\n`;
    }
    return this.#text;
  }
}
