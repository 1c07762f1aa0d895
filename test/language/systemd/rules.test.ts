import { systemd } from '../../../server/language/dialects/systemd.ts';
import { testRules, type RuleCase } from '../support/judging.ts';

const userPath = '/etc/systemd/user/app.service';
const systemPath = '/etc/systemd/system/app.service';

/** A whole service with these lines, and with those in [Unit]. */
function service(settings: string, unit = ''): string {
  return `[Unit]\nDescription=An application\n${unit}\n[Service]\nExecStart=/usr/bin/app\n${settings}\n`;
}

function container(settings: string): string {
  return `[Exec]\nBoot=yes\n${settings}\n`;
}

/** Both texts as lines of a service. */
function lines(flagged: string, clean: string, fixed?: string): RuleCase {
  return {
    flagged: service(flagged),
    clean: service(clean),
    ...(fixed === undefined ? {} : { fixed: service(fixed) }),
  };
}

function unitLines(flagged: string, clean: string, more = ''): RuleCase {
  return { flagged: service(more, flagged), clean: service(more, clean) };
}

function containers(flagged: string, clean: string, fixed?: string): RuleCase {
  return {
    flagged: container(flagged),
    clean: container(clean),
    ...(fixed === undefined ? {} : { fixed: container(fixed) }),
  };
}

