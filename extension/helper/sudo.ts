/**
 * Runs the host script as root. The helper that root runs is a copy of its own in folders that only root may write to, so
 * a file that the account could have changed is never run with root's rights. The script itself goes through stdin: its
 * text cannot be quoted within a quoted command line. The password goes there too, and never anywhere else.
 */
import type { SecretAnswer } from '../transport/interaction.ts';
import type { Transport } from '../transport/transport.ts';
import type { Launch } from './deploy.ts';
import { cancelled, lost } from './failures.ts';
import { newMarker, type Marker } from './host-script.ts';
import { plain } from './lines.ts';
import { execute, start } from './processes.ts';
import { explain, failed, missing } from './sudo-errors.ts';
import { Credentials, SudoLaunch, type SudoOptions } from './sudo-launch.ts';

/**
 * Finds out how the account may become root, and asks for the password where one is needed. Rejects with
 * ConnectionError. A password is tried once: repeated failures lock accounts on many hosts.
 */
export async function elevate(transport: Transport, options: SudoOptions): Promise<Launch> {
  options.onStage('Asking for administrator rights');
  const launcher = (answer: SecretAnswer | undefined): Launch => {
    const credentials = new Credentials(options, answer);
    return async (script, marker) => {
      const command = { script: runner(marker, credentials.flags) };
      return new SudoLaunch(await start(transport, command, options.signal), script, marker, credentials, options);
    };
  };
  const marker = newMarker();
  const { stdout, stderr, exit } = await execute(transport, { script: probe(marker) }, options.signal);
  // What login scripts printed comes before the fence.
  const said = stderr.slice(stderr.lastIndexOf(marker.text) + marker.text.length);
  if (stdout.includes(`${marker.text} root`)) {
    return async (script) => ({ process: await start(transport, { script }, options.signal) });
  }
  if (stdout.includes(`${marker.text} missing`)) throw missing(options.subject);
  if (stdout.includes(`${marker.text} free`)) return launcher(undefined);
  if (!stdout.includes(`${marker.text} locked`)) {
    if (exit.code === undefined && exit.signal === undefined) {
      throw lost();
    }
    throw failed(options.subject, plain(stderr) || 'it ended without a word');
  }
  const final = explain(said, options.subject);
  if (final !== undefined) throw final;
  const { subject, interaction, signal } = options;
  const answer = await interaction.askSecret(
    {
      kind: 'sudo',
      subject,
      prompt: `Password of ${subject} for sudo`,
      echo: false,
      storeKey: `sudo:${subject}`,
    },
    signal,
  );
  if (signal.aborted || answer === undefined) throw cancelled(signal);
  return launcher(answer);
}

/** Tries without a password, which also counts as no attempt. `true`-like: `:` in the shell that is needed later. */
function probe(marker: Marker): string {
  return [
    marker.assignment,
    'LC_ALL=C; export LC_ALL; if [ "$(id -u)" = 0 ]; then echo "$M root";',
    'elif command -v sudo >/dev/null 2>&1; then echo "$M" >&2;',
    'if sudo -n -- /bin/sh -c : </dev/null >/dev/null; then echo "$M free"; else echo "$M locked"; fi;',
    'else echo "$M missing"; fi',
  ].join(' ');
}

/** `ready` first: a login script that reads stdin must not get what follows. */
function runner(marker: Marker, how: string): string {
  return [
    marker.assignment,
    'echo "$M ready"; IFS= read -r s || exit 6; LC_ALL=C; export LC_ALL;',
    `echo "$M" >&2; exec sudo ${how} -- /bin/sh -c "$s"`,
  ].join(' ');
}
