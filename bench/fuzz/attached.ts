/** One file as the only attachment of a mail, so that what comes of it passes composer, gate and judges. */
import type { Report } from '../../src/message/report.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { throughMessage } from './judge.ts';
import type { Depth, Execution, Scrutiny } from './target.ts';

const HEAD =
  'From: a@example.com\r\nTo: soumu@chuo.lg.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=';

export interface AttachedRules {
  readonly name: string;
  readonly policy?: Partial<Policy>;
  readonly mayFail?: RegExp;
  /** Types that the target is about. */
  readonly types: RegExp;
  plant(file: Buffer, word: string): Buffer;
}

const mailOf = (name: string, file: Buffer): Buffer =>
  Buffer.from(`${HEAD}${name}\r\n\r\n${file.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n')}\r\n--b--\r\n`);

export const throughAttachment = (file: Buffer, scrutiny: Scrutiny, rules: AttachedRules): Promise<Execution> =>
  throughMessage(mailOf(rules.name, file), scrutiny, {
    ...rules,
    depthOf: (report) => depthOf(report, rules.types),
    plant: (_, word) => mailOf(rules.name, rules.plant(file, word)),
  });

/** 'read': taken for one of the types by its bytes. 'written': and something of it goes on. */
function depthOf({ attachments }: Report, types: RegExp): Depth {
  const [own] = attachments;
  if (own === undefined || !types.test(own.detectedType)) return 'refused';
  return attachments.some(({ outputs }) => outputs.length > 0) ? 'written' : 'read';
}
