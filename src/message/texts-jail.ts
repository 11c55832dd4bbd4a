/** What `doctor` and the start say about each layer around the processes that open strangers' files. */

export type JailLayer =
  | 'no-network'
  | 'no-file-writes'
  | 'no-spawn'
  | 'own-uid'
  | 'private-root'
  | 'seccomp'
  | 'rlimits'
  | 'no-new-privs';

interface Text {
  readonly ja: string;
  readonly en: string;
}

/** Layer → who holds it → one sentence; where nobody does, the second sentence says what to do. */
export const JAIL_TEXTS: Readonly<Record<JailLayer, Readonly<Record<'kernel' | 'node' | 'nobody', Text>>>> = {
  'no-network': {
    kernel: {
      ja: '隔離プロセスはネットワークに接続できません。',
      en: 'Jailed processes cannot reach any network.',
    },
    node: {
      ja: '隔離プロセスのネットワーク接続は Node だけが止めています。bubblewrap を導入してください。',
      en: 'Only Node stops jailed processes from reaching a network. Install bubblewrap.',
    },
    nobody: {
      ja: '隔離プロセスがネットワークに接続できます。bubblewrap を導入するか、名前空間(unshare)の利用を許可してください。',
      en: 'Jailed processes can reach the network. Install bubblewrap, or allow namespaces (unshare) on this host.',
    },
  },
  'no-file-writes': {
    kernel: {
      ja: '隔離プロセスはファイルを書き込めません。',
      en: 'Jailed processes cannot write any file.',
    },
    node: {
      ja: '隔離プロセスの書き込みは Node の権限機構だけが止めています。bubblewrap を導入するとカーネルでも止まります。',
      en: 'Only Node’s permission model stops jailed processes from writing files. With bubblewrap the kernel does too.',
    },
    nobody: {
      ja: '隔離プロセスがファイルを書き込めます。bubblewrap を導入し、一覧の場所の権限を確かめてください。',
      en: 'Jailed processes can write files. Install bubblewrap and check the permissions of the places listed.',
    },
  },
  'no-spawn': {
    kernel: {
      ja: '隔離プロセスは他のプログラムを起動できません。',
      en: 'Jailed processes cannot start other programs.',
    },
    node: {
      ja: '隔離プロセスによる起動は Node の権限機構だけが止めています。bubblewrap を導入すると seccomp でも止まります。',
      en: 'Only Node’s permission model stops jailed processes from starting programs. With bubblewrap seccomp does too.',
    },
    nobody: {
      ja: '隔離プロセスが他のプログラムを起動できるか、親プロセスに信号を送れます。bubblewrap を導入してください。',
      en: 'Jailed processes can start programs or signal their parent. Install bubblewrap.',
    },
  },
  'own-uid': {
    kernel: {
      ja: '隔離プロセスは専用の利用者 ID で動きます。',
      en: 'Jailed processes run under a user id of their own.',
    },
    node: {
      ja: '隔離プロセスは専用の利用者 ID で動きます。',
      en: 'Jailed processes run under a user id of their own.',
    },
    nobody: {
      ja: '隔離プロセスは本体と同じ利用者 ID(または root)で動きます。root で起動すると jail.uid の利用者に切り替わります(プログラムのファイルが他の利用者にも読めること: chmod -R o+rX)。',
      en: 'Jailed processes run under the gateway’s own user id, or root. Started as root, the gateway gives them jail.uid, if its program files can be read by others (chmod -R o+rX).',
    },
  },
  'private-root': {
    kernel: {
      ja: '隔離プロセスから見えるファイルは関所自身のプログラムだけです。',
      en: 'Jailed processes see no files but Sekisho’s own program.',
    },
    node: {
      ja: '他のファイルの読み取りは Node の権限機構だけが止めています。bubblewrap を導入すると見えなくなります。',
      en: 'Only Node’s permission model stops jailed processes from reading other files. With bubblewrap they see none.',
    },
    nobody: {
      ja: '隔離プロセスがこの機器の他のファイルを読めます。bubblewrap を導入するか、名前空間(unshare)の利用を許可してください。',
      en: 'Jailed processes can read other files of this host. Install bubblewrap, or allow namespaces (unshare).',
    },
  },
  seccomp: {
    kernel: {
      ja: '危険なシステムコールは seccomp で拒否されます。',
      en: 'A seccomp filter refuses dangerous system calls.',
    },
    node: {
      ja: '危険なシステムコールは seccomp で拒否されます。',
      en: 'A seccomp filter refuses dangerous system calls.',
    },
    nobody: {
      ja: 'seccomp による制限がありません。bubblewrap、または util-linux 2.41 以降を導入してください。',
      en: 'No seccomp filter. Install bubblewrap, or util-linux 2.41 or later.',
    },
  },
  rlimits: {
    kernel: {
      ja: '隔離プロセスのメモリなどの上限が有効です。',
      en: 'Limits on memory and files of jailed processes are in force.',
    },
    node: {
      ja: '隔離プロセスのメモリなどの上限が有効です。',
      en: 'Limits on memory and files of jailed processes are in force.',
    },
    nobody: {
      ja: '隔離プロセスのメモリに上限がありません。prlimit(util-linux)を導入してください。',
      en: 'No limit on the memory of jailed processes. Install prlimit (util-linux).',
    },
  },
  'no-new-privs': {
    kernel: {
      ja: '隔離プロセスは権限を増やせません。',
      en: 'Jailed processes cannot gain privileges.',
    },
    node: {
      ja: '隔離プロセスは権限を増やせません。',
      en: 'Jailed processes cannot gain privileges.',
    },
    nobody: {
      ja: '隔離プロセスの権限昇格を止めていません。setpriv(util-linux)を導入してください。',
      en: 'Nothing stops jailed processes from gaining privileges. Install setpriv (util-linux).',
    },
  },
};

