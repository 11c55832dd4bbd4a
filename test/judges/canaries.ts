/** INV-06: what was planted in regions that must die is in the message in no spelling and in no container. */

import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { type Canary, MAX_DEPTH, openAviary, SPELLINGS, sightings } from '../kit/canary.ts';
import type { Control, Judge, Subject } from './judge.ts';
import { type Letter, letterSubject } from './letter.ts';
import { ownPdf, ownPng, ownZip } from './specimens.ts';

/** All that are asked about in one look: the search opens every container once, however many they are. */
export const canaryScanner: Judge = {
  name: 'canaries',
  looksFor: `planted words in ${SPELLINGS.length} spellings, in base64, quoted-printable, deflate, gzip, ZIP, PNG`,
  needs: [],
  async judge(subjects) {
    return subjects.flatMap((subject) => {
      const dying = subject.canaries.filter(({ fate }) => fate === 'die');
      if (dying.length === 0) return [];
      return whatIsLookedAt(subject).flatMap(({ bytes, where, depth = 0 }) =>
        sightings(bytes, dying, where, depth).map(({ canary, spelling, where: place }) => ({
          subject: subject.id,
          what: `${canary.region} as ${spelling} in ${place}`,
        })),
      );
    });
  },
  positiveControls: async (folder) => controlsOf(folder),
};

interface Piece {
  readonly bytes: Buffer;
  readonly where: string;
  readonly depth?: number;
}

/** The message as it stands, its header opened, and each leaf opened: long base64 is decoded once. */
function whatIsLookedAt({ file, body, leaves }: Subject): readonly Piece[] {
  const message = readFileSync(file);
  return [
    { bytes: message, where: 'message', depth: MAX_DEPTH },
    { bytes: message.subarray(0, message.indexOf('\r\n\r\n')), where: 'header' },
    { bytes: readFileSync(body), where: 'body' },
    ...leaves.map((leaf) => ({ bytes: readFileSync(leaf.file), where: leaf.name })),
  ];
}

async function controlsOf(folder: string): Promise<readonly Control[]> {
  const made: Control[] = [];
  const control = (region: string, says: string, content: (token: string) => Letter): void => {
    const aviary = openAviary();
    const subject = letterSubject(folder, `canary ${region}`, content(aviary.die(region)));
    made.push({ subject: { ...subject, canaries: aviary.canaries }, says: new RegExp(says) });
  };
  for (const { name, write } of SPELLINGS) {
    control(`text, ${name}`, `as ${name.replaceAll('+', '\\+')} in`, (token) => ({
      files: [
        {
          name: 'a.txt',
          type: 'text',
          bytes: Buffer.concat([Buffer.from('\ufeffx '), write(token), Buffer.from('\r\n')]),
        },
      ],
    }));
  }
  const png = await ownPng();
  control('header', 'in message', (token) => ({ spoil: (message) => message.replace('kakunin', token.toUpperCase()) }));
  control('encoded word', 'in header › encoded words', (token) => ({
    spoil: (message) =>
      message.replace('kakunin no onegai', `=?UTF-8?B?${Buffer.from(`あ${token}`).toString('base64')}?=`),
  }));
  control('PDF stream', 'inflated', (token) => ({
    files: [{ name: 'a.pdf', type: 'pdf', bytes: behind(ownPdf(), deflateSync(`BT (${token}) Tj ET`)) }],
  }));
  control('deflate in deflate', 'inflated › inflated', (token) => ({
    files: [{ name: 'a.pdf', type: 'pdf', bytes: behind(ownPdf(), deflateSync(deflateSync(token))) }],
  }));
  control('PNG chunk', 'in a.png › inflated', (token) => ({
    files: [{ name: 'a.png', type: 'png', bytes: behind(png, deflateSync(token)) }],
  }));
  control('ZIP entry', 'memo.txt', (token) => ({
    files: [
      {
        name: 'a.zip',
        type: 'zip',
        bytes: ownZip([{ path: 'memo.txt', bytes: Buffer.from(`\ufeff${token.repeat(3)}\r\n`) }]),
      },
    ],
  }));
  control('ZIP path', 'a\\.zip', (token) => ({
    files: [
      { name: 'a.zip', type: 'zip', bytes: ownZip([{ path: `${token}.txt`, bytes: Buffer.from('\ufeffx\r\n') }]) },
    ],
  }));
  return made;
}

const behind = (bytes: Buffer, piece: Buffer): Buffer => Buffer.concat([bytes, piece]);

export const dyingOf = (canaries: readonly Canary[]): number => canaries.filter(({ fate }) => fate === 'die').length;
