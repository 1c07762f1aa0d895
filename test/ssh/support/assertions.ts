import assert from 'node:assert/strict';
import { ConnectionError, type ConnectionErrorCode } from '../../../extension/transport/errors.ts';

/** The error has one of the codes, all the words, and a remedy that is a sentence. */
export async function fails(
  connecting: Promise<unknown>,
  codes: ConnectionErrorCode | readonly ConnectionErrorCode[],
  ...words: readonly (RegExp | string)[]
): Promise<void> {
  await assert.rejects(connecting, (error) => {
    assert.ok(error instanceof ConnectionError, String(error));
    assert.ok([codes].flat().includes(error.code), `${error.code}: ${error.message}`);
    for (const each of words) {
      if (typeof each === 'string') assert.ok(error.message.includes(each), `"${error.message}" lacks "${each}"`);
      else assert.match(error.message, each);
    }
    assert.match(error.remedy, /\.$/);
    return true;
  });
}
