/**
 * What is said about a configuration that cannot be used: for each mistake what is wrong and what to do, in Japanese
 * and English. The start prints both, as nobody has chosen a language yet.
 */
import type { Sentence } from './texts.ts';

export interface Advice {
  readonly wrong: Sentence;
  readonly todo: Sentence;
}

const UNUSABLE: Sentence = { ja: '«{value}» は使えません', en: '«{value}» cannot be used' };

export const MISTAKES = {
  notYaml: {
    wrong: { ja: '{line}行目がYAMLとして読めません({detail})', en: 'line {line} is not YAML: {detail}' },
    todo: {
      ja: 'その行を直してください(字下げはタブでなく空白で)',
      en: 'correct that line (spaces, not tabs, set the depth)',
    },
  },
  tooLarge: {
    wrong: { ja: '{bytes}バイトあります', en: '{bytes} bytes' },
    todo: { ja: '{max}バイト以下にしてください', en: 'use at most {max}' },
  },
  notUtf8: {
    wrong: { ja: 'UTF-8ではありません', en: 'is not UTF-8' },
    todo: { ja: 'UTF-8で保存してください', en: 'save the file as UTF-8' },
  },
  unreadableFile: {
    wrong: { ja: '読めません({code})', en: 'cannot be read ({code})' },
    todo: {
      ja: '--config FILE で設定ファイルを指定してください。ひな形は config/gateway.example.yaml です',
      en: 'name the configuration with --config FILE; config/gateway.example.yaml is one to start from',
    },
  },
  tooManyAliases: {
    wrong: { ja: '読めません({detail})', en: 'cannot be read: {detail}' },
    todo: { ja: 'アンカーとエイリアスを減らしてください', en: 'use fewer anchors and aliases' },
  },
  unknownKeyMeant: {
    wrong: { ja: 'このような設定はありません', en: 'there is no such setting' },
    todo: { ja: '«{meant}» ではありませんか', en: 'did you mean «{meant}»?' },
  },
  unknownKey: {
    wrong: { ja: 'このような設定はありません', en: 'there is no such setting' },
    todo: { ja: '削除してください。ここで使えるもの: {known}', en: 'remove it; known here: {known}' },
  },
  missing: {
    wrong: { ja: '設定がありません', en: 'is missing' },
    todo: { ja: '追加してください(説明は docs/config.md)', en: 'add it: {about}' },
  },
  missingGroup: {
    wrong: { ja: '設定がありません', en: 'is missing' },
    todo: { ja: '追加してください', en: 'add it' },
  },
  wrongType: { wrong: { ja: '{value}', en: '{value}' }, todo: { ja: '{type}を書いてください', en: 'write {type}' } },
  tooFewEntries: {
    wrong: { ja: '{count}件です', en: '{count} entries' },
    todo: { ja: '{bound}件以上書いてください', en: 'list at least {bound}' },
  },
  tooManyEntries: {
    wrong: { ja: '{count}件です', en: '{count} entries' },
    todo: { ja: '{bound}件以下にしてください', en: 'list at most {bound}' },
  },
  emptyText: {
    wrong: { ja: '空です', en: 'is empty' },
    todo: { ja: '{bound}文字以上書いてください', en: 'write at least {bound} characters' },
  },
  tooShort: {
    wrong: { ja: '{count}文字です', en: '{count} characters' },
    todo: { ja: '{bound}文字以上書いてください', en: 'write at least {bound} characters' },
  },
  tooLong: {
    wrong: { ja: '{count}文字です', en: '{count} characters' },
    todo: { ja: '{bound}文字以下にしてください', en: 'write at most {bound} characters' },
  },
  tooSmall: {
    wrong: { ja: '{value}', en: '{value}' },
    todo: { ja: '{bound}以上の数にしてください', en: 'use a number of at least {bound}' },
  },
  tooBig: {
    wrong: { ja: '{value}', en: '{value}' },
    todo: { ja: '{bound}以下の数にしてください', en: 'use a number of at most {bound}' },
  },
  notOneOf: {
    wrong: { ja: '{value}', en: '{value}' },
    todo: { ja: '次のどれかにしてください: {choices}', en: 'use one of: {choices}' },
  },
  badName: {
    wrong: { ja: 'この名前は使えません', en: 'this name cannot be used' },
    todo: { ja: '{form}', en: '{form}' },
  },
  badForm: { wrong: { ja: '{value}', en: '{value}' }, todo: { ja: '{form}', en: '{form}' } },
  tenantIdTwice: {
    wrong: { ja: '«{value}» は {first} のidでもあります', en: '«{value}» is the id of {first} too' },
    todo: { ja: '団体ごとに別のidにしてください', en: 'give each tenant its own id' },
  },
  domainTwice: {
    wrong: { ja: '«{value}» は {first} にもあります', en: '«{value}» stands at {first} already' },
    todo: { ja: '1つのドメインは1つの団体だけに書いてください', en: 'leave each domain to one tenant' },
  },
  noPolicyMeant: {
    wrong: { ja: '«{name}» というポリシーはありません', en: 'there is no policy «{name}»' },
    todo: { ja: '«{meant}» ではありませんか', en: 'did you mean «{meant}»?' },
  },
  noPolicy: {
    wrong: { ja: '«{name}» というポリシーはありません', en: 'there is no policy «{name}»' },
    todo: { ja: 'policies に書いてください。今あるもの: {known}', en: 'define it under policies; known: {known}' },
  },
  foreignAddress: {
    wrong: {
      ja: '«{address}» は {tenant} のドメインではありません',
      en: '«{address}» has none of the domains of {tenant}',
    },
    todo: { ja: 'その団体の下に書いてください', en: 'list it with its own tenant' },
  },
  addressTwice: {
    wrong: { ja: '«{value}» は {first} にもあります', en: '«{value}» stands at {first} already' },
    todo: { ja: '1つのアドレスのポリシーは1つにしてください', en: 'give each address one policy' },
  },
  thresholdAboveStores: {
    wrong: {
      ja: '{threshold}個の分散片が必要とされていますが、保管先は{stores}か所です',
      en: '{threshold} shares are asked for, but there are {stores} stores',
    },
    todo: { ja: '{stores}以下にするか、保管先を増やしてください', en: 'use at most {stores}, or add stores' },
  },
  storeNameTwice: {
    wrong: { ja: '«{value}» は {first} の名前でもあります', en: '«{value}» is the name of {first} too' },
    todo: { ja: '保管先ごとに別の名前にしてください', en: 'give each store its own name' },
  },
  storePathTwice: {
    wrong: { ja: '{value} は {first} のフォルダーでもあります', en: '{value} is the folder of {first} too' },
    todo: {
      ja: '保管先ごとに別のフォルダー(できれば別のディスク)にしてください',
      en: 'give each store its own folder, best on its own disk',
    },
  },
  fileMissing: {
    wrong: { ja: '{file} がありません(または通常のファイルではありません)', en: '{file} is not a file' },
    todo: { ja: '{todo}', en: '{todo}' },
  },
  closedToRole: {
    wrong: {
      ja: '{file} を {role} の役割(ユーザーID {uid})が読めません',
      en: '{file} cannot be read by the {role} role (user id {uid})',
    },
    todo: {
      ja: 'chgrp {gid} {file} && chmod 640 {file} としてください(置き場所のフォルダーは誰でも通れるように)',
      en: 'chgrp {gid} {file} && chmod 640 {file}, in a folder that all may enter',
    },
  },
  storesOnOneDisk: {
    wrong: {
      ja: '{stores} が1つのディスクにあります。そのディスクの紛失や盗難には備えがありません',
      en: '{stores} lie on one disk: no protection against its loss or theft',
    },
    todo: {
      ja: 'それぞれ別のディスクに置いてください。試すだけなら profile: demo にしてください',
      en: 'put each on a disk of its own, or set profile: demo to try things out',
    },
  },
  noSuchPort: {
    wrong: { ja: 'ポート {port} はありません', en: 'there is no port {port}' },
    todo: { ja: '1〜65535 のポートにしてください', en: 'use a port of 1 to 65535' },
  },
  noAddress: {
    wrong: { ja: '{host} はアドレスではありません', en: '{host} is no address' },
    todo: { ja: 'IPv4アドレスか [IPv6アドレス] を書いてください', en: 'use an IPv4 address or [IPv6]' },
  },
  adminReachable: {
    wrong: { ja: '{listen} はほかの機器から届きます', en: '{listen} can be reached from other machines' },
    todo: {
      ja: '利用者アカウントができるまでは 127.0.0.1 か [::1] にしてください',
      en: 'use 127.0.0.1 or [::1] until accounts exist',
    },
  },
  listenTwice: {
    wrong: { ja: '{listen} は intake.listen でもあります', en: '{listen} is intake.listen too' },
    todo: { ja: '別のポートにしてください', en: 'use another port' },
  },
  noBlock: {
    wrong: { ja: '«{value}» はアドレスでもアドレス範囲でもありません', en: '«{value}» is no address or block' },
    todo: {
      ja: '192.0.2.1、192.0.2.0/24、2001:db8::/32 のように書いてください',
      en: 'write it like 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32',
    },
  },
  tlsNotOffered: {
    wrong: {
      ja: 'STARTTLS を求めていますが、intake.tls がありません',
      en: 'asks for STARTTLS, but there is no intake.tls',
    },
    todo: { ja: 'intake.tls に鍵と証明書を書いてください', en: 'give intake.tls a key and a certificate' },
  },
  postmasterElsewhere: {
    wrong: { ja: '«{value}» はどの団体のドメインでもありません', en: '«{value}» has no tenant’s domain' },
    todo: { ja: 'いずれかの団体のアドレスを書いてください', en: 'name an address of a tenant' },
  },
  waitsOutOfOrder: {
    wrong: {
      ja: '{first} は maxRetrySeconds({max})より長い値です',
      en: '{first} is longer than maxRetrySeconds ({max})',
    },
    todo: { ja: '最初の待ち時間を短くしてください', en: 'make the first wait the shorter one' },
  },
} as const satisfies Record<string, Advice>;