testRules(systemd, {
  'systemd/invalid-boolean': [
    lines('PrivateNetwork=«yes # loopback only»', 'PrivateNetwork=yes', 'PrivateNetwork=yes'),
    lines(
      'PrivateIPC=«"yes"»\nPrivateDevices=«maybe»',
      'PrivateIPC=On\nPrivateDevices=F',
      'PrivateIPC=yes\nPrivateDevices=maybe',
    ),
    lines('«PrivateNetwork=»', 'PrivateMounts=\nMountAPIVFS='),
    lines('DynamicUser=«aye»', 'DynamicUser=1'),
    containers('[Network]\nPrivate=«si»', '[Network]\nPrivate=true'),
  ],
  'systemd/invalid-private-users': lines(
    'PrivateUsers=«Self»',
    'PrivateUsers=TRUE\nPrivateUsers=self',
    'PrivateUsers=self',
  ),
  'systemd/invalid-private-tmp': lines('PrivateTmp=«tmpfs»', 'PrivateTmp=disconnected'),
  'systemd/invalid-protect-hostname': [
    lines('ProtectHostname=«no:web»', 'ProtectHostname=private:web-1.example'),
    lines('ProtectHostname=private:«web_1»', 'ProtectHostname=yes:%H\nProtectHostname='),
  ],
  'systemd/invalid-protect-proc': lines('ProtectProc=«yes»', 'ProtectProc=noaccess'),
  'systemd/invalid-proc-subset': lines('ProcSubset=«pids»', 'ProcSubset=pid'),
  'systemd/invalid-protect-control-groups': lines('ProtectControlGroups=«full»', 'ProtectControlGroups=strict'),
  'systemd/invalid-mount-flags': lines('MountFlags=«Slave»', 'MountFlags=slave\nMountFlags=', 'MountFlags=slave'),
  'systemd/invalid-users-ownership': containers(
    '[Files]\nPrivateUsersOwnership=«yes»',
    '[Files]\nPrivateUsersOwnership=auto',
  ),
  'systemd/invalid-container-users': [
    containers('PrivateUsers=«free»', 'PrivateUsers=pick'),
    containers('PrivateUsers=«4294901760:65536»', 'PrivateUsers=4294836224:65536'),
  ],
  'systemd/unknown-namespace-type': [
    lines('RestrictNamespaces=«net,mnt» ipc', 'RestrictNamespaces=net mnt ipc', 'RestrictNamespaces=net mnt ipc'),
    lines('RestrictNamespaces=~«mount»', 'RestrictNamespaces=~ mnt', 'RestrictNamespaces=~mnt'),
    lines('DelegateNamespaces=«user2» \\\n  net «"ipc"»', 'DelegateNamespaces=net \\\n  ipc'),
  ],
  'systemd/delegated-user-namespace': lines(
    'DelegateNamespaces=mnt «user»',
    'DelegateNamespaces=mnt\nRestrictNamespaces=user',
  ),
  'systemd/invalid-namespace-path': [
    lines('NetworkNamespacePath=«netns/blue»', 'NetworkNamespacePath=%t/netns/blue'),
    lines('IPCNamespacePath=«/run/../ipc»', 'IPCNamespacePath=/run/a..b/ipc\nIPCNamespacePath='),
  ],
  'systemd/invalid-root': lines(
    'RootDirectory=«srv/root»\nRootImage=«/srv/../a.raw»',
    'RootDirectory=/srv/root\nRootImage=',
  ),
  'systemd/invalid-bind-path': lines(
    'BindPaths=/srv:/srv «data:/data» \\\n# more\n  «/a:/b:idmap» "/a b:/c"\nBindReadOnlyPaths=«/a::rbind»',
    'BindPaths=-/srv:/srv:norbind %t/a:/b /c\\:d',
  ),
  'systemd/invalid-joined-unit': unitLines(
    'JoinsNamespaceOf=a.service «b» «c.service,d.service»',
    'JoinsNamespaceOf=a.service b@%i.service',
    'PrivateNetwork=yes',
  ),
  'systemd/misspelt-directive': [
    lines('«Privatenetwork»=yes', 'PrivateNetwork=yes', 'PrivateNetwork=yes'),
    lines('«PrivatePID»=yes', 'PrivatePIDs=yes\nX-PrivatePID=yes', 'PrivatePIDs=yes'),
  ],
  'systemd/misplaced-directive': [
    unitLines('«PrivateNetwork»=yes', ''),
    {
      flagged: '«PrivateTmp»=yes\n[Service]\nExecStart=/bin/a\n«JoinsNamespaceOf»=b.service\n',
      clean: '[X-Mine]\nPrivateTmp=yes\n[Service]\nExecStart=/bin/a\n',
    },
    containers('«Private»=yes', '[Network]\nPrivate=yes'),
  ],
  'systemd/joins-itself': {
    path: systemPath,
    flagged: service('PrivateTmp=yes', 'JoinsNamespaceOf=other.service «app.service»'),
    clean: service('PrivateTmp=yes', 'JoinsNamespaceOf=other.service app.socket'),
  },
  'systemd/joins-unit-without-processes': unitLines(
    'JoinsNamespaceOf=«multi-user.target»',
    'JoinsNamespaceOf=multi-user.service',
    'PrivateTmp=yes',
  ),
  'systemd/overridden-in-file': lines(
    '«PrivateNetwork=yes»\nPrivateNetwork=no',
    'PrivateNetwork=no\nPrivateNetwork=no\nBindPaths=/a\nBindPaths=/b\nMountFlags=slave\nMountFlags=\nMountFlags=private',
    'PrivateNetwork=no',
  ),
  'systemd/network-path-overrides-private': lines(
    '«PrivateNetwork=yes»\nNetworkNamespacePath=/run/netns/blue',
    'PrivateNetwork=no\nNetworkNamespacePath=/run/netns/blue',
    'NetworkNamespacePath=/run/netns/blue',
  ),
  'systemd/ipc-path-overrides-private': lines(
    'IPCNamespacePath=/run/ipc/blue\n«PrivateIPC=true»',
    'IPCNamespacePath=/run/ipc/blue\nIPCNamespacePath=\nPrivateIPC=true',
  ),
  'systemd/joins-without-private': [
    unitLines('«JoinsNamespaceOf=b.service»', 'JoinsNamespaceOf=b.service\nJoinsNamespaceOf=', 'PrivateNetwork=no'),
    {
      flagged: service('PrivateMounts=yes', '«JoinsNamespaceOf=b.service»'),
      clean: service('PrivateTmp=yes', 'JoinsNamespaceOf=b.service'),
    },
    {
      flagged: service('', '«JoinsNamespaceOf=b.service»'),
      clean: '[Unit]\nJoinsNamespaceOf=b.service\n[Service]\nExecStart=\nExecStart=/usr/bin/app --more\n',
    },
  ],
  'systemd/joins-disconnected-tmp': {
    flagged: service('PrivateTmp=«disconnected»', 'JoinsNamespaceOf=b.service'),
    clean: service('PrivateTmp=yes', 'JoinsNamespaceOf=b.service'),
    fixed: service('PrivateTmp=yes', 'JoinsNamespaceOf=b.service'),
  },
  'systemd/joins-before-path': {
    flagged: service('«NetworkNamespacePath=/run/netns/blue»', 'JoinsNamespaceOf=b.service'),
    clean: service('NetworkNamespacePath=/run/netns/blue'),
  },
  'systemd/namespace-path-without-order': {
    flagged: service('NetworkNamespacePath=«/run/netns/blue»'),
    clean: service('NetworkNamespacePath=/run/netns/blue', 'After=netns@blue.service'),
  },
  'systemd/delegates-nothing': lines(
    'PrivateTmp=yes\nDelegateNamespaces=mnt «net»',
    'PrivateTmp=yes\nPrivateNetwork=yes\nDelegateNamespaces=mnt net',
    'PrivateTmp=yes\nDelegateNamespaces=mnt net\nPrivateNetwork=yes',
  ),
  'systemd/user-path-with-private-users': lines(
    'UserNamespacePath=/run/userns/a\n«PrivateUsers=self»',
    'UserNamespacePath=/run/userns/a\nPrivateUsers=no',
    'UserNamespacePath=/run/userns/a',
  ),
  'systemd/managed-users-with-user': [
    lines('PrivateUsers=managed\n«User=root»', 'PrivateUsers=managed\nUser=', 'PrivateUsers=managed'),
    lines('PrivateUsers=managed\n«DynamicUser=yes»', 'PrivateUsers=self\nDynamicUser=yes'),
  ],
  'systemd/ambient-capability-without-effect': [
    lines(
      'PrivateUsers=yes\nAmbientCapabilities=«CAP_NET_BIND_SERVICE» CAP_CHOWN «cap_sys_time»',
      'PrivateUsers=no\nAmbientCapabilities=CAP_NET_BIND_SERVICE CAP_SYS_TIME',
    ),
    lines(
      'PrivateUsers=yes\nPrivateNetwork=yes\nAmbientCapabilities=«CAP_NET_ADMIN»',
      'PrivateUsers=yes\nPrivateNetwork=yes\nDelegateNamespaces=net\nAmbientCapabilities=CAP_NET_ADMIN',
    ),
  ],
  'systemd/delegation-needs-users': lines(
    'DelegateNamespaces=yes\n«PrivateUsers=no»',
    'DelegateNamespaces=no\nPrivateUsers=no',
    'DelegateNamespaces=yes',
  ),
  'systemd/dynamic-user-switches': lines(
    'DynamicUser=yes\n«PrivateTmp=no»',
    'DynamicUser=no\nPrivateTmp=no',
    'DynamicUser=yes',
  ),
  'systemd/dynamic-user-binds': lines('DynamicUser=yes\n«BindPaths=/srv»', 'DynamicUser=yes\nBindReadOnlyPaths=/srv'),
  'systemd/identity-mapping': lines('PrivateUsers=«identity»', 'PrivateUsers=self'),
  'systemd/pid-namespace-with-forking': lines('PrivatePIDs=yes\n«Type=forking»', 'PrivatePIDs=no\nType=forking'),
  'systemd/pid-namespace-with-pam': lines(
    'PrivatePIDs=yes\n«PAMName=login»',
    'PrivatePIDs=yes\nPAMName=',
    'PrivatePIDs=yes',
  ),
  'systemd/pid-namespace-outside-service': {
    flagged: '[Socket]\nListenStream=80\n«PrivatePIDs=yes»\n',
    clean: service('PrivatePIDs=yes'),
    fixed: '[Socket]\nListenStream=80\n',
  },
  'systemd/protect-proc-as-root': [
    lines('«ProtectProc=invisible»', 'ProtectProc=invisible\nUser=app'),
    lines('User=root\n«ProtectProc=noaccess»', 'User=root\nGroup=app\nProtectProc=noaccess'),
  ],
  'systemd/proc-subset-before-250': lines(
    '«ProcSubset=pid»\nProtectKernelTunables=yes',
    'ProcSubset=pid\nProtectKernelTunables=no',
  ),
  'systemd/network-wait-without-network': {
    flagged: service('PrivateNetwork=yes', 'Wants=a.service «network-online.target»'),
    clean: service('PrivateNetwork=no', 'Wants=a.service network-online.target'),
  },
  'systemd/shared-propagation-without-effect': lines(
    '«MountFlags=shared»\nPrivateTmp=yes',
    'MountFlags=shared\nPrivateTmp=no',
    'PrivateTmp=yes',
  ),
  'systemd/private-propagation': lines('MountFlags=«private»', 'MountFlags=slave', 'PrivateMounts=yes'),
  'systemd/private-mounts-off': lines(
    '«PrivateMounts=no»\nProtectSystem=strict',
    'PrivateMounts=no\nProtectSystem=no',
    'ProtectSystem=strict',
  ),
  'systemd/api-mounts-without-root': lines(
    '«MountAPIVFS=yes»\nUser=app',
    'MountAPIVFS=yes\nRootDirectory=/srv/root',
    'User=app',
  ),
  'systemd/working-directory-in-api-mount': lines(
    '«WorkingDirectory=/proc/1»\nPrivateTmp=yes',
    'WorkingDirectory=/procession\nPrivateTmp=yes',
  ),
  'systemd/mount-stays-in-unit': [
    {
      flagged: '[Service]\nPrivateTmp=yes\nExecStart=/bin/a\nExecStartPre=-«/usr/bin/mount» /dev/sdb /mnt\n'.replace(
        '-«',
        '«-',
      ),
      clean:
        '[Service]\nPrivateTmp=yes\nExecStart=/bin/a\nExecStartPre=+/usr/bin/mount /dev/sdb /mnt\nExecStartPost=/bin/mountpoint /\n',
    },
    {
      flagged: '[Service]\nProtectHome=yes\nExecStart=«/sbin/ip -4 netns add» blue\n',
      clean: '[Service]\nExecStart=/sbin/ip netns add blue\nExecStop=/sbin/ip netns list\n',
    },
    {
      flagged: '[Service]\nPrivateNetwork=yes\nExecStart=«/usr/bin/env umount» /run/netns/a\n',
      clean: '[Service]\nPrivateNetwork=yes\nPrivateMounts=no\nExecStart=/usr/bin/env umount /run/netns/a\n',
    },
  ],
  'systemd/namespace-path-of-manager': [
    lines('NetworkNamespacePath=«/proc/1/ns/net»', 'NetworkNamespacePath=/run/netns/blue'),
    lines('UserNamespacePath=«/proc/self/ns/user»', 'UserNamespacePath=/proc/self/ns/pid'),
  ],
  'systemd/namespace-path-of-process': lines(
    'NetworkNamespacePath=«/proc/4711/ns/net»',
    'NetworkNamespacePath=/proc/1/ns/net',
  ),
  'systemd/namespace-path-of-other-type': [
    lines('NetworkNamespacePath=«/proc/7/ns/ipc»', 'NetworkNamespacePath=/proc/7/ns/net'),
    lines('IPCNamespacePath=«/run/netns/blue»', 'IPCNamespacePath=/run/ipcns/blue'),
  ],
  'systemd/restriction-widened': [
    lines(
      'RestrictNamespaces=yes\n«RestrictNamespaces=net»',
      'RestrictNamespaces=yes\nRestrictNamespaces=\nRestrictNamespaces=net',
    ),
    lines(
      'RestrictNamespaces=net\n«RestrictNamespaces=net mnt»',
      'RestrictNamespaces=net mnt\nRestrictNamespaces=~mnt\nRestrictNamespaces=net',
    ),
  ],
  'systemd/user-namespaces-allowed': lines(
    'RestrictNamespaces=net «user»',
    'RestrictNamespaces=~user\nRestrictNamespaces=net',
  ),
  'systemd/filter-denies-namespaces': [
    lines('RestrictNamespaces=net\nSystemCallFilter=«~@process»', 'RestrictNamespaces=net\nSystemCallFilter=@process'),
    lines(
      'DelegateNamespaces=mnt\nPrivateMounts=yes\nSystemCallFilter=«~@mount»',
      'DelegateNamespaces=net\nPrivateMounts=yes\nSystemCallFilter=~@mount',
    ),
  ],
  'systemd/root-can-remount': lines('«ReadOnlyPaths=/»', 'ReadOnlyPaths=/\nCapabilityBoundingSet=~CAP_SYS_ADMIN'),
  'systemd/dynamic-user-in-user-unit': {
    path: userPath,
    flagged: service('«DynamicUser=yes»'),
    clean: service('DynamicUser=no'),
    fixed: service('').replace(/\n$/, ''),
  },
  'systemd/system-only-directive': {
    path: userPath,
    flagged: service('«ProtectProc=invisible»\n«ProtectControlGroups=yes»'),
    clean: service('ProtectProc=default\nProtectControlGroups=no'),
  },
  'systemd/foreign-namespace-in-user-unit': {
    path: userPath,
    flagged: service('«NetworkNamespacePath=/run/netns/blue»'),
    clean: service('PrivateNetwork=yes'),
  },
  'systemd/user-unit-before-254': {
    path: userPath,
    flagged: service('«PrivateNetwork=yes»'),
    clean: service('PrivateNetwork=yes\nPrivateUsers=yes'),
  },
  'systemd/needs-newer-systemd': [
    lines(
      '«PrivatePIDs»=yes\nPrivateUsers=«identity»',
      'PrivateUsers=yes\nPrivateNetwork=yes\nProtectProc=pid\nProtectHostname=yes',
    ),
    lines('ProtectHostname=«private»\nProtectHostname=«yes:web»', 'ProtectHostname=yes\nProtectHostname='),
    containers('[Network]\n«NamespacePath»=/run/netns/blue', '[Network]\nPrivate=yes'),
  ],
  'systemd/container-path-with-network': containers(
    '[Network]\nNamespacePath=/run/netns/blue\n«VirtualEthernet=yes»',
    '[Network]\nNamespacePath=/run/netns/blue\nVirtualEthernet=no',
    '[Network]\nNamespacePath=/run/netns/blue',
  ),
  'systemd/container-network-implied': containers(
    '[Network]\n«Private=no»\nZone=web',
    '[Network]\nPrivate=yes\nZone=web',
    '[Network]\nZone=web',
  ),
  'systemd/container-port-without-network': containers(
    '[Network]\nPrivate=no\nVirtualEthernet=no\n«Port=80»',
    '[Network]\nPrivate=no\nPort=80',
  ),
  'systemd/container-bridge-with-zone': containers(
    '[Network]\nBridge=br0\n«Zone=web»',
    '[Network]\nZone=web',
    '[Network]\nBridge=br0',
  ),
  'systemd/container-delegation-unmanaged': containers(
    'PrivateUsers=pick\n«PrivateUsersDelegate=2»',
    'PrivateUsers=managed\nPrivateUsersDelegate=2',
    'PrivateUsers=managed\nPrivateUsersDelegate=2',
  ),
  'systemd/container-without-users': containers('«PrivateUsers=no»', 'PrivateUsers=yes', 'PrivateUsers=pick'),
  'systemd/container-ownership-without-users': containers(
    'PrivateUsers=no\n[Files]\n«PrivateUsersOwnership=auto»',
    'PrivateUsers=no\n[Files]\nPrivateUsersOwnership=off',
  ),
  'systemd/container-chown-range': containers(
    'PrivateUsers=«100000»\n[Files]\nPrivateUsersOwnership=chown',
    'PrivateUsers=131072:65536\n[Files]\nPrivateUsersOwnership=chown',
  ),
  'systemd/container-chown-read-only': containers(
    '[Files]\nReadOnly=yes\n«PrivateUsersOwnership=chown»',
    '[Files]\nReadOnly=no\nPrivateUsersOwnership=chown',
    '[Files]\nReadOnly=yes\nPrivateUsersOwnership=map',
  ),
  'systemd/container-setting-untrusted': {
    path: '/var/lib/machines/web.nspawn',
    flagged: container('«PrivateUsers=pick»\n[Network]\nVirtualEthernet=yes\n«Zone=web»'),
    clean: container('[Network]\nVirtualEthernet=yes'),
  },
});
