/** Real accounts, for passwords, PAM and login shells. Only root can make them. */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { run, until } from './processes.ts';

export interface TestUser extends AsyncDisposable {
  readonly name: string;
  readonly password: string;
  readonly home: string;
  readonly uid: number;
  /** Far quicker than another account. */
  setShell(shell: string): Promise<void>;
  remove(): Promise<void>;
}

/** Why `createUser` cannot work here; undefined where it can. */
export function usersMissing(shell?: string): string | undefined {
  if (userInfo().uid !== 0) return 'only root can create accounts';
  if (!existsSync('/usr/sbin/useradd')) return 'useradd is missing';
  if (shell !== undefined && !existsSync(shell)) return `${shell} is missing`;
  return undefined;
}

let count = 0;

export async function createUser(
  options: { readonly shell?: string; readonly password?: string } = {},
): Promise<TestUser> {
  count += 1;
  const name = `lns-${process.pid}-${count}`;
  const password = options.password ?? `secret of ${name}`;
  const shell = options.shell ?? '/bin/sh';
  // Tests run side by side and /etc/passwd is locked meanwhile.
  await patiently('/usr/sbin/useradd', ['--create-home', '--shell', shell, '--comment', 'test', name]);
  await patiently('/usr/sbin/chpasswd', [], `${name}:${password}\n`);
  const passwd = (await run('getent', ['passwd', name])).stdout.trim().split(':');
  const remove = async (): Promise<void> => {
    if ((await run('getent', ['passwd', name], { check: false })).code !== 0) return;
    await run('pkill', ['-KILL', '-u', name], { check: false });
    await patiently('/usr/sbin/userdel', ['--force', '--remove', name]);
  };
  return {
    name,
    password,
    home: passwd[5] ?? `/home/${name}`,
    uid: Number(passwd[2]),
    setShell: (path) => patiently('/usr/sbin/usermod', ['--shell', path, name]),
    remove,
    [Symbol.asyncDispose]: remove,
  };
}

async function patiently(program: string, args: readonly string[], input = ''): Promise<void> {
  await until(`${program} has succeeded`, async () => {
    const { code, stderr } = await run(program, args, { input, check: false });
    // 12: userdel could not remove the mail spool, which does not exist.
    if (code === 0 || (program.endsWith('userdel') && code === 12)) return true;
    if (/lock|try again|in use/i.test(stderr)) return false;
    throw new Error(`${program} ${args.join(' ')}: ${code} ${stderr}`);
  });
}
