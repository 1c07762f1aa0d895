/** Which lines of the configuration hold for one host: Host, Match, Include, first value wins (readconf.c). */
import { userInfo } from 'node:os';
import { broken, type ConfigFile, type LoadedLine } from './config-files.ts';
import { splitArguments } from './config-lines.ts';
import { expand } from './config-tokens.ts';
import { matchesList, matchesPattern } from './patterns.ts';
import { checkHost, checkUser } from './target.ts';

export interface ConfigQuery {
  /** As it was typed or written in ProxyJump. */
  readonly host: string;
  /** From `user@`, which outweighs the configuration. */
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  /** Answers `Match exec`. */
  readonly execute: (command: string) => Promise<boolean>;
}

/** What the configuration says, before tokens and `~` are expanded. Keywords are in lower case. */
export class ConfigOptions {
  readonly #values = new Map<string, readonly string[]>();
  readonly identityFiles: string[] = [];
  readonly warnings: string[] = [];

  get(keyword: string): string | undefined {
    return this.#values.get(keyword)?.[0];
  }

  list(keyword: string): readonly string[] | undefined {
    return this.#values.get(keyword);
  }

  /** The first value of a keyword wins. */
  set(keyword: string, values: readonly string[]): void {
    if (!this.#values.has(keyword)) this.#values.set(keyword, values);
  }

  replace(keyword: string, values: readonly string[]): void {
    this.#values.set(keyword, values);
  }
}

const lists = new Set(['userknownhostsfile', 'globalknownhostsfile']);

export async function selectOptions(files: readonly ConfigFile[], query: ConfigQuery): Promise<ConfigOptions> {
  const options = new ConfigOptions();
  if (query.user !== undefined) options.set('user', [query.user]);
  if (query.port !== undefined) options.set('port', [String(query.port)]);
  const pass = new Pass(options, query, query.host, false);
  await pass.files(files);
  const hostname = hostnameOf(options, query.host).toLowerCase();
  if (pass.wantsFinal) {
    // `Match final` asks for a second reading, in which Host patterns meet the name that HostName gave.
    options.replace('hostname', [hostname.replaceAll('%', '%%')]);
    await new Pass(options, query, hostname, true).files(files);
  }
  return options;
}

/** HostName knows the tokens `%h` (the name as given) and `%%`. */
export function hostnameOf(options: ConfigOptions, host: string): string {
  const hostname = options.get('hostname') ?? host;
  return hostname.replaceAll(/%(.)/g, (token, letter: string) =>
    letter === 'h' ? host : letter === '%' ? '%' : token,
  );
}

class Pass {
  readonly #options: ConfigOptions;
  readonly #query: ConfigQuery;
  readonly #host: string;
  readonly #final: boolean;
  wantsFinal = false;

  constructor(options: ConfigOptions, query: ConfigQuery, host: string, final: boolean) {
    this.#options = options;
    this.#query = query;
    this.#host = host;
    this.#final = final;
  }

  async files(files: readonly ConfigFile[]): Promise<void> {
    for (const file of files) {
      // One after the other: the first value wins, and a Match may ask for what an earlier file set.
      // oxlint-disable-next-line no-await-in-loop
      await this.#file(file, true);
    }
  }

  /** `reachable` is false inside an Include of a section that does not hold: then no Host in there holds either. */
  async #file(file: ConfigFile, reachable: boolean): Promise<void> {
    let active = reachable;
    for (const line of file.lines) {
      if (line.keyword === 'host') {
        active = reachable && this.#hostMatches(line.args);
      } else if (line.keyword === 'match') {
        // oxlint-disable-next-line no-await-in-loop
        active = (await this.#matchHolds(file, line, reachable)) && reachable;
      } else if (line.included !== undefined) {
        for (const included of line.included) {
          // oxlint-disable-next-line no-await-in-loop
          await this.#file(included, active);
        }
      } else if (active) {
        this.#apply(file, line);
      }
    }
  }

