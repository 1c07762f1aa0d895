/** A Go program and Delve, which debugs it. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { withPackages } from './debian-packages.ts';
import { output } from './process.ts';
import { missing } from './requirements.ts';

const program = `package main

import (
	"fmt"
	"os"
	"time"
)

func twice(number int) int {
	result := number * 2
	return result
}

func main() {
	total := 0
	for number := 0; number < 3; number++ {
		total += twice(number)
	}
	folder, _ := os.Getwd()
	fmt.Println("total", total, folder, os.Getuid(), os.Getenv("COLOUR"), os.Args[1:])
	for len(os.Args) > 1 && os.Args[1] == "on" {
		total = twice(total) % 1000
		time.Sleep(10 * time.Millisecond)
	}
}
`;

/** The line in `twice` with the result. */
export const goLine = 11;

/** A folder with `dlv`, `main` and `main.go`, made once: packages of Debian 12, of which the compiler is thrown away again. */
export async function goFolder(): Promise<string> {
  const hash = createHash('sha256').update(program).digest('hex').slice(0, 16);
  // Where it is compiled is where the debugger looks for the source.
  const folder = join(cacheFolder('go'), hash);
  if (existsSync(join(folder, 'main'))) return folder;
  mkdirSync(folder, { recursive: true });
  await withPackages(
    'bookworm',
    () => ['delve', 'golang-1.19-go', 'golang-1.19-src'],
    async (root) => {
      const tools = join(root, 'usr/lib/go-1.19');
      const env = {
        GOROOT: tools,
        GOCACHE: join(root, 'cache'),
        GOENV: 'off',
        GOFLAGS: '',
        GO111MODULE: 'off',
        CGO_ENABLED: '0',
      };
      writeFileSync(join(folder, 'main.go'), program);
      const words = ['build', '-gcflags=all=-N -l', '-o', join(root, 'main'), join(folder, 'main.go')];
      await output([join(tools, 'bin/go'), ...words], { env, cwd: folder, deadline: 300_000 });
      copyFileSync(join(root, 'usr/bin/dlv'), join(folder, 'dlv'));
      renameSync(join(root, 'main'), join(folder, 'main'));
    },
  ).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  return folder;
}

/** Why there is none; false where it can be made. */
export function goMissing(): string | false {
  if (process.arch !== 'x64') return 'needs an x86_64 machine';
  return missing('root', 'apt-get', 'dpkg-deb');
}
