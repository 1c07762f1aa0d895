import assert from 'node:assert/strict';
import test from 'node:test';
import { cgroupIdentity } from '../../../extension/model/naming/cgroups.ts';
import { unescapeUnit } from '../../../extension/model/naming/units.ts';

const id = '4dfa46e4c5b847daa2bc4fa50ed40f9f47fb6ea79147ab5394f4214bd0ca81b5';
const short = '4dfa46e4c5b8';
const uid = '8f14e45f-ceea-467f-9b1a-2c3d4e5f6071';
const uidInSlice = uid.replaceAll('-', '_');
const uuid = '0b2a3c4d-1111-4222-8333-444455556666';

interface Case {
  readonly path: string;
  /** `kind name`; undefined when the path names nobody. */
  readonly is: string | undefined;
  readonly detail?: string;
}

/** Real paths, each manager's beside what only looks like it. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  docker: [
    { path: `/system.slice/docker-${id}.scope`, is: `docker ${short}`, detail: id },
    { path: `/docker/${id}`, is: `docker ${short}` },
    { path: `/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${id}.scope`, is: `docker ${short}` },
    { path: `/system.slice/docker-${id}.scope/init`, is: `docker ${short}` },
    { path: `/moby/${id}`, is: `docker ${short}` },
    // Its services are not its containers, and an id is whole.
    { path: '/system.slice/docker.service', is: 'unit docker.service' },
    { path: `/system.slice/docker-${id.slice(1)}.scope`, is: `unit docker-${id.slice(1)}.scope` },
    { path: `/system.slice/docker-${id.toUpperCase()}.scope`, is: `unit docker-${id.toUpperCase()}.scope` },
    { path: '/docker/buildx', is: undefined },
    { path: '/docker', is: undefined },
  ],
  podman: [
    { path: `/machine.slice/libpod-${id}.scope`, is: `podman ${short}`, detail: id },
    { path: `/machine.slice/libpod-${id}.scope/container`, is: `podman ${short}` },
    { path: `/libpod_parent/libpod-${id}`, is: `podman ${short}` },
    {
      path: `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container`,
      is: `podman ${short}`,
    },
    { path: `/machine.slice/machine-libpod_pod_${id}.slice/libpod-${id}.scope`, is: `podman ${short}` },
    { path: `/system.slice/web.service/libpod-payload-${id}`, is: `podman ${short}` },
    { path: `/machine.slice/libpod-conmon-${id}.scope`, is: `podman monitor of ${short}` },
    { path: '/libpod_parent/conmon', is: undefined },
    { path: '/system.slice/web.service/runtime', is: 'unit web.service' },
    { path: `/machine.slice/libpod-${id.slice(0, 12)}.scope`, is: `unit libpod-${id.slice(0, 12)}.scope` },
  ],
  kubernetes: [
    {
      path: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uidInSlice}.slice/cri-containerd-${id}.scope`,
      is: 'kubernetes pod 8f14e45f',
      detail: uid,
    },
    {
      path: `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${uidInSlice}.slice/crio-${id}.scope`,
      is: 'kubernetes pod 8f14e45f',
    },
    { path: `/kubepods.slice/kubepods-pod${uidInSlice}.slice/docker-${id}.scope`, is: 'kubernetes pod 8f14e45f' },
    { path: `/kubepods/burstable/pod${uid}/${id}`, is: 'kubernetes pod 8f14e45f', detail: uid },
    { path: `/kubepods/pod${uid}/${id}`, is: 'kubernetes pod 8f14e45f' },
    // A static pod's uid is a hash without dashes.
    { path: `/kubepods/besteffort/pod${uid.replaceAll('-', '')}/${id}`, is: 'kubernetes pod 8f14e45f' },
    {
      path: `/docker/${id}/kubelet/kubepods/besteffort/pod${uid}/${id}`,
      is: 'kubernetes pod 8f14e45f',
    },
    {
      path: `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${uidInSlice}.slice/cri-containerd-${id}.scope`,
      is: 'kubernetes pod 8f14e45f',
    },
    {
      path: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uidInSlice}.slice/crio-conmon-${id}.scope`,
      is: `cri-o monitor of ${short}`,
    },
    // A container that a container of the pod made is its own.
    { path: `/kubepods/burstable/pod${uid}/${id}/docker/${'a'.repeat(64)}`, is: 'docker aaaaaaaaaaaa' },
    { path: `/machine/pod${uid}`, is: undefined },
    { path: '/kubepods/burstable/podinfo', is: undefined },
    { path: '/kubepods.slice/kubepods-burstable.slice', is: undefined },
    { path: '/system.slice/kubelet.service', is: 'unit kubelet.service' },
  ],
  'cri-o': [
    { path: `/system.slice/crio-${id}.scope`, is: `cri-o ${short}`, detail: id },
    { path: `/system.slice/crio-conmon-${id}.scope`, is: `cri-o monitor of ${short}` },
    { path: '/system.slice/crio.service', is: 'unit crio.service' },
    { path: '/system.slice/crio-wipe.service', is: 'unit crio-wipe.service' },
  ],
  containerd: [
    { path: `/system.slice/nerdctl-${id}.scope`, is: `containerd ${short}`, detail: id },
    { path: `/default/${id}`, is: `containerd ${short}` },
    { path: `/k8s.io/${id}`, is: `containerd ${short}` },
    { path: '/system.slice/containerd.service', is: 'unit containerd.service' },
    { path: '/system.slice/nerdctl-build.scope', is: 'unit nerdctl-build.scope' },
    // An id below a parent that somebody chose: a container, whoever made it.
    { path: `/batch/${id}`, is: `container ${short}` },
    { path: `/${id}`, is: `container ${short}` },
    { path: `/batch/${id}0`, is: undefined },
  ],
  lxc: [
    { path: '/lxc.payload.web', is: 'lxc web' },
    { path: '/lxc.payload.web/system.slice/nginx.service', is: 'lxc web' },
    { path: '/lxc.payload.staging_web/init.scope', is: 'lxc staging_web' },
    { path: '/lxc/101', is: 'lxc 101' },
    { path: '/lxc/101/ns/init.scope', is: 'lxc 101' },
    { path: '/lxc.monitor.web', is: 'lxc monitor of web' },
    { path: '/lxc.monitor/101', is: 'lxc monitor of 101' },
    { path: `/lxc.payload.web/docker/${id}`, is: `docker ${short}` },
    { path: '/system.slice/lxc.service', is: 'unit lxc.service' },
    { path: '/system.slice/lxc-net.service', is: 'unit lxc-net.service' },
    { path: '/lxc', is: undefined },
    { path: '/lxc.payload', is: undefined },
  ],
  machine: [
    { path: '/machine.slice/machine-debian\\x2dsid.scope', is: 'machine debian-sid' },
    { path: '/machine.slice/machine-web.scope/payload/system.slice/cron.service', is: 'machine web' },
    { path: '/machine.slice/systemd-nspawn@web.service/payload', is: 'machine web' },
    { path: '/machine.slice/systemd-nspawn@a\\x2db.service/supervisor', is: 'machine a-b' },
    { path: '/machine.slice/machine-qemu\\x2d1\\x2dvm.scope', is: 'machine qemu-1-vm' },
    { path: '/system.slice/systemd-machined.service', is: 'unit systemd-machined.service' },
    { path: '/machine.slice/machine-libpod_pod_x.slice', is: undefined },
    { path: '/machine.slice', is: undefined },
  ],
  snap: [
    { path: '/system.slice/snap.lxd.daemon.service', is: 'snap lxd.daemon', detail: 'snap.lxd.daemon.service' },
    {
      path: `/user.slice/user-1000.slice/user@1000.service/app.slice/snap.firefox.firefox-${uuid}.scope`,
      is: 'snap firefox',
    },
    {
      path: `/user.slice/user-1000.slice/user@1000.service/snap.code.url-handler.${uuid}.scope`,
      is: 'snap code.url-handler',
    },
    { path: '/system.slice/snapd.service', is: 'unit snapd.service' },
    { path: '/system.slice/snap-core20-1234.mount', is: 'unit snap-core20-1234.mount' },
    { path: '/system.slice/snap.firefox.slice', is: undefined },
  ],
  flatpak: [
    {
      path: '/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.gnome.Maps-4711.scope',
      is: 'flatpak org.gnome.Maps',
      detail: 'app-flatpak-org.gnome.Maps-4711.scope',
    },
    { path: '/user@1000.service/app.slice/app-flatpak-com.x.Dash\\x2dBoard-1.scope', is: 'flatpak com.x.Dash-Board' },
    { path: '/user@1000.service/app.slice/flatpak-portal.service', is: 'unit flatpak-portal.service' },
    { path: '/user@1000.service/app.slice/app-gnome-org.gnome.Maps-4711.scope', is: 'unit org.gnome.Maps' },
  ],
  unit: [
    { path: '/system.slice/nginx.service', is: 'unit nginx.service' },
    { path: '/system.slice/system-getty.slice/getty@tty1.service', is: 'unit getty@tty1.service' },
    { path: '/system.slice/nginx.service/worker', is: 'unit nginx.service' },
    {
      path: '/user.slice/user-1000.slice/user@1000.service/session.slice/pipewire.service',
      is: 'unit pipewire.service',
    },
    { path: '/user.slice/user-1000.slice/session-3.scope', is: 'unit session-3.scope' },
    {
      path: '/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.kde.konsole-0a1b.scope',
      is: 'unit org.kde.konsole',
      detail: 'app-org.kde.konsole-0a1b.scope',
    },
    {
      path: '/user@1000.service/app.slice/app-gnome\\x2dsession\\x2dmanager.slice/gnome-keyring.service',
      is: 'unit gnome-keyring.service',
    },
    { path: '/system.slice/dev-disk-by\\x2duuid-1.swap', is: 'unit dev-disk-by-uuid-1.swap' },
    { path: '/user.slice', is: undefined },
    { path: '/', is: undefined },
    { path: '', is: undefined },
    { path: '/../../x', is: undefined },
  ],
};

for (const [manager, list] of Object.entries(cases)) {
  void test(`cgroups of ${manager}, and what only looks like it`, () => {
    for (const { path, is, detail } of list) {
      const identity = cgroupIdentity(path);
      assert.equal(identity === undefined ? undefined : `${identity.kind} ${identity.name}`, is, path);
      if (detail !== undefined) assert.equal(identity?.detail, detail, path);
    }
  });
}

function ids(paths: readonly string[]): Set<string | undefined> {
  return new Set(paths.map((path) => cgroupIdentity(path)?.id));
}

void test('one container has one identity in all its cgroups, two never share one', () => {
  assert.equal(ids([`/docker/${id}`, `/system.slice/docker-${id}.scope`, `/docker/${id}/init`]).size, 1);
  assert.equal(
    ids([`/kubepods/pod${uid}/${id}`, `/kubepods.slice/kubepods-pod${uidInSlice}.slice/crio-${id}.scope`]).size,
    1,
  );
  assert.equal(ids([`/docker/${id}`, `/machine.slice/libpod-${id}.scope`, `/default/${id}`]).size, 3);
  // The same unit of two users.
  const users = ['1000', '1001'].map((user) => `/user.slice/user-${user}.slice/user@${user}.service/a.slice/p.service`);
  assert.equal(ids(users).size, 2);
});

const weak = (path: string): boolean => cgroupIdentity(path)?.weak === true;

void test('units in which people start all kinds of things are known as such', () => {
  const yes = [
    'session-3.scope',
    'session-c2.scope',
    'user@1000.service',
    'init.scope',
    'vte-spawn-1a2b.scope',
    'run-u12.scope',
  ];
  for (const unit of [...yes, 'run-p123-i456.service', 'tmux-spawn-x.scope', 'ssh.service', 'sshd@1.service']) {
    assert.ok(weak(`/system.slice/${unit}`), unit);
  }
  for (const unit of ['nginx.service', 'session.service', 'user@root.service', 'running.service', 'sshguard.service']) {
    assert.ok(!weak(`/system.slice/${unit}`), unit);
  }
});

void test('unit names are unescaped as systemd.unit(5) says', () => {
  assert.equal(unescapeUnit('a\\x2db\\x20c'), 'a-b c');
  assert.equal(unescapeUnit('caf\\xc3\\xa9'), 'café');
  // No UTF-8, and no escape.
  assert.equal(unescapeUnit('\\xff\\xzz\\x2'), '\\xff\\xzz\\x2');
});
