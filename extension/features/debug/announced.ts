/** Programs that are debugged over a TCP port of their own, which they announce when they listen. Free of `vscode`. */
import { asError } from '../../as-error.ts';
import { Emitter } from '../../disposable.ts';
import type { HelperStream } from '../../helper/session.ts';
import type { AdapterProcess, Printed } from './adapter-process.ts';

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

/**
 * The same adapter, spoken to over the port that it announces on its standard output.
 * @param connect to that address, as the adapter sees it
 */
export function connected(
  adapter: AdapterProcess,
  connect: (address: string) => Promise<HelperStream>,
): Promise<AdapterProcess> {
  const { stream, ending, kill } = adapter;
  return new Promise((resolve, reject) => {
    let text = '';
    const decoder = new TextDecoder();
    const printed = new Emitter<Printed>();
    adapter.onPrint((print) => printed.fire(print));
    const fail = (error: unknown): void => {
      clearTimeout(late);
      kill();
      reject(asError(error));
    };
    const late = setTimeout(
      () => fail(new Error(`${adapter.way.label} has not said within ${patience / 1000} s where it listens.`)),
      patience,
    );
    const speak = async (address: string): Promise<void> => {
      const relay = await connect(address);
      relay.on('error', () => undefined);
      void ending.then(() => relay.destroy());
      resolve({ ...adapter, stream: relay, onPrint: printed.event });
    };
    stream.on('data', (bytes: Buffer) => {
      const output = decoder.decode(bytes, { stream: true });
      // What the program prints afterwards.
      if (text.length > longest) {
        printed.fire({ category: 'stdout', output });
        return;
      }
      text += output;
      const found = announcedIn(text, delveListens);
      if (found === undefined) return;
      text = ' '.repeat(longest + 1);
      clearTimeout(late);
      speak(found.address).catch(fail);
    });
    const ended = async (): Promise<void> => {
      const { error, said } = await ending;
      fail(error ?? new Error(`${adapter.way.label} has ended: ${said.trim().slice(-400)}`));
    };
    void ended();
  });
}
