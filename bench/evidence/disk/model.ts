/**
 * A disk that may lose whatever was not synced. Files and folders are lists of changes; a sync makes durable what stood
 * in the list when it was called. A name is durable only by a sync of its folder: stricter than journaling file systems
 * are, as POSIX allows.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Operation, Step } from './trace.ts';

type Change = { readonly offset: number; readonly bytes: Buffer } | { readonly size: number };

interface FileNode {
  readonly kind: 'file';
  readonly mode: number;
  readonly changes: Change[];
  durable: number;
  position: number;
  size: number;
}

interface FolderNode {
  readonly kind: 'folder';
  readonly mode: number;
  /** Names that came and went; `gone` and `name` of one change happen together (rename). */
  readonly changes: {
    readonly gone: string | undefined;
    readonly name: string | undefined;
    readonly node: Node | undefined;
  }[];
  readonly names: Map<string, Node>;
  durable: number;
}

type Node = FileNode | FolderNode;

/** Which of the changes that were not synced survive the crash all the same. */
export type Survivors = 'none' | ((chance: number) => boolean);

export class Disk {
  readonly #root: FolderNode = newFolder(0o700);
  readonly #called = new Map<number, { readonly node: Node; readonly length: number }>();
  readonly #without: ReadonlySet<number>;

  /** @param without numbers of syncs that are taken out. */
  constructor(without: ReadonlySet<number> = new Set()) {
    this.#without = without;
  }

  step(step: Step): void {
    if (step.kind === 'change') this.#change(step.operation);
    if (step.kind === 'sync-called') {
      const node = this.#find(step.path);
      if (node !== undefined) this.#called.set(step.sync, { node, length: node.changes.length });
    }
    if (step.kind === 'sync-returned' && !this.#without.has(step.sync)) {
      const called = this.#called.get(step.sync);
      if (called !== undefined) called.node.durable = Math.max(called.node.durable, called.length);
    }
  }

  /** Why this file would not be there, whole, after a crash now; '' when it would. */
  lacks(path: string): string {
    let node: Node = this.#root;
    for (const name of path.split('/')) {
      if (node.kind !== 'folder') return `${path}: not there`;
      const next: Node | undefined = durableNames(node).get(name);
      if (next === undefined) return `${path}: the name ${name} is not synced`;
      if (next !== node.names.get(name)) return `${path}: another file of this name`;
      node = next;
    }
    return node.durable < node.changes.length ? `${path}: ${node.changes.length - node.durable} writes not synced` : '';
  }

  /** Changes of a file so far, and how many of them are durable. */
  progress(path: string): { readonly changes: number; readonly durable: number } {
    const node = this.#find(path);
    return node === undefined ? { changes: 0, durable: 0 } : { changes: node.changes.length, durable: node.durable };
  }

  /** Content of a file as running processes see it. */
  current(path: string): Buffer | undefined {
    const node = this.#find(path);
    return node?.kind === 'file' ? contentOf(node, node.changes.length, () => true) : undefined;
  }

