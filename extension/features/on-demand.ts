import { DisposableStore } from '../disposable.ts';
import type { CommandId } from '../ids.ts';
import type { CommandHandler } from './commands.ts';
import type { Feature } from './context.ts';

/** A feature that is nothing but commands: its code is loaded when a person first chooses one. VS Code waits for what is loaded before. */
export function onDemand(ids: readonly CommandId[], load: () => Promise<Feature>): Feature {
  return (context) => {
    const store = new DisposableStore();
    const handlers = new Map<CommandId, CommandHandler>();
    let loading: Promise<void> | undefined;
    const loadOnce = async (): Promise<void> => {
      const feature = await load();
      const commands = {
        register: (id: CommandId, handler: CommandHandler) => {
          handlers.set(id, handler);
          return { dispose: () => void handlers.delete(id) };
        },
      };
      store.add(feature({ ...context, commands }));
    };
    for (const id of ids) {
      store.add(
        context.commands.register(id, async (...args) => {
          await (loading ??= loadOnce());
          const handler = handlers.get(id);
          if (handler === undefined) throw new Error(`Nothing carries out ${id}.`);
          return handler(...args);
        }),
      );
    }
    return store;
  };
}
