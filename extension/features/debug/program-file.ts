/** Whether there is something to launch, looked at in the target's own files. Free of `vscode`. */
import { openFiles, type FileClient } from '../../files/client.ts';
import { FileError } from '../../files/errors.ts';
import type { FileStatus } from '../../files/protocol.ts';
import type { FactsRecord } from '../../helper/protocol.ts';
import type { HelperSession } from '../../helper/session.ts';
import type { Graph } from '../../model/types.ts';
import { displayText } from '../../model/text.ts';
import type { LaunchOptions } from './configuration.ts';
import { executableOf } from './executable.ts';
import type { Place } from './places.ts';

/** Bytes of a program in which its headers are. */
const beginning = 4096;

interface Where {
  readonly session: HelperSession;
  readonly facts: Pick<FactsRecord, 'own'>;
  readonly graph: Pick<Graph, 'processes'>;
  readonly place: Place | undefined;
}

/** What is known of a path: its status, or that there is none. Undefined: the helper may not see it. */
type Found = FileStatus | 'missing' | undefined;

/**
 * What is certainly wrong with the program or its working directory, in words. Undefined where nothing is, and where nothing is
 * known. Never rejects.
 * @param executes the program itself is executed, and not read by an interpreter
 */
export async function programProblem(
  where: Where,
  { program, cwd, adapter }: Pick<LaunchOptions, 'program' | 'cwd' | 'adapter'>,
  executes: boolean,
): Promise<string | undefined> {
  const words = rootWords(where);
  // What an adapter that is not known takes for a program need not be a file.
  if (typeof adapter === 'object' || words === undefined || !program.startsWith('/')) return undefined;
  let client: FileClient | undefined;
  try {
    client = await openFiles(where.session, words);
    const [file, folder] = await Promise.all([
      statusOf(client, program),
      cwd === undefined ? undefined : statusOf(client, cwd),
    ]);
    const target = where.place?.entry.name ?? 'the host’s own files';
    const problem = fileProblem(program, file, executes, target) ?? folderProblem(cwd, folder, target);
    if (problem !== undefined || !executes || file === undefined) return problem;
    return await contentProblem(client, program, target);
  } catch {
    // Whoever may not see the files may still be let run the program.
    return undefined;
  } finally {
    client?.dispose();
  }
}

/** Words after `file` for the root in which the program will be; undefined where no process has it. */
function rootWords({ place, graph, facts: { own } }: Where): readonly string[] | undefined {
  const process = place?.root === undefined ? undefined : graph.processes.get(place.root);
  if (process !== undefined) return [`--target=pid:${process.pid}:${process.start}`];
  const hasOwn = place?.entry.types.includes('mnt') === true || place?.root !== undefined;
  return hasOwn || own.mnt === undefined ? undefined : [`--target=mnt:${own.mnt}`];
}

async function statusOf(client: FileClient, path: string): Promise<Found> {
  try {
    return await client.status(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return error.errno === 'ENOENT' || error.errno === 'ENOTDIR' ? 'missing' : undefined;
  }
}

function fileProblem(program: string, found: Found, executes: boolean, target: string): string | undefined {
  if (found === undefined) return undefined;
  if (found === 'missing' || found.kind === 'link')
    return `There is no file ${program} in ${target}. "program" is its path there; where the editor has its sources is for "pathMappings" to say.`;
  if (found.kind === 'folder') return `${program} in ${target} is a folder. "program" is the path of a file.`;
  // Even root may not execute what nobody may, execve(2).
  if (executes && (found.mode & 0o111) === 0)
    return `${program} in ${target} may not be executed: its mode is ${found.mode.toString(8)}. Make it executable (chmod +x).`;
  return undefined;
}

async function contentProblem(client: FileClient, program: string, target: string): Promise<string | undefined> {
  const executable = executableOf(await client.head(program, beginning));
  if (executable.kind === 'script')
    return `${program} in ${target} is a script for ${displayText(executable.interpreter)}. Launch its interpreter with the script as the first of "args", or name the "adapter" for its language.`;
  const loader = executable.kind === 'elf' ? executable.loader : undefined;
  if (loader === undefined || (await statusOf(client, loader)) !== 'missing') return undefined;
  return `${program} is there, but ${displayText(loader)}, which it names as its dynamic loader, is missing in ${target}: execve(2) fails with ENOENT. It was built for another C library or another system; build it statically, or for this root.`;
}

function folderProblem(cwd: string | undefined, found: Found, target: string): string | undefined {
  if (found === undefined || (found !== 'missing' && found.kind === 'folder')) return undefined;
  return `The working directory ${cwd} ${found === 'missing' ? 'is not there' : 'is no folder'} in ${target}. "cwd" is a folder there.`;
}
