/**
 * The one script that finds, installs and starts the helper on a host, in one round trip where the helper is there.
 *
 * It passes through the account's login shell as `sh -c '…'`, whichever shell that is, so it is one line and has no single
 * quote, backslash or `!` (csh reads history even in quotes). It is POSIX sh, and uses nothing that BusyBox lacks. Only
 * constants and our own checked words are put into it; what the host has (paths, names) stays in variables there.
 *
 * All that it says begins with a random marker, so that what login scripts print is told apart. The marker's text is
 * joined on the host: a wrapper that prints each command it runs does not print the marker.
 */
import { randomBytes } from 'node:crypto';
import { checkScript } from '../transport/argv.ts';
import type { Binaries } from './binaries.ts';

/** How many folders the script knows, for the user and for root alike. */
export const folderCount = 3;

export interface HostScriptOptions {
  readonly marker: Marker;
  readonly binaries: Pick<Binaries, 'version' | 'build' | 'all'>;
  /** First folder, from 1, in which a helper that is there already is started. */
  readonly find: number;
  /** First folder, from 1, into which the helper is put if none was started. */
  readonly make: number;
  /** Folders and rules for the copy that runs with root's rights. */
  readonly root: boolean;
}

export interface Marker {
  readonly text: string;
  /** Shell text that sets `M` to it. */
  readonly assignment: string;
}

export function newMarker(): Marker {
  const [first, second] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')];
  return { text: `${first}-${second}`, assignment: `M=${first}; M=$M-${second};` };
}

/** Folders by index, as far as they can be named without the host's answer. */
export const rootFolders = [
  '/run/linux-namespaces/helper',
  '/var/lib/linux-namespaces/helper',
  '/tmp/linux-namespaces-0',
] as const;

const userFolders = [
  'c=; case $HOME in /*) c=$HOME/.cache/linux-namespaces;; esac;',
  'case $XDG_CACHE_HOME in /*) c=$XDG_CACHE_HOME/linux-namespaces;; esac;',
  'x=; case $XDG_RUNTIME_DIR in /*) x=$XDG_RUNTIME_DIR/linux-namespaces;; esac;',
  'set -- "$c" "$x" "/tmp/linux-namespaces-$u";',
];

/**
 * Where sudoers sets no secure_path, root would look for programs in the account's own folders. The last two are those of
 * NixOS and Guix, which have nothing in the others. LC_ALL is what we ran sudo with.
 */
const rootEnvironment = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin;',
  'PATH=$PATH:/run/current-system/sw/bin:/run/current-system/profile/bin; export PATH; unset LC_ALL;',
];

/** The user id from /proc costs no process; on a busy host each process costs as much as the whole start should. */
const whoAndWhat = [
  'set -f; u=; while read -r k v w x; do case $k in Uid:) u=$w; break;; esac; done 2>/dev/null </proc/self/status;',
  '[ "$u" ] || u=$(id -u); set -- $(uname -sm); s=$1 a=$2; echo "$M host $u $s $a";',
];

/**
 * `v` judges folder `d`: status 0 when nobody but the user and root can put something else there. Sets `r` to the reason,
 * and F, G, Z to mode, owner and size of the helper's file in it. The parent may be open only when it is sticky.
 * The entry itself is looked at, not what a symbolic link leads to: once it is our own folder in a sticky or closed parent,
 * nobody can exchange it. Environment variables that change what GNU ls prints are overridden.
 */
const judgeFolder = [
  'v() { set -- $(cd "${d%/*}/" 2>/dev/null && b=./${d##*/} &&',
  'LC_ALL=C LS_BLOCK_SIZE=1 TIME_STYLE=locale ls -ldn . "$b" "$b/$n" 2>/dev/null);',
  'F=${19} G=${21} Z=${23};',
  'case ${10} in d*) ;; l*) r=symlink; return 1;; *) r=missing; return 1;; esac;',
  'r=parent; case $3 in 0|$u) ;; *) return 1;; esac;',
  'case $1 in @parent@|d????????[tT]*) ;; *) return 1;; esac;',
  'r=owner; case ${12} in 0|$u) ;; *) return 1;; esac;',
  'r=mode; case ${10} in d????-??-*) ;; *) return 1;; esac; r=; };',
];

/** `g FILE` compares the hash. Where the host cannot compute one: status `y`. */
const judgeHash = [
  'g() { set -- $(sha256sum 2>/dev/null <"$1"); case $1 in $h) ;; "") return $y;; *) return 1;; esac; };',
];

/**
 * Size before anything is run: a shell would read a truncated program as a script. The user's own copy is not hashed,
 * which would cost one more process: it says its build when it starts, and we replace it when that is another one.
 */
