import { encodeFrame, TEXT } from "../../loadtest/websocket-frame.ts";

const PAYLOAD = Buffer.alloc(64, "w");

/** What a client sends, masked. */
export const MESSAGE = encodeFrame(TEXT, PAYLOAD, true);

/** What comes back. */
export const ANSWER = encodeFrame(TEXT, PAYLOAD, false);
