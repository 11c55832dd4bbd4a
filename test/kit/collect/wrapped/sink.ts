/** The demo's hop, watched: what arrived over the wire, kept when it closes. */
import * as real from '../../../../src/cli/demo/sink.ts';
import { keepArrived } from '../collector.ts';

export * from '../../../../src/cli/demo/sink.ts';

export const openSink: typeof real.openSink = async (options) => {
  const sink = await real.openSink(options);
  const kept = (): typeof sink.received => {
    for (const { bytes } of sink.received) keepArrived(bytes);
    return sink.received;
  };
  return {
    port: sink.port,
    // Tests look at what has come before they end.
    get received() {
      return kept();
    },
    close() {
      kept();
      return sink.close();
    },
  };
};
