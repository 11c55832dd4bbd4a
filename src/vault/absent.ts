/** A store whose disk is not there. It refuses everything until its mark is seen again, and is the store itself from then on. */
import { GatewayError } from '../message/errors.ts';
import type { RecordName, RecordWriter, Store } from './store.ts';

/** @param isBack asked before each step. */
export function absentUntil(store: Store, isBack: () => boolean): Store {
  let back = false;
  const present = (): boolean => {
    back ||= isBack();
    return back;
  };
  const away = (): GatewayError =>
    new GatewayError('E_STORE_UNAVAILABLE', `store ${store.name} is not mounted: its mark is not in its folder`, {
      store: store.name,
    });
  const only = <T>(work: () => Promise<T>): Promise<T> => (present() ? work() : Promise.reject(away()));
  const nothing: RecordWriter = {
    append: () => Promise.reject(away()),
    finish: () => Promise.reject(away()),
    abort: () => Promise.resolve(),
  };
  return {
    name: store.name,
    create: (name: RecordName, mode) => (present() ? store.create(name, mode) : nothing),
    read: (name, offset, length) => only(() => store.read(name, offset, length)),
    remove: (name) => only(() => store.remove(name)),
    async *list() {
      if (!present()) throw away();
      yield* store.list();
    },
    probe: () => only(() => store.probe()),
  };
}
