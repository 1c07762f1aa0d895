/** What an adapter is told: the arguments of its launch or attach request, and words of its command line. Pure. */
import type { AttachOptions, DebugOptions, LaunchOptions } from './configuration.ts';
import { presets, type PresetName, type Where } from './presets.ts';

/** The process that is attached to. */
export interface AttachTo {
  /** As the helper sees it. */
  readonly outside: number;
  /** In the pid namespace that the adapter is in; undefined where it has no number there. */
  readonly seen: number | undefined;
}

type Arguments = Readonly<Record<string, unknown>>;

interface Dialect {
  readonly launch: (options: LaunchOptions) => Arguments;
  readonly attach: (pid: number, root: string | undefined) => Arguments;
  /** Words after those of the preset. */
  readonly words?: (root: string | undefined) => readonly string[];
  /** The program gets the adapter's own environment: the adapter takes none, or would take it for all of it. */
  readonly inherits?: boolean;
}

/** Given only where there is a value. */
function optional(name: string, value: unknown): Arguments {
  return value === undefined ? {} : { [name]: value };
}

/** LLDB knows a root by a platform's name; blanks and quotes are read by its own rules, where a quote has no escape. */
function sysrootCommand(root: string): string {
  return `platform select host --sysroot ${root}`;
}

const dialects: Readonly<Record<Exclude<PresetName, 'node'>, Dialect>> = {
  debugpy: {
    launch: ({ program, args, cwd, env, stopOnEntry, console }) => ({
      program,
      args,
      ...optional('cwd', cwd),
      env,
      stopOnEntry,
      console,
      // Each further process would have to be a session of its own.
      subProcess: false,
    }),
    attach: (pid) => ({ processId: pid, subProcess: false }),
  },
  lldb: {
    launch: ({ program, args, cwd, env, stopOnEntry, console }) => ({
      program,
      args,
      ...optional('cwd', cwd),
      // lldb-vscode takes a list only, lldb-dap either.
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      stopOnEntry,
      runInTerminal: console === 'integratedTerminal',
    }),
    attach: (pid, root) => ({
      pid,
      ...(root === undefined ? {} : { initCommands: [sysrootCommand(root)], program: exeOf(pid) }),
    }),
  },
  gdb: {
    launch: ({ program, args, cwd, stopOnEntry }) => ({
      program,
      args,
      ...optional('cwd', cwd),
      stopOnEntry,
      stopAtBeginningOfMainSubprogram: stopOnEntry,
    }),
    // Below a sysroot it does not find the program of a process in another mount namespace by itself.
    attach: (pid, root) => ({ pid, ...(root === undefined ? {} : { program: exeOf(pid) }) }),
    words: (root) => (root === undefined ? [] : ['-iex', `set sysroot ${root}`]),
    inherits: true,
  },
  delve: {
    launch: ({ program, args, cwd, env, stopOnEntry }) => ({
      mode: 'exec',
      program,
      args,
      ...optional('cwd', cwd),
      env,
      stopOnEntry,
    }),
    attach: (pid) => ({ mode: 'local', processId: pid }),
  },
};

/** An adapter that nothing is known of is told what most understand. */
const unknownDialect: Dialect = {
  launch: ({ program, args, cwd, env, stopOnEntry, console }) => ({
    program,
    args,
    ...optional('cwd', cwd),
    env,
    stopOnEntry,
    console,
  }),
  attach: (pid) => ({ pid, processId: pid }),
};

export type DialectName = Exclude<PresetName, 'node'> | undefined;

function dialectOf(name: DialectName): Dialect {
  return name === undefined ? unknownDialect : dialects[name];
}

export function launchArguments(name: DialectName, options: LaunchOptions): Arguments {
  return { ...dialectOf(name).launch(options), ...options.adapterArguments };
}

/** @param where of the adapter: outside it has to be told where the process has its files */
export function attachArguments(name: DialectName, options: AttachOptions, pid: number, where: Where): Arguments {
  const { stopOnEntry, adapterArguments } = options;
  const root = where === 'outside' ? rootOf(pid) : undefined;
  return { ...dialectOf(name).attach(pid, root), ...(stopOnEntry ? { stopOnEntry } : {}), ...adapterArguments };
}

/** The target's root as a process outside sees it, proc(5). */
export function rootOf(pid: number): string {
  return `/proc/${pid}/root`;
}

/** The file that it executes, whatever its name is where it runs. */
function exeOf(pid: number): string {
  return `/proc/${pid}/exe`;
}

/** Further words of the adapter's command line. @param root of the target, for an adapter outside of it */
export function dialectWords(name: DialectName, root: string | undefined): readonly string[] {
  return dialectOf(name).words?.(root) ?? [];
}

/** What is set in the adapter's own environment for the sake of the program. */
export function inheritedEnvironment(name: DialectName, options: LaunchOptions): Readonly<Record<string, string>> {
  return dialectOf(name).inherits === true ? options.env : {};
}

/** Said where a configuration asks for a terminal that it will not get. */
export function consoleNotes(name: PresetName | undefined, options: DebugOptions): readonly string[] {
  const asks = options.request === 'launch' && options.console === 'integratedTerminal';
  if (!asks || name === undefined || presets[name].terminal) return [];
  return [`${presets[name].label} runs no program in a terminal: its output is shown here.`];
}
