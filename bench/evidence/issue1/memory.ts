/** Ten 50 MB mails at once: what the whole process tree holds in memory at its worst. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyForwarded } from '../../../src/gate/forwarded.ts';
import { publicFile } from '../../../src/keys/directory.ts';
import { loadReceiptVerifiers } from '../../../src/keys/load.ts';
import { startGateway } from '../../../test/kit/gateway.ts';
import { type OutgoingMail, sendAll } from '../../../test/kit/send.ts';
import { openMemorySink } from '../../load/sink.ts';
import type { Section } from '../section.ts';

const BAR_BYTES = 1.5e9;
const MAIL_BYTES = 50_000_000;
const MAILS = 10;
const SAMPLE_MS = 100;
const IDLE_MS = 1_800_000;

export const memory: Section = {
  name: 'memory',
  bar: 'Ten 50 MB mails at 10 connections: peak memory of the whole process tree ≤ 1.5 GB (PSS or cgroup).',
  async run({ short, shared, say }) {
    const scan = readFileSync(join(shared, 'samples', 'pdf', 'scan_color200_10p.pdf'));
    const count = short ? 3 : MAILS;
    const mails = Array.from({ length: count }, (_, i) => largeMail(i, scan));
    const sink = await openMemorySink();
    const gateway = await startGateway({ nextHopPort: sink.port });
    const atRest = pssOf(gateway.tree()).total;
    const peak = watch(() => gateway.tree());
    try {
      const startedAt = performance.now();
      const results = await sendAll(mails, { port: gateway.smtpPort, connections: MAILS });
      const received250 = performance.now();
      const peakAtIntake = peak.now().total;
      say(`accepted ${results.filter(({ accepted }) => accepted).length}, peak so far ${mb(peakAtIntake)}`);
      await gateway.idle(IDLE_MS);
      const worst = peak.stop();
      const verifiers = loadReceiptVerifiers(publicFile(gateway.folder));
      const good = sink.received.filter((bytes) => isRebuilt(bytes, scan, verifiers)).length;
      const accepted = results.filter((result) => result.accepted).length;
      const complete = accepted === count && sink.received.length === count && good === count;
      return {
        holds: complete && worst.total <= BAR_BYTES,
        summary: `peak ${mb(worst.total)} of ${mb(BAR_BYTES)}; ${good} of ${count} mails rebuilt and delivered`,
        details: [
          `${count} mails of ${mb(MAIL_BYTES)}, each with three PDFs of ten scanned pages and a file that is held; ${MAILS} connections.`,
          `At rest ${mb(atRest)}; while the mails came in (${((received250 - startedAt) / 1000).toFixed(0)} s) at most ${mb(peakAtIntake)}; at most ever ${mb(worst.total)}, in ${worst.samples} looks, one each ${SAMPLE_MS} ms, PSS of supervisor, roles and jailed processes.`,
          `All done after ${((performance.now() - startedAt) / 1000).toFixed(0)} s. At the peak: ${worst.parts.map(({ name, bytes }) => `${name} ${mb(bytes)}`).join(', ')}.`,
          ...(short ? ['Short form: fewer mails than the bar asks for.'] : []),
        ].join('\n\n'),
      };
    } finally {
      peak.stop();
      await gateway.stop();
      await sink.close();
    }
  },
};

const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

const folded = (bytes: Buffer): string => bytes.toString('base64').replace(/.{1,76}/g, '$&\r\n');

/** 50 MB exactly: three scans of 10.6 MB, and a file of unknown kind for the rest. */
function largeMail(index: number, scan: Buffer): OutgoingMail {
  const part = (type: string, name: string, body: string): string =>
    `--=_large\r\nContent-Type: ${type}; name="${name}"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\n${body}\r\n`;
  const header = [
    'Date: Mon, 16 Nov 2026 09:00:00 +0900',
    'From: hanako@example.com',
    'To: soumu@t1.example',
    'Subject: large',
    `Message-ID: <large-${index}@mail.example.com>`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="=_large"',
    '',
    '--=_large\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nattached\r\n',
  ].join('\r\n');
  const pdfs = [1, 2, 3].map((n) => part('application/pdf', `scan-${n}.pdf`, folded(scan))).join('');
  const end = '--=_large--\r\n';
  const rest = MAIL_BYTES - header.length - pdfs.length - end.length;
  // 78 octets a line of 57 bytes; a line less leaves room for the part's own header.
  const filler = part(
    'application/octet-stream',
    'rest.bin',
    folded(Buffer.alloc(Math.floor((rest - 300) / 78) * 57, 0xa5)),
  );
  return {
    reversePath: 'hanako@example.com',
    recipients: ['soumu@t1.example'],
    bytes: Buffer.from(header + pdfs + filler + end, 'latin1'),
  };
}

/** Receipt valid, and three PDFs in it, none of them the original. */
function isRebuilt(bytes: Buffer, scan: Buffer, verifiers: ReturnType<typeof loadReceiptVerifiers>): boolean {
  const verdict = verifyForwarded(bytes, verifiers);
  if (verdict.kind !== 'verified') return false;
  const pdfs = verdict.draft.leaves.filter(({ type }) => type === 'pdf');
  return pdfs.length === 3 && pdfs.every((leaf) => leaf.bytes.length > 100_000 && !scan.equals(leaf.bytes));
}

interface Look {
  readonly total: number;
  readonly samples: number;
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
}

/** Looks again and again until stopped; keeps the worst. */
function watch(pids: () => readonly number[]): { now(): Look; stop(): Look } {
  let worst: Look = { total: 0, samples: 0, parts: [] };
  let samples = 0;
  const timer = setInterval(() => {
    const look = pssOf(pids());
    samples += 1;
    if (look.total > worst.total) worst = look;
  }, SAMPLE_MS);
  const now = (): Look => ({ ...worst, samples });
  return {
    now,
    stop() {
      clearInterval(timer);
      return now();
    },
  };
}

/** Proportional set size: shared pages are counted once, divided between those that share them. */
function pssOf(pids: readonly number[]): Look {
  const byName = new Map<string, number>();
  for (const pid of pids) {
    const [name, bytes] = pssOfOne(pid);
    byName.set(name, (byName.get(name) ?? 0) + bytes);
  }
  const parts = [...byName].map(([name, bytes]) => ({ name, bytes })).filter(({ bytes }) => bytes > 0);
  return { total: parts.reduce((sum, { bytes }) => sum + bytes, 0), samples: 1, parts };
}

function pssOfOne(pid: number): readonly [string, number] {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    const name = /sekisho (\w+)/.exec(line)?.[1] ?? /\/(child|inspector)\.ts/.exec(line)?.[1] ?? 'others';
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    return [name, Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024];
  } catch {
    // Ended between the listing and the look.
    return ['ended', 0];
  }
}