  #hostMatches(patterns: readonly string[]): boolean {
    let matched = false;
    for (const pattern of patterns) {
      const negated = pattern.startsWith('!');
      if (!matchesPattern(this.#host, negated ? pattern.slice(1) : pattern)) continue;
      if (negated) return false;
      matched = true;
    }
    return matched;
  }

  async #matchHolds(file: ConfigFile, line: LoadedLine, reachable: boolean): Promise<boolean> {
    const words = matchWords(line.rest);
    if (words.length === 0) throw broken(file.path, line.line, 'Match needs a condition');
    let holds = true;
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? '';
      const negated = word.startsWith('!');
      const criterion = (negated ? word.slice(1) : word).toLowerCase();
      if (criterion === 'all' || criterion === 'final' || criterion === 'canonical') {
        if (criterion === 'all' && words.length > 1) throw broken(file.path, line.line, 'Match all stands alone');
        if (criterion === 'final') this.wantsFinal = true;
        if ((criterion === 'all' || this.#final) === negated) holds = false;
        continue;
      }
      const argument = words[++at];
      if (argument === undefined) throw broken(file.path, line.line, `Match ${criterion} needs an argument`);
      // A command runs only when everything before it held, as in OpenSSH.
      if (criterion === 'exec' && (!holds || !reachable)) continue;
      // oxlint-disable-next-line no-await-in-loop
      const met = await this.#met(criterion, argument);
      if (met === undefined) {
        this.#options.warnings.push(
          `${file.path} line ${line.line}: "Match ${criterion}" is not supported here; the section is left out`,
        );
        holds = false;
      } else if (met === negated) {
        holds = false;
      }
    }
    return holds;
  }

  async #met(criterion: string, argument: string): Promise<boolean | undefined> {
    switch (criterion) {
      case 'host':
        return matchesList(hostnameOf(this.#options, this.#host).toLowerCase(), argument, true);
      case 'originalhost':
        return matchesList(this.#query.host.toLowerCase(), argument, true);
      case 'user':
        return matchesList(this.#options.get('user') ?? userInfo().username, argument, false);
      case 'localuser':
        return matchesList(userInfo().username, argument, false);
      case 'exec':
        return this.#query.execute(this.#commandOf(argument));
      default:
        return undefined;
    }
  }

  #commandOf(argument: string): string {
    const user = this.#options.get('user') ?? userInfo().username;
    const hostname = hostnameOf(this.#options, this.#host);
    checkUser(user, this.#query.host);
    checkHost(hostname, this.#query.host);
    const port = Number(this.#options.get('port') ?? 22);
    const hostKeyAlias = this.#options.get('hostkeyalias');
    const tokens = { original: this.#query.host, hostname, user, port, hostKeyAlias };
    return expand(argument, tokens, 'Match exec', 'command');
  }

  #apply(file: ConfigFile, line: LoadedLine): void {
    const { keyword, args, rest } = line;
    if (keyword === 'identityfile') {
      const [name] = args;
      if (name !== undefined && !this.#options.identityFiles.includes(name)) this.#options.identityFiles.push(name);
    } else if (keyword === 'proxycommand' || keyword === 'proxyjump') {
      // Whichever of the two comes first wins; the other is ignored.
      if (this.#options.get('proxycommand') !== undefined || this.#options.get('proxyjump') !== undefined) return;
      const value = keyword === 'proxyjump' ? (args[0] ?? '') : rest;
      this.#options.set(keyword, [value]);
    } else if (args[0] === undefined) {
      throw broken(file.path, line.line, `no argument after keyword "${keyword}"`);
    } else {
      if (args.length > 1 && single.has(keyword))
        throw broken(file.path, line.line, `extra arguments after ${keyword}`);
      this.#options.set(keyword, lists.has(keyword) ? args : [args[0]]);
    }
  }
}

/** Those that this extension reads and that OpenSSH allows one value only. */
const single = new Set(['hostname', 'user', 'port', 'identityagent', 'hostkeyalias', 'stricthostkeychecking']);

/** Match's words are split at blanks and one `=`, with quotes; a `#` ends them. */
function matchWords(rest: string): readonly string[] {
  return splitArguments(rest) ?? [];
}