/** What a file that is missing is for; `todo` of `fileMissing`. */
export const MISSING_FILES = {
  tlsKey: { ja: '鍵を作るか、intake.tls を削除してください', en: 'create the key, or remove intake.tls' },
  tlsCert: { ja: '証明書を作るか、intake.tls を削除してください', en: 'create the certificate, or remove intake.tls' },
  recipients: {
    ja: '1行に1アドレスで作るか、kind: probe にしてください',
    en: 'create it with one address a line, or use kind: probe',
  },
  ca: { ja: '認証局の証明書を置いてください', en: 'put the authority’s certificate there' },
} as const satisfies Record<string, Sentence>;

/** How a value is quoted, or what stands in place of a value that cannot be. */
export const VALUES = {
  unusable: UNUSABLE,
  empty: { ja: '空です', en: 'is empty' },
  list: { ja: '一覧(リスト)になっています', en: 'is a list' },
  group: { ja: '設定のまとまりになっています', en: 'is a group of settings' },
  documented: { ja: 'docs/config.md にあるもの', en: 'what docs/config.md lists' },
} as const satisfies Record<string, Sentence>;

/** Kinds of values, by the validator's names. */
export const TYPE_WORDS: Readonly<Record<string, Sentence>> = {
  int: { ja: '整数', en: 'a whole number' },
  number: { ja: '数', en: 'a number' },
  string: { ja: '文字列(数に見えるときは引用符で囲んで)', en: 'text (in quotes if it looks like a number)' },
  array: { ja: '一覧(1件ごとに「- 」の行)', en: 'a list, one «- » line for each entry' },
  object: { ja: '設定のまとまり(下の行に字下げして)', en: 'a group of settings, indented below it' },
  record: { ja: '設定のまとまり(下の行に字下げして)', en: 'a group of settings, indented below it' },
  boolean: { ja: 'true か false', en: 'true or false' },
};

/** How a value must be written. The schema names these; mistakes.ts finds the sentence. */
export const FORMS = {
  hostName: {
    ja: 'gw.example.lg.jp のように、小文字のホスト名(国際化名はA-label)で書いてください',
    en: 'must be a host name in lower-case A-labels, like gw.example.lg.jp',
  },
  listen: {
    ja: '127.0.0.1:2525 や [::1]:2525 のように、アドレス:ポート で書いてください',
    en: 'must be ADDRESS:PORT, like 127.0.0.1:2525 or [::1]:2525',
  },
  address: {
    ja: 'メールアドレスを、ドメインは小文字で書いてください',
    en: 'must be a mail address with its domain in lower case',
  },
  identifier: { ja: '1〜31文字の a–z、0–9、- で書いてください', en: 'must be 1 to 31 of a–z, 0–9 and -' },
  block: {
    ja: '192.0.2.0/24 のように、アドレスかアドレス範囲(CIDR)で書いてください',
    en: 'must be an address or CIDR, like 192.0.2.0/24',
  },
} as const satisfies Record<string, Sentence>;

export type Form = keyof typeof FORMS;