/** Ways that stay open to native code in a jailed process. `doctor` names those of this machine. */
export type OpenDoor = 'node-again' | 'processes' | 'memory' | 'left-behind' | 'kernel-calls' | 'parent';

export const OPEN_DOOR_TEXTS: Readonly<Record<OpenDoor, Text>> = {
  'node-again': {
    ja: '残る点: 隔離プロセスは Node を自分の代わりに起動し直せます(上限と seccomp は同じですが、Node の権限機構は外れます)。',
    en: 'Open: a jailed process can become node again (same limits, same filter, but without Node’s permission model).',
  },
  processes: {
    ja: '残る点: seccomp がないため、隔離プロセスの機械語コードは別のプロセスや、見えるプログラム(node、setpriv)を起動できます。',
    en: 'Open, for want of seccomp: native code in a jailed process can start processes, and programs it can see (node, setpriv).',
  },
  memory: {
    ja: '残る点: seccomp がないため、共有メモリやスタックとして、上限を超えるメモリを取れます。',
    en: 'Open, for want of seccomp: it can take memory beyond its limit, as shared memory or as a stack.',
  },
  'left-behind': {
    ja: '残る点: seccomp がないため、共有メモリやカーネルの鍵束に、次のプロセスが読めるものを残せることがあります。',
    en: 'Open, for want of seccomp: it may leave something for the next process in shared memory or in the kernel’s keyring.',
  },
  'kernel-calls': {
    ja: '残る点: seccomp がないため、過去に欠陥の多かったカーネルの機能(io_uring、perf、userfaultfd、netlink など)を呼べます。',
    en: 'Open, for want of seccomp: it can call parts of the kernel that had many faults (io_uring, perf, userfaultfd, netlink and others).',
  },
  parent: {
    ja: '残る点: 隔離プロセスは本体と同じ利用者 ID で、名前空間も seccomp もないため、本体のメモリや環境変数を読み、信号を送れます。',
    en: 'Open: with the gateway’s own user id and neither namespace nor seccomp it can read the gateway’s memory and environment, and signal it.',
  },
};