const findHelper = [
  'y=1; i=0; for d do i=$((i+1)); if [ $i -ge @find@ ] && [ "$d" ] && v && [ "$Z" = $z ]; then',
  'case $F in -r?x?-??-*) case $G in 0|$u) f=$d/$n;',
  'if [ -x "$f" ] @hashed@; then echo "$M run $i"; exec "$f" serve; fi;;',
  'esac;; esac; fi; done;',
];

/**
 * The first folder that will do gets the file through our stdin: we say `want`, the other side sends exactly that many bytes
 * and then waits for the helper to speak, so nothing of what follows can be read too early by a `head` that reads ahead.
 * The connection's end, or a signal, ends the copy and leaves no file behind. SSH vouches for the bytes on their way, their
 * number for the disk, and the new file for itself by its build hash; for root's copy its hash is taken as well.
 */
const makeHelper = [
  'y=0; i=0; for d do i=$((i+1)); [ $i -ge @make@ ] || continue;',
  '[ "$d" ] || { echo "$M no $i unset"; continue; };',
  'echo "$M at $i $d";',
  'e=$( (umask @umask@; mkdir -p "$d") 2>&1);',
  'v || { echo "$M no $i $r $e"; continue; };',
  '[ -w "$d" ] || { echo "$M no $i unwritable"; continue; };',
  'f=$d/$n; t=$f.@random@.part;',
  'c() { rm -f "$t"; }; trap c 0; trap "exit 1" 1 2 13 15;',
  'echo "$M want $i";',
  'e=$( (umask 077; set -C; if head -c 1 </dev/null >/dev/null; then head -c $z; else dd bs=1 count=$z; fi >"$t") 2>&1);',
  'w=$(wc -c 2>/dev/null <"$t"); q=;',
  'r=short; [ ${w:-0} -eq $z ] && @checked@ r=noexec && chmod 700 "$t" && [ -x "$t" ] && r=run &&',
  '{ e=$("$t" version 2>&1 </dev/null) || { q=$?; false; }; } && r=build && case $e in *@build@*) ;; *) false;; esac &&',
  'r=rename && e=$(mv -f "$t" "$f" 2>&1) && r=;',
  '[ "$r" ] && { echo "$M no $i $r ${q:-${w:-0}}" $e; exit 4; };',
];

/**
 * Other versions go at once: a running one does not need its name. Parts that nobody has written to for an hour are left
 * from a host that crashed; newer ones may belong to another window. `-O` and -mmin are in all shells and finds that
 * matter; where not, nothing is removed.
 */
const removeOld = [
  'set +f; for o in "$d"/nshelper-*-"$a"; do case $o in "$f") ;;',
  '*) [ -f "$o" ] && [ -O "$o" ] && rm -f "$o";; esac; done;',
  'for o in "$d"/nshelper-*.part; do if [ -f "$o" ]; then',
  'find "$d" -maxdepth 1 -type f -user "$u" -name "nshelper-*.part" -mmin +60 -exec rm -f {} + 2>/dev/null;',
  'break; fi; done;',
];

const startHelper = ['trap - 0 1 2 13 15; echo "$M run $i"; exec "$f" serve; done; echo "$M none"; exit 5'];

/** Throws when a word that would be put into the script is not plain. */
export function hostScript(options: HostScriptOptions): string {
  const { binaries, marker, root } = options;
  const machines = binaries.all.map(
    ({ machine, size, sha256 }) => `Linux-${plainWord(machine)}) z=${size} h=${plainWord(sha256)};;`,
  );
  const script = [
    marker.assignment,
    ...(root ? rootEnvironment : []),
    ...whoAndWhat,
    `case $s-$a in ${machines.join(' ')} *) echo "$M unsupported"; exit 3;; esac;`,
    `n=nshelper-${plainWord(binaries.version)}-${plainWord(binaries.build)}-$a;`,
    ...(root ? [`set -- ${rootFolders.join(' ')};`] : userFolders),
    ...judgeFolder,
    ...judgeHash,
    ...findHelper,
    ...makeHelper,
    ...removeOld,
    ...startHelper,
  ].join(' ');
  const words: Readonly<Record<string, string>> = {
    find: String(options.find),
    make: String(options.make),
    random: randomBytes(6).toString('hex'),
    build: plainWord(binaries.build),
    umask: root ? '022' : '077',
    // Others in the user's own group are let pass: many systems give each user a group and make folders writable by it.
    parent: root ? 'd????-??-*' : 'd???????-*',
    // Root starts nothing whose hash is not known.
    hashed: root ? '&& g "$f"' : '',
    checked: root ? 'r=hash && g "$t" &&' : '',
  };
  const text = script.replaceAll(/@(\w+)@/g, (_, name: string) => words[name] ?? name);
  checkScript(text);
  return text;
}

function plainWord(word: string): string {
  if (!/^[A-Za-z0-9._]+$/.test(word)) throw new Error(`not a plain word: ${JSON.stringify(word)}`);
  return word;
}
