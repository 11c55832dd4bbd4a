/** The SMTP envelope (RFC 5321 §2.3.1): who sends, who receives. The header's From and To are another matter. */

export interface Envelope {
  /** Reverse-path without angle brackets; '' is the null reverse-path `<>`. */
  readonly reversePath: string;
  /** Forward-paths without angle brackets, domain in lower-case A-labels. At least one. */
  readonly recipients: readonly string[];
}

/** Where a message came from: what our own server saw, not what a header says. */
export interface Origin {
  /** The connected peer's address, IPv4 or IPv6 in text form. */
  readonly peerAddress: string;
  /** Argument of EHLO/HELO as received, cleaned to printable ASCII, at most 255 characters. */
  readonly untrustedHelo: string;
  /** TLS protocol and cipher of the incoming session, '' when it was plain. */
  readonly tls: string;
  /** Unix time in milliseconds at which DATA began. */
  readonly receivedAtMs: number;
}

/** One tenant's share of a transaction: its recipients that fall under one policy. */
export interface Route {
  readonly tenant: string;
  readonly policy: string;
  readonly recipients: readonly string[];
}
