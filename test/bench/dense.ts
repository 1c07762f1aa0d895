/** Files of a megabyte in which every line says something: what takes a language server longest. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostile } from '../language/support/hostile.ts';
import type { DialectId } from '../../server/language/protocol.ts';

export const megabyte = 1 << 20;

export interface DenseText {
  readonly name: string;
  /** How its name ends, by which the server knows its kind. */
  readonly ending: string;
  readonly languageId: string;
  readonly text: string;
}

interface Made extends Pick<DenseText, 'ending' | 'languageId'> {
  readonly before?: string;
  readonly after?: string;
  /** Statements with something wrong in nearly each of them, and such as are right. */
  readonly faulty: (number: number) => string;
  readonly right: (number: number) => string;
  /** The last of a list, without a comma. */
  readonly end?: string;
}

const deployment = (number: number, spec: string, container: string): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-${number}
spec:
  selector:
    matchLabels: { app: web-${number} }
  template:
    metadata:
      labels: { app: web-${number} }
    spec:
      ${spec}
      containers:
        - name: web
          image: registry.example/web:${number}
          ports:
            - containerPort: 8080
          securityContext:
            ${container}
---
`;

export function faultyDeployment(number: number): string {
  return deployment(number, 'hostNetwork: true\n      hostPID: true', 'privileged: true');
}

const made: Readonly<Record<DialectId, Made>> = {
  oci: {
    ending: 'config.json',
    languageId: 'json',
    before: '{"ociVersion":"1.2.0","root":{"path":"rootfs"},"linux":{"namespaces":[{"type":"mount"}]},"mounts":[',
    faulty: (number) =>
      `{"destination":"data/${number}","type":"bind","source":"/srv/${number}","options":["rbind","rshared","idmap"]},\n`,
    right: (number) =>
      `{"destination":"/data/${number}","type":"bind","source":"/srv/${number}","options":["rbind","ro","nosuid"]},\n`,
    after: ']}',
    end: '{"destination":"/data","type":"bind","source":"/srv","options":["rbind"]}',
  },
  compose: {
    ending: 'compose.yaml',
    languageId: 'yaml',
    before: 'services:\n',
    faulty: (number) =>
      `  web${number}:\n    image: nginx:${number}\n    privileged: true\n    network_mode: host\n    pid: host\n    hostname: a${number}\n    uts: host\n    ports: ["80:80"]\n    cap_add: [SYS_ADMIN]\n`,
    right: (number) =>
      `  web${number}:\n    image: nginx:${number}\n    environment:\n      - A=${number}\n      - B=c\n    volumes:\n      - data${number}:/data\n    networks: [front, back]\n    restart: always\n`,
  },
  kubernetes: {
    ending: 'web.yaml',
    languageId: 'yaml',
    faulty: faultyDeployment,
    right: (number) => deployment(number, 'shareProcessNamespace: false', 'runAsNonRoot: true'),
  },
  systemd: {
    ending: 'web.service',
    languageId: 'ini',
    before: '[Service]\nExecStart=/usr/bin/web\n',
    faulty: (number) =>
      `PrivateNetwrk=yes\nPrivateUsers=maybe${number}\nNetworkNamespacePath=run/${number}\nMountFlags=shared\nBindPaths=a${number}\n`,
    right: (number) =>
      `ExecStartPre=/usr/bin/install -d /run/web${number}\nEnvironment=A${number}=b\nBindPaths=/srv/a${number}:/srv/b\nPrivateTmp=yes\n`,
  },
  devcontainer: {
    ending: 'devcontainer.json',
    languageId: 'jsonc',
    before: '{"image":"web","runArgs":[',
    faulty: (number) => `"--pid=host","--cap-add=SYS_ADMIN","--network=host","--userns=bad${number}",\n`,
    right: (number) => `"--env=A${number}=b","--label","x${number}",\n`,
    after: ']}',
    end: '"--rm"',
  },
  shell: {
    ending: 'web.sh',
    languageId: 'shellscript',
    faulty: (number) =>
      `unshare --pid --user ps ${number}\ndocker run --privileged --pid=host --network=host -p ${number % 60_000}:80 web\nnsenter --target "$pid" --all sh\nip netns exec web${number} ip link set lo up\n`,
    right: (number) =>
      `mkdir -p "$DIR/a${number}" && cp -r src/file${number}.txt "$DIR/a${number}/" 2>/dev/null\ndocker run --rm --name web${number} -v data${number}:/data --user 1000:1000 image${number} serve --all\nunshare --user --map-root-user --pid --fork --mount-proc --kill-child sh -c 'id ${number}'\n`,
  },
};

/** The kinds of which a file may be several, one behind the other. */
const inOneFile: readonly DialectId[] = ['compose', 'kubernetes', 'systemd', 'shell'];

function megabyteOf(part: (number: number) => string): string {
  const parts: string[] = [];
  for (let number = 0, length = 0; length < megabyte; number++) {
    const one = part(number);
    parts.push(one);
    length += one.length;
  }
  return parts.join('');
}

function fixturesOf(root: string, id: DialectId): readonly { readonly name: string; readonly text: string }[] {
  return readdirSync(join(root, 'test', 'language', 'fixtures', id), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => ({ name, text: readFileSync(join(parentPath, name), 'utf8') }));
}

/** Wrong nearly everywhere: made up, and each fixture of the tests over and over. No part is like another, so that none is known already. */
export function faultyTexts(root: string, id: DialectId): readonly DenseText[] {
  const { before = '', after = '', faulty, end = '', ending, languageId } = made[id];
  const fixtures = inOneFile.includes(id) ? fixturesOf(root, id) : [];
  return [
    { name: 'made up', ending, languageId, text: before + megabyteOf(faulty) + end + after },
    ...fixtures.map(({ name, text: fixture }) => {
      const between = id === 'kubernetes' ? '---\n' : '';
      const text = megabyteOf((number) => `${fixture}\n${between}# ${number}\n`);
      return { name, ending: id === 'kubernetes' ? ending : name, languageId, text };
    }),
  ];
}

export function rightText(id: DialectId): DenseText {
  const { before = '', after = '', right, end = '', ending, languageId } = made[id];
  return { name: 'made up', ending, languageId, text: before + megabyteOf(right) + end + after };
}

/** Texts made to take long, a megabyte of each, behind something that makes them worth reading. */
export function hostileTexts(root: string, id: DialectId): readonly DenseText[] {
  const { ending, languageId } = made[id];
  const [first] = fixturesOf(root, id);
  return Object.entries(hostile).flatMap(([name, make]) => {
    const part = make();
    if (part.length < 50_000) return [];
    const text = (first?.text ?? '') + part.repeat(Math.ceil(megabyte / part.length));
    return [{ name, ending: id === 'systemd' ? (first?.name ?? ending) : ending, languageId, text }];
  });
}
