/** Programs that are debugged over a TCP port of their own, which they announce when they listen. Free of `vscode`. */
import type { HelperSession } from '../../helper/session.ts';
import type { AdapterProcess } from './adapter-process.ts';

/** Milliseconds for a program to say where it listens. */
const patience = 15_000;

/** Characters in which it has to say so. */
const longest = 20_000;

/** An address as it stands in a line of the program's. */
export interface Announced {
  /** `127.0.0.1:41023`. */
  readonly address: string;
  /** The rest of a URL. */
  readonly path: string;
}

/** The first line that matches; its first group is the address, the second what follows it. Undefined before it has come. */
export function announcedIn(text: string, pattern: RegExp): Announced | undefined {
  const [, address, path = ''] = pattern.exec(text) ?? [];
  return address === undefined ? undefined : { address, path };
}

/** `DAP server listening at: 127.0.0.1:41023`, Delve. */
export const delveListens = /DAP server listening at: ([\d.]+:\d+)/;

/** `Debugger listening on ws://127.0.0.1:9229/0f2c936f-…`, Node.js. */
export const inspectorListens = /Debugger listening on ws:\/\/([^/\s]+)(\/[\w-]+)/;

/** Words after the verb `relay`. */
export function relayWords(target: string, address: string): readonly string[] {
  return [`--target=${target}`, `tcp:${address}`];
}

/** The same adapter, spoken to over the port that it announces on its standard output, from within its net namespace. */
export function connected(session: HelperSession, adapter: AdapterProcess, target: string): Promise<AdapterProcess> {
  const { stream, ending, kill } = adapter;
  return new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => {
      kill();
      reject(new Error(`${adapter.way.label} has not said within ${patience / 1000} s where it listens.`));
    }, patience);
    stream.on('data', (bytes: Buffer) => {
      // Read on, so that it is never held up.
      if (text.length > longest) return;
      text += bytes.toString();
      const found = announcedIn(text, delveListens);
      if (found === undefined) return;
      text = ' '.repeat(longest + 1);
      clearTimeout(late);
      const relay = session.openStream(['relay', ...relayWords(target, found.address)]);
      relay.on('error', () => undefined);
      void ending.then(() => relay.destroy());
      resolve({ ...adapter, stream: relay });
    });
    const ended = async (): Promise<void> => {
      const { error, said } = await ending;
      clearTimeout(late);
      reject(error ?? new Error(`${adapter.way.label} has ended: ${said.trim().slice(-400)}`));
    };
    void ended();
  });
}