  paths(): readonly string[] {
    return [...pathsBelow(this.#root, '')];
  }

  /** Writes what a crash leaves into an empty folder. */
  crash(folder: string, survivors: Survivors): void {
    write(this.#root, folder, survivors);
  }

  #change(operation: Operation): void {
    const { kind, path } = operation;
    const { folder, name } = this.#place(path);
    const file = folder.names.get(name);
    switch (kind) {
      case 'create':
        if (file === undefined) enter(folder, undefined, name, newFile(operation.mode));
        else if (file.kind === 'file') file.position = 0;
        return;
      case 'folder':
        enter(folder, undefined, name, newFolder(operation.mode));
        return;
      case 'unlink':
        enter(folder, name, undefined, undefined);
        return;
      case 'rename': {
        const to = this.#place(operation.to);
        if (to.folder !== folder) throw new Error(`a rename between folders is not modelled: ${path}`);
        enter(folder, name, to.name, file);
        return;
      }
      case 'empty':
        if (file?.kind === 'file' && file.size > 0) resize(file, 0);
        return;
      case 'resize':
        if (file?.kind === 'file') resize(file, operation.size);
        return;
      case 'write':
        if (file?.kind !== 'file') throw new Error(`a write to a file that nobody made: ${path}`);
        append(file, operation.offset ?? file.position, operation.bytes);
    }
  }

  #find(path: string): Node | undefined {
    if (path === '') return this.#root;
    let node: Node | undefined = this.#root;
    for (const name of path.split('/')) node = node?.kind === 'folder' ? node.names.get(name) : undefined;
    return node;
  }

  #place(path: string): { readonly folder: FolderNode; readonly name: string } {
    const at = path.lastIndexOf('/');
    const folder = this.#find(path.slice(0, Math.max(at, 0)));
    if (folder?.kind !== 'folder') throw new Error(`no folder for ${path}`);
    return { folder, name: path.slice(at + 1) };
  }
}

const newFile = (mode: number): FileNode => ({ kind: 'file', mode, changes: [], durable: 0, position: 0, size: 0 });
const newFolder = (mode: number): FolderNode => ({ kind: 'folder', mode, changes: [], names: new Map(), durable: 0 });

function enter(folder: FolderNode, gone: string | undefined, name: string | undefined, node: Node | undefined): void {
  folder.changes.push({ gone, name, node });
  apply(folder.names, { gone, name, node });
}

function apply(names: Map<string, Node>, { gone, name, node }: FolderNode['changes'][number]): void {
  if (gone !== undefined) names.delete(gone);
  if (name !== undefined && node !== undefined) names.set(name, node);
}

function resize(file: FileNode, size: number): void {
  file.changes.push({ size });
  file.size = size;
}

function append(file: FileNode, offset: number, bytes: Buffer): void {
  file.changes.push({ offset, bytes });
  file.position = offset + bytes.length;
  file.size = Math.max(file.size, file.position);
}

function durableNames(folder: FolderNode, count = folder.durable): ReadonlyMap<string, Node> {
  const names = new Map<string, Node>();
  for (const change of folder.changes.slice(0, count)) apply(names, change);
  return names;
}

/** Sectors of one write may survive one by one. */
const SECTOR = 512;

function contentOf(file: FileNode, durable: number, survives: (at: number) => boolean): Buffer {
  let content = Buffer.alloc(file.size);
  let size = 0;
  for (const [index, change] of file.changes.entries()) {
    if ('size' in change) {
      if (index >= durable && !survives(index)) continue;
      content.fill(0, change.size);
      size = change.size;
      continue;
    }
    const { offset, bytes } = change;
    if (content.length < offset + bytes.length) content = Buffer.concat([content], offset + bytes.length);
    for (let at = 0; at < bytes.length; at += SECTOR) {
      if (index >= durable && !survives(index)) continue;
      const piece = bytes.subarray(at, at + SECTOR);
      piece.copy(content, offset + at);
      size = Math.max(size, offset + at + piece.length);
    }
  }
  return content.subarray(0, size);
}

function write(folder: FolderNode, path: string, survivors: Survivors): void {
  mkdirSync(path, { recursive: true, mode: folder.mode });
  const kept = survivors === 'none' ? 0 : folder.changes.slice(folder.durable).filter(() => survivors(0.5)).length;
  for (const [name, node] of durableNames(folder, folder.durable + kept)) {
    const below = join(path, name);
    if (node.kind === 'folder') write(node, below, survivors);
    else {
      const content = contentOf(node, node.durable, () => survivors !== 'none' && survivors(0.5));
      writeFileSync(below, content, { mode: node.mode });
    }
  }
}

function* pathsBelow(folder: FolderNode, prefix: string): Iterable<string> {
  for (const [name, node] of folder.names) {
    if (node.kind === 'file') yield prefix + name;
    else yield* pathsBelow(node, `${prefix}${name}/`);
  }
}
