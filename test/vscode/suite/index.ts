/** Everything that is tested in an editor, for one edition of it. */
import { after, describe } from 'node:test';
import { editions, type Edition } from '../../../tools/editor.mjs';
import { leakGuard } from '../../helper/support/leaks.ts';
import { closeBrowser } from '../support/browser.ts';
import { removeInstalled } from '../support/extension.ts';
import { acting } from './acting.ts';
import { firstUse } from './first-use.ts';
import { looking } from './looking.ts';
import { looks } from './looks.ts';
import { losing } from './losing.ts';
import { thisMachine } from './this-machine.ts';
import { untrusted } from './trust.ts';

const groups = { firstUse, looking, acting, losing, thisMachine, untrusted, looks };

/** `EDITOR_GROUP=losing` runs only that one, while it is being worked on. */
const only = process.env['EDITOR_GROUP'];

export function suite(edition: Edition): void {
  // Hooks run in the order in which they were registered: what is shared goes first, then the look at what is left.
  after(closeBrowser);
  after(removeInstalled);
  leakGuard();
  describe(`VS Code ${editions[edition].version}`, () => {
    for (const [name, group] of Object.entries(groups)) if (only === undefined || only === name) group(edition);
  });
}
