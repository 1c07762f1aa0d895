import type { Host } from '../../host/types.ts';
import { commands } from '../../ids.ts';
import type { CreateOptions, CreatePreview } from '../../explain/preview.ts';
import { createPreview } from '../../explain/preview.ts';
import { DisposableStore } from '../../disposable.ts';
import type { Feature, FeatureContext } from '../context.ts';
import { connectedHost } from '../hosts/pick-host.ts';
import { carryOut, confirmCreate } from './carry-out.ts';
import { askInstance } from './instance.ts';
import { askNamespaces } from './namespaces.ts';

/** Create Namespaces, New Instance: kept under a name, from the choice of types to the new row. */
export const activateCreate: Feature = (context) => {
  const store = new DisposableStore();
  store.add(
    context.commands.register(commands.createNamespaces, (argument) =>
      begin(context, argument, 'Create Namespaces', (host) => askNamespaces(context, host)),
    ),
  );
  store.add(
    context.commands.register(commands.newInstance, (argument) =>
      begin(context, argument, 'New Instance', askInstance),
    ),
  );
  return store;
};

type Ask = (host: Host) => Promise<CreateOptions | undefined>;

async function begin(context: FeatureContext, argument: unknown, title: string, ask: Ask): Promise<void> {
  const host = await connectedHost(context, argument, title);
  if (host === undefined) return;
  const options = await ask(host);
  if (options === undefined) return;
  const preview = createPreview(options);
  if (await confirmCreate(host, options.keep ?? '', previewWords(preview)))
    await carryOut(context, host, options, preview.words);
}

function previewWords({ steps, unshare, beyondUnshare }: CreatePreview): string {
  return [
    steps.map((step, index) => `${index + 1}. ${step}`).join('\n'),
    ...(unshare === undefined ? [] : [`About the same by hand:\n${unshare}`]),
    ...(beyondUnshare.length === 0
      ? []
      : [`Which leaves out:\n${beyondUnshare.map((part) => `• ${part}`).join('\n')}`]),
  ].join('\n\n');
}
