/** Everything that is tested in an editor, for one edition of it. */
import { after, describe } from 'node:test';
import { editions, type Edition } from '../../../tools/editor.mjs';
import { leakGuard } from '../../helper/support/leaks.ts';
import { closeBrowser } from '../support/browser.ts';
import { removeInstalled } from '../support/extension.ts';
import { acting } from './acting.ts';
import { editing } from './editing.ts';
import { debugging } from './debugging.ts';
import { firstUse } from './first-use.ts';
import { leftovers } from './leftovers.ts';
import { forwarding } from './forwarding.ts';
import { judging } from './judging.ts';
import { looking } from './looking.ts';
import { making } from './making.ts';
import { problems } from './problems.ts';
import { looks } from './looks.ts';
import { losing } from './losing.ts';
import { thisMachine } from './this-machine.ts';
import { onStage, type Play, type StageOptions } from './stage.ts';
import { untrusted, untrustedFolder } from './trust.ts';

/** One host, over SSH, that has been added before. */
const withHost = {
  knownHost: true,
  settings: { 'linuxNamespaces.showThisMachine': false, 'linuxNamespaces.hosts': [{ target: 'build7' }] },
};

/** One window each. */
const stages: Readonly<
  Record<string, { readonly options: StageOptions; readonly plays: Readonly<Record<string, Play>> }>
> = {
  firstUse: {
    options: { settings: { 'linuxNamespaces.showThisMachine': false } },
    plays: { 'first use': firstUse },
  },
  connected: {
    options: withHost,
    plays: {
      'finding one’s way': looking,
      commands: acting,
      'making and ending': making,
      'what is left over': leftovers,
      'files that declare namespaces': judging,
      looks,
    },
  },
  editing: { options: withHost, plays: { 'files of a namespace': editing } },
  ports: { options: withHost, plays: { 'forwarded ports': forwarding } },
  debugging: {
    options: { ...withHost, builtin: ['cpp', 'javascript', 'ms-vscode.js-debug', 'python'] },
    plays: { 'debugging in an instance': debugging },
  },
  problems: { options: withHost, plays: { 'what is wrong': problems } },
  losing: { options: withHost, plays: { 'a connection that ends': losing } },
  thisMachine: { options: {}, plays: { 'this machine': thisMachine } },
  untrusted: { options: untrustedFolder, plays: { 'an untrusted folder': untrusted } },
};

/** `EDITOR_STAGE=losing` runs only that one, while it is being worked on. */
const only = process.env['EDITOR_STAGE'];

export function suite(edition: Edition): void {
  // Hooks run in the order in which they were registered: what is shared goes first, then the look at what is left.
  after(closeBrowser);
  after(removeInstalled);
  leakGuard();
  describe(`VS Code ${editions[edition].version}`, () => {
    for (const [name, { options, plays }] of Object.entries(stages)) {
      if (only === undefined || only === name) onStage(edition, options, plays);
    }
  });
}
