/** Debug adapters that are known: what they are called, how they are started, and what they are told. Pure data. */

/** In the namespaces of what is debugged, or on the host itself. */
export type Where = 'inside' | 'outside';

export const presetNames = ['debugpy', 'lldb', 'gdb', 'delve', 'node'] as const;
export type PresetName = (typeof presetNames)[number];

/** Something that an adapter prints when it cannot work, and what it means. */
export interface Complaint {
  readonly pattern: RegExp;
  readonly words: string;
}

export interface Preset {
  /** As people call it. */
  readonly label: string;
  /** Tried in this order, each in every folder of PATH. */
  readonly programs: readonly string[];
  readonly args: readonly string[];
  /**
   * How it speaks: over its standard input and output, over a TCP port that it announces, or not the Debug Adapter Protocol
   * but the inspector's of Node.js.
   */
  readonly speaks: 'stdio' | 'tcp' | 'inspector';
  /** Where it can work, the better place first. What launches a program runs where the program is to run. */
  readonly attach: readonly Where[];
  /** The program can be in a terminal, as `console` asks for it. */
  readonly terminal: boolean;
  /** The program is machine code that is executed, and not read by an interpreter. */
  readonly executes: boolean;
  readonly complaints: readonly Complaint[];
  /** Arguments with which it ends with status 0 where it can be used, for one whose name alone does not tell. */
  readonly probe?: readonly string[];
  /** Said where it was outside and could not attach. */
  readonly outsideHint?: string;
  /** How it is installed, for who has not got it. */
  readonly install: string;
}

/** Of Debian and of Ubuntu, beside the name without a version, which Fedora, Arch and Alpine have. */
const versions = Array.from({ length: 11 }, (_, index) => 24 - index);

export const presets: Readonly<Record<PresetName, Preset>> = {
  debugpy: {
    label: 'debugpy',
    programs: ['python3', 'python'],
    args: ['-m', 'debugpy.adapter'],
    speaks: 'stdio',
    // What attaches puts code into the process, which looks for debugpy among the target's own files.
    attach: ['inside'],
    terminal: true,
    executes: false,
    complaints: [
      {
        pattern: /No module named '?debugpy/,
        words: 'Python is there, but its module debugpy is not.',
      },
    ],
    install: 'Debian and Ubuntu: apt install python3-debugpy; elsewhere: pip install debugpy.',
  },
  lldb: {
    label: 'LLDB',
    // LLVM 18 gave lldb-vscode the name lldb-dap.
    programs: [
      'lldb-dap',
      ...versions.filter((version) => version >= 18).map((version) => `lldb-dap-${version}`),
      'lldb-vscode',
      ...versions.filter((version) => version < 18).map((version) => `lldb-vscode-${version}`),
    ],
    args: [],
    speaks: 'stdio',
    attach: ['inside', 'outside'],
    terminal: true,
    executes: true,
    complaints: [],
    // lldb/source/Host/linux/Host.cpp reads the machine's type from the file that /proc/PID/exe names, by that name.
    outsideHint:
      'LLDB outside of the target can attach only to a program whose file the host has under the same path. An LLDB inside, or GDB 14 or later on the host, has no such limit.',
    install: 'Debian and Ubuntu: apt install lldb, which has lldb-dap or lldb-vscode with the number of its version.',
  },
  gdb: {
    label: 'GDB',
    programs: ['gdb'],
    // -nx: what a person has in their .gdbinit may print or ask.
    args: ['-nx', '-q', '-i=dap'],
    probe: ['-nx', '-batch', '-ex', 'python import gdb.dap'],
    speaks: 'stdio',
    attach: ['inside', 'outside'],
    terminal: false,
    executes: true,
    complaints: [
      {
        pattern: /Interpreter `dap' unrecognized/,
        words:
          'This GDB does not speak the Debug Adapter Protocol: GDB 14 is the first that does, and it needs Python.',
      },
    ],
    install: 'Debian 13 and Ubuntu 24.04 or later: apt install gdb.',
  },
  delve: {
    label: 'Delve',
    programs: ['dlv'],
    args: ['dap', '--listen=127.0.0.1:0'],
    speaks: 'tcp',
    attach: ['inside', 'outside'],
    terminal: false,
    executes: true,
    complaints: [],
    install: 'go install github.com/go-delve/delve/cmd/dlv@latest, or the package delve.',
  },
  node: {
    label: 'Node.js',
    programs: ['node', 'nodejs'],
    args: ['--inspect-brk=127.0.0.1:0'],
    speaks: 'inspector',
    attach: ['inside'],
    terminal: true,
    executes: false,
    complaints: [{ pattern: /bad option: --inspect-brk/, words: 'This Node.js was built without the inspector.' }],
    install: 'The package nodejs.',
  },
};

/** Where programs inside are looked for, since the helper's own PATH is made for the host. */
export const insidePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** By the ends of names of programs, for who names no adapter. */
const byExtension: Readonly<Record<string, readonly PresetName[]>> = {
  py: ['debugpy'],
  pyw: ['debugpy'],
  js: ['node'],
  cjs: ['node'],
  mjs: ['node'],
};

/** What debugs programs of machine code; the first that is there. */
export const native: readonly PresetName[] = ['lldb', 'gdb'];

/** Adapters that suit what is to be launched, by its path. */
export function presetsForProgram(program: string): readonly PresetName[] {
  const extension = /\.([a-z]+)$/.exec(program)?.[1];
  return (extension === undefined ? undefined : byExtension[extension]) ?? native;
}

/** Adapters that suit a running process, by the name that the kernel has for it. */
export function presetsForProcess(comm: string): readonly PresetName[] {
  if (/^python\d*(\.\d+)?$/.test(comm)) return ['debugpy'];
  return /^(node|nodejs|MainThread)$/.test(comm) ? ['node'] : native;
}
