/**
 * Canaries through a running gateway: what must die is looked for in everything that it wrote, what must live is looked
 * for as readers see it. And the frozen outcomes of the benign files of the corpora.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Canary, openAviary, type Sighting, SPELLINGS, sightings } from '../../../test/kit/canary.ts';
import { canaryMails } from '../../../test/kit/canary-mails.ts';
import { readForwarded, shownText } from '../../../test/kit/forwarded.ts';
import { type Gateway, startGateway } from '../../../test/kit/gateway.ts';
import { sendAll } from '../../../test/kit/send.ts';
import type { Section, SectionContext, SectionResult } from '../section.ts';
import { comparison, expectedOutcomes, runCorpus } from './outcomes.ts';

const RECIPIENT = 'soumu@t1.example';

export const canaries: Section = {
  name: 'canaries',
  bar: "Canaries planted in every region that must die (metadata, comments, trailing data, unused objects, hidden parts, scripts): in no encoding in the sink's files; canaries in visible text: all there. Expected outcome of each benign corpus file frozen: blocked, text-only or notice pages on a benign file count as failures.",
  async run(context: SectionContext): Promise<SectionResult> {
    const planted = await throughGateway(context);
    const outcomes = comparison(expectedOutcomes(), await runCorpus(context));
    context.say(outcomes.summary);
    return {
      holds: planted.holds && outcomes.holds,
      summary: `${planted.summary}; ${outcomes.summary}`,
      details: `${planted.details}\n\n${outcomes.details}`,
    };
  },
};

/** The kit through a gateway of its own. */
export async function throughGateway({ say }: Pick<SectionContext, 'say'>): Promise<SectionResult> {
  const aviary = openAviary();
  const mails = await canaryMails(aviary, RECIPIENT);
  const gateway = await startGateway({ settings: { logLevel: 'debug' } });
  try {
    const outgoing = mails.map(({ bytes }) => ({ reversePath: 'a@example.com', recipients: [RECIPIENT], bytes }));
    const results = await sendAll(outgoing, { port: gateway.smtpPort, connections: 2 });
    await gateway.idle(120_000);
    const accepted = results.filter((result) => result.accepted).length;
    const received = gateway.sink?.received ?? [];
    const found = await whereCanariesAre(aviary.canaries, gateway, mails);
    const dying = aviary.canaries.filter(({ fate }) => fate === 'die');
    const living = aviary.canaries.filter(({ fate }) => fate === 'live');
    const { missing, inSink, elsewhere, unplanted } = found;
    const problems = [
      ...unplanted.map(({ region }) => `not found where it was planted: ${region}`),
      ...inSink.map((each) => `in the sink: ${sentence(each)}`),
      ...elsewhere,
      ...missing.map(({ region }) => `missing: ${region}`),
    ];
    for (const problem of problems) say(problem);
    return {
      holds: problems.length === 0 && accepted === mails.length && received.length === mails.length,
      summary: `${new Set(inSink.map(({ canary }) => canary.token)).size} of ${dying.length} that must die reached the sink, ${living.length - missing.length} of ${living.length} that must live are there`,
      details: [
        '| canaries | |',
        '|---|---|',
        `| mails sent, accepted, received | ${mails.length}, ${accepted}, ${received.length} |`,
        `| planted, and found by the scanner in what was sent | ${aviary.canaries.length}, ${aviary.canaries.length - unplanted.length} |`,
        `| must die: planted, seen in the sink's files | ${dying.length}, ${new Set(inSink.map(({ canary }) => canary.token)).size} |`,
        `| must live: planted, shown to the reader | ${living.length}, ${living.length - missing.length} |`,
        `| seen in stores or log (any canary), or in the database (any but subjects, addresses, file and host names) | ${elsewhere.length} |`,
        `| spellings searched, in each file and in all that can be decoded or inflated from it | ${SPELLINGS.length}: ${SPELLINGS.map(({ name }) => name).join(', ')} |`,
        ...problems.slice(0, 20).map((problem) => `| problem | ${problem} |`),
        '',
        `Regions that must die (${new Set(dying.map(({ region }) => region)).size}): ${regionsOf(dying)}.`,
        '',
        `Regions that must live (${new Set(living.map(({ region }) => region)).size}): ${regionsOf(living)}.`,
        '',
        'Text of PDF pages is read with pdftotext, which knows nothing of us; hidden text would show there.',
      ].join('\n'),
    };
  } finally {
    await gateway.stop();
  }
}

interface Found {
  readonly unplanted: readonly Canary[];
  readonly inSink: readonly Sighting[];
  readonly elsewhere: readonly string[];
  readonly missing: readonly Canary[];
}

async function whereCanariesAre(
  all: readonly Canary[],
  gateway: Gateway,
  mails: readonly { readonly bytes: Buffer }[],
): Promise<Found> {
  const planted = new Set(mails.flatMap(({ bytes }) => tokensIn(sightings(bytes, all))));
  const dying = all.filter(({ fate }) => fate === 'die');
  const inSink: Sighting[] = [];
  const shown: string[] = [];
  for (const { bytes } of gateway.sink?.received ?? []) {
    inSink.push(...sightings(bytes, dying, 'message'));
    const text = shownText(readForwarded(bytes));
    shown.push(text);
    // What readers are shown need not stand in the bytes: the letters of a PDF are numbers of glyphs.
    inSink.push(...sightings(Buffer.from(text), dying, 'shown text'));
  }
  const text = shown.join('\n');
  return {
    unplanted: all.filter(({ token }) => !planted.has(token)),
    inSink,
    elsewhere: elsewhere(all, gateway),
    missing: all.filter(({ fate, token }) => fate === 'live' && !text.includes(token)),
  };
}

/** Nothing in stores and log; in the database what its schema says. */
function elsewhere(all: readonly Canary[], gateway: Gateway): readonly string[] {
  const problems = sightings(Buffer.from(gateway.log()), all, 'log').map(sentence);
  for (const file of filesIn(gateway.folder)) {
    const place = file.slice(gateway.folder.length + 1);
    if (place.startsWith('lgwan/')) continue;
    const allowed = place.startsWith('gateway.db');
    const forbidden = all.filter(({ inDatabase }) => !(allowed && inDatabase));
    problems.push(...sightings(readFileSync(file), forbidden, place).map(sentence));
  }
  return [...new Set(problems)];
}

export const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const tokensIn = (found: readonly Sighting[]): readonly string[] => found.map(({ canary }) => canary.token);

const sentence = ({ canary, spelling, where }: Sighting): string => `${canary.region} as ${spelling} in ${where}`;

function regionsOf(list: readonly Canary[]): string {
  const byKind = new Map<string, Set<string>>();
  for (const { region } of list) {
    const [kind = '', ...rest] = region.split(': ');
    byKind.set(kind, (byKind.get(kind) ?? new Set()).add(rest.join(': ')));
  }
  return [...byKind].map(([kind, regions]) => `**${kind}**: ${[...regions].join(', ')}`).join('; ');
}
