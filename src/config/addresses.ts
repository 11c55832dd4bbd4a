/** ADDRESS:PORT as written in settings. */

export interface Listen {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** @param text what schema.ts let through: `127.0.0.1:25`, `[::1]:25`, `localhost:25`. */
export function listenOf(text: string): Listen {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

/** RFC 1122 §3.2.1.3 (127/8), RFC 4291 §2.5.3 (::1). */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.[0-9.]+$/.test(host);
