import { shell } from '../../../server/language/dialects/shell.ts';
import { testRules } from '../support/judging.ts';

testRules(shell, {
  'shell/unshare-pid-without-fork': [
    {
      flagged: 'unshare «--pid» --mount-proc bash\n',
      clean: 'unshare --pid --fork --mount-proc bash\n',
      fixed: 'unshare --pid --fork --mount-proc bash\n',
    },
    { flagged: 'sudo unshare -m«p» bash', clean: 'sudo unshare -mpf bash', fixed: 'sudo unshare -mpf bash' },
    { flagged: 'unshare «-p» ls', clean: 'unshare -p --kill-child ls', fixed: 'unshare -p --fork ls' },
    { flagged: 'unshare «--pi» ls', clean: 'unshare --pid $OPTIONS ls' },
    { flagged: 'unshare «-p» ls', clean: 'unshare -p "$flag" ls' },
  ],
  'shell/unshare-persistent-pid-without-fork': {
    flagged: 'unshare «--pid=/run/pid» true',
    clean: 'unshare --pid=/run/pid --fork true',
    fixed: 'unshare --pid=/run/pid --fork true',
  },
  'shell/unshare-pid-without-mount-proc': [
    {
      flagged: 'unshare «--pid» --fork bash',
      clean: 'unshare --pid --fork --mount-proc bash',
      fixed: 'unshare --pid --mount-proc --fork bash',
    },
    { flagged: 'unshare -f«p» ps aux', clean: 'unshare -fp ./init.sh' },
    { flagged: 'unshare -f«p»', clean: 'unshare -fp --root=/srv/x bash' },
    {
      flagged: "unshare -f «-p» sh -c 'ps aux'",
      clean: "unshare -f -p -m sh -c 'mount -t proc proc /proc && ps aux'",
    },
    { flagged: 'unshare -f «-p» /bin/sh', clean: 'unshare -f -p "$SHELL"' },
  ],
  'shell/unshare-mount-proc-without-pid': [
    { flagged: 'unshare «--mount-proc» bash', clean: 'unshare --pid --mount-proc bash' },
    { flagged: 'unshare -r «--mount-proc» bash', clean: 'unshare -rpf --mount-proc bash' },
    {
      flagged: 'unshare -rp «--mount-proc=/mnt» bash'.replace('=/mnt»', '»=/mnt'),
      clean: 'unshare -rp $x --mount-proc',
    },
  ],
  'shell/unshare-time-offset-without-time': {
    flagged: 'unshare «--boottime» 100 uptime',
    clean: 'unshare --time --boottime 100 uptime',
    fixed: 'unshare --boottime 100 --time uptime',
  },
  'shell/unshare-time-without-offset': {
    flagged: 'unshare «-T» -f bash',
    clean: 'unshare -T -f --monotonic=-5 bash; unshare --time=/run/time true',
  },
  'shell/unshare-propagation-ignored': {
    flagged: 'unshare --uts «--propagation slave» bash',
    clean: 'unshare --mount-proc --pid --fork --propagation slave bash',
    fixed: 'unshare --uts --propagation slave --mount bash',
  },
  'shell/unshare-propagation-shared': {
    flagged: 'unshare -m --propagation «shared» bash',
    clean: 'unshare -m --propagation=slave bash',
  },
  'shell/unshare-nothing': [
    { flagged: '«unshare» bash', clean: 'unshare -r bash; unshare --help; unshare $x' },
    { flagged: '«unshare» --fork --root=/srv bash', clean: 'unshare "$@"' },
  ],
  'shell/unshare-keep-caps-without-user': {
    flagged: 'unshare -m «--keep-caps» bash',
    clean: 'unshare -c --keep-caps bash',
    fixed: 'unshare -m bash',
  },
  'shell/unshare-setgroups-allow-with-map-group': {
    flagged: 'unshare -r «--setgroups allow» bash',
    clean: 'unshare -r --map-groups=1:100000:65536 --setgroups allow bash',
    fixed: 'unshare -r bash',
  },
  'shell/unshare-setgroups-deny-after-map': {
    flagged: 'unshare «--setgroups=deny» -c bash',
    clean: 'unshare --setgroups=deny -U bash',
    fixed: 'unshare -c bash',
  },
  'shell/unshare-setgroups-without-user': [
    { flagged: 'unshare -m «--setgroups=deny» bash', clean: 'unshare -Um --setgroups=deny bash' },
    {
      flagged: 'unshare -m «--setgroups» "$x" bash'.replace('» "$x"', ' "$x"»'),
      clean: 'unshare -m $x --setgroups=allow',
    },
  ],
  'shell/unshare-map-overridden': [
    { flagged: 'unshare «-r» -c bash', clean: 'unshare -r --map-user=5 bash', fixed: 'unshare -c bash' },
    { flagged: 'unshare «--map-user=1» --map-user=2 id', clean: 'unshare --map-user=1 --map-group=2 id' },
  ],
  'shell/unshare-map-as-root': {
    flagged: 'sudo unshare «--map-root-user» --net bash',
    clean: 'unshare --map-root-user --net bash; sudo -u nobody unshare -r bash',
  },
  'shell/unshare-user-without-map': {
    flagged: 'unshare «-U» bash',
    clean: 'unshare -U --map-auto bash; unshare -U sleep 9 &',
  },
  'shell/unshare-setuid-not-mapped': [
    { flagged: 'unshare -r «--setuid 1000» bash', clean: 'unshare -r --setuid 0 bash' },
    { flagged: 'unshare -U «-S 0» bash', clean: 'unshare --map-user=7 -S 7 bash' },
    {
      flagged: 'unshare --map-user=7 «-S8» bash',
      clean: 'unshare --map-auto -S 8 bash; unshare --map-user=name -S 8 id',
    },
  ],
  'shell/unshare-setgid-denied': {
    flagged: 'unshare -r «--setgid=0» bash',
    clean: 'unshare --map-users=auto --map-groups=auto --setgid=0 bash; unshare -m --setgid=0 bash',
    fixed: 'unshare -r bash',
  },
  'shell/unshare-map-range': [
    { flagged: 'unshare --map-users=«0:100000» bash', clean: 'unshare --map-users=0:100000:65536 bash' },
    { flagged: 'unshare --map-groups «0:1:0» bash', clean: 'unshare --map-groups auto bash' },
    { flagged: 'unshare --map-users=«0:4294967295:1» id', clean: 'unshare --map-users=0:4294967294:1 id' },
    { flagged: 'unshare --map-users=«9,9,99999999999» id', clean: 'unshare --map-users="$from,9,1" id' },
  ],
  'shell/unshare-map-order': {
    flagged: 'unshare --map-users=«100000,0,65536» id',
    clean: 'unshare --map-users=0:100000:65536 id',
    fixed: 'unshare --map-users=0:100000:65536 id',
  },
  'shell/unshare-map-overlap': {
    flagged: 'unshare --map-users=0:1000:10 --map-users=«5:2000:1» id',
    clean: 'unshare --map-users=0:1000:10 --map-users=10:2000:1 --map-groups=0:1000:10 id',
  },
  'shell/unshare-value': [
    { flagged: 'unshare -m --propagation «rslave» id', clean: 'unshare -m --propagation slave id' },
    { flagged: 'unshare -T --monotonic=«1.5» id', clean: 'unshare -T --monotonic=-1 --boottime "$x" id' },
    { flagged: 'unshare -U --setgroups=«no» id', clean: 'unshare -U --setgroups=deny id' },
  ],
  'shell/namespace-file-apart': [
    {
      flagged: 'nsenter --net «/run/netns/blue» ip a',
      clean: 'nsenter --net=/run/netns/blue ip a',
      fixed: 'nsenter --net=/run/netns/blue ip a',
    },
    {
      flagged: 'unshare -n «/var/run/netns/$x» id',
      clean: 'unshare --net=/run/netns/x id',
      fixed: 'unshare --net=/var/run/netns/$x id',
    },
    { flagged: 'nsenter -t 1 -m «/proc/1/ns/mnt»', clean: 'nsenter -t 1 -m /proc/1/exe' },
  ],
  'shell/unshare-short-option-value': {
    flagged: 'unshare -«n=»/run/netns/x id',
    clean: 'unshare --net=/run/netns/x id; nsenter -n=/run/netns/x id',
  },
  'shell/nsenter-short-option-equals': {
    flagged: 'nsenter -«n=/run/netns/a» id',
    clean: 'nsenter -n/run/netns/a --uts=/run/u -t 1 -n id',
    fixed: 'nsenter --net=/run/netns/a id',
  },
  'shell/nsenter-no-target': [
    { flagged: 'nsenter «--net» ip a', clean: 'nsenter --net=/run/netns/a ip a; nsenter -t 1 --net ip a' },
    { flagged: 'nsenter -m=/proc/1/ns/mnt -«u»n ip a'.replace('-«u»n', '«-u»'), clean: 'nsenter $target -u ip a' },
    { flagged: 'nsenter «-a» id', clean: 'nsenter -at "$pid" id' },
  ],
  'shell/nsenter-nothing': {
    flagged: '«nsenter» -t "$pid" bash',
    clean: 'nsenter -t "$pid" -n bash; nsenter --version; nsenter --target=1 "$@"',
  },
  'shell/nsenter-target-not-a-pid': {
    flagged: 'nsenter -n -t «web» ip a',
    clean: 'nsenter -n -t "$(pidof nginx)" ip a; nsenter -n -t 12:34 ip a',
  },
  'shell/nsenter-pid-without-fork': {
    flagged: 'nsenter -t 1 -m -p «--no-fork» id',
    clean: 'nsenter -t 1 -m -F id',
    fixed: 'nsenter -t 1 -m -p id',
  },
  'shell/nsenter-pid-without-mount': {
    flagged: 'nsenter -t 1 «-p» ps aux',
    clean: 'nsenter -t 1 -p -m ps aux; nsenter -t 1 -p kill 1',
  },
  'shell/nsenter-credentials-without-user': {
    flagged: 'nsenter -t 1 -n «--preserve-credentials» id',
    clean: 'nsenter -t 1 -a --preserve-credentials id',
    fixed: 'nsenter -t 1 -n id',
  },
  'shell/nsenter-two-directories': {
    flagged: 'nsenter -t 1 -m --wd «--wdns=/» id',
    clean: 'nsenter -t 1 -m --wdns=/ id',
  },
  'shell/effect-lost': [
    {
      flagged: 'ip netns exec blue «mount -t tmpfs none /mnt»',
      clean: "ip netns exec blue sh -c 'mount -t tmpfs none /mnt; ls'",
    },
    {
      flagged: 'unshare -m «mount --bind /a /b»',
      clean: 'unshare --mount=/run/m mount --bind /a /b; unshare -m mount',
    },
    { flagged: 'unshare --uts «hostname box»', clean: 'unshare --uts hostname; unshare --uts=/run/u hostname box' },
    { flagged: 'unshare -n «ip link set lo up»', clean: 'unshare -n ip link; nsenter -n -t 1 ip link set lo up' },
  ],
  'shell/netns-name': [
    { flagged: 'ip netns add «a/b»', clean: 'ip netns add a-b; ip netns identify self' },
    { flagged: 'ip netns exec «..» id', clean: 'ip netns exec "$x" id; ip -all netns exec /bin/id' },
  ],
  'shell/netns-arguments': [
    { flagged: '«ip netns add»', clean: 'ip netns add blue' },
    { flagged: 'sudo «ip netns exec blue»', clean: 'ip netns exec blue $command' },
    { flagged: '«ip netns attach blue»', clean: 'ip netns attach blue 12; ip netns; ip netns list; ip -all netns del' },
  ],
  'shell/netns-attach-pid': {
    flagged: 'ip netns attach blue «web»',
    clean: 'ip netns attach blue 12; ip netns attach blue "$pid"',
  },
  'shell/netns-exec-sysctl': {
    flagged: 'ip netns exec blue sysctl -w «vm.overcommit_memory=1» net.ipv4.ip_forward=1',
    clean: 'ip netns exec blue sysctl net.ipv4.ip_forward=1; sysctl -w vm.overcommit_memory=1',
  },
  'shell/netns-deleted': [
    {
      flagged: 'ip netns add a\nip netns del a\nip netns exec «a» id\n',
      clean: 'ip netns del a 2>/dev/null\nip netns add a\nip netns exec a id\n',
    },
    { flagged: 'ip netns del a\nip -n «a» link\n', clean: 'ip netns del a\n./make-it\nip -n a link\n' },
    {
      flagged: 'ip netns del a\nip link set eth0 netns «a»\n',
      clean: 'f() { ip netns del a; }\ntrap f EXIT\nip link set eth0 netns a\n',
    },
    { flagged: 'ip netns del a; ip netns exec «a» id', clean: 'if x; then ip netns del a; fi; ip netns exec a id' },
  ],
  'shell/netns-added-twice': {
    flagged: 'ip netns add a\nip netns add b\nip netns add «a»\n',
    clean: 'ip netns add a\nip netns del a\nip netns add a\nip netns add b || true\n',
  },
  'shell/link-moved-away': [
    {
      flagged: 'ip link set eth1 netns a\nip addr add 10.0.0.1/24 dev «eth1»\n',
      clean: 'ip link set eth1 netns a\nip -n a addr add 10.0.0.1/24 dev eth1\n',
    },
    {
      flagged: 'ip link set dev v1 netns a\nip link set «v1» up\n',
      clean: 'ip link set dev v1 netns a\nip link add v1 type dummy\nip link set v1 up\n',
    },
  ],
  'shell/address-lost': {
    flagged: '«ip addr add 10.0.0.1/24 dev v1»\nip link set v1 netns a\n',
    clean: 'ip link set v1 netns a\nip -n a addr add 10.0.0.1/24 dev v1\n',
  },
  'shell/container-ports-ignored': [
    {
      flagged: 'docker run --network host «-p 80:80» nginx',
      clean: 'docker run --network web -p 80:80 nginx; docker run nginx -p 80:80 --network host',
      fixed: 'docker run --network host nginx',
    },
    { flagged: 'podman run --net=container:a «-P» nginx', clean: 'podman run --net="$net" -P nginx' },
    { flagged: 'docker run -it --net none «--publish=80:80» x', clean: 'docker run $ARGS --net none -p 80:80 x' },
  ],
  'shell/container-network-conflict': [
    {
      flagged: 'docker run --network container:web «-p 80:80» «-h box» x',
      clean: 'docker run --network container:web --name box x',
      fixed: 'docker run --network container:web -h box x',
    },
    {
      flagged: 'docker create --net=host «--network-alias db» x',
      clean: 'docker create --net=own --network-alias db x',
    },
    { flagged: 'podman run --net=host «--ip 10.0.0.1» x', clean: 'podman run --net=own --ip 10.0.0.1 x' },
    { flagged: 'podman run --net=none «--dns 1.1.1.1» x', clean: 'docker run --net=none --dns 1.1.1.1 x' },
    {
      flagged: 'docker run «--ip 10.0.0.1» «--network-alias a» x',
      clean: 'docker run $NET --ip 10.0.0.1 x; podman run --ip 10.0.0.1 x',
    },
    {
      flagged: 'podman run --net="container:$id" «--add-host a:1» x',
      clean: 'docker run --net bridge --add-host a:1 x',
    },
    { flagged: 'docker run --net host «--link db» x', clean: 'docker run --net host -h box x' },
  ],
  'shell/container-joins-itself': {
    flagged: 'docker run --name me --pid «container:me» x',
    clean: 'docker run --name me --pid container:you x; docker run --name "$x" --pid container:me x',
  },
  'shell/container-pod-conflict': [
    { flagged: 'podman run --pod web «-p 80:80» «--hostname box» x', clean: 'podman run --pod new:web -p 80:80 x' },
    {
      flagged: 'podman create --pod="$pod" «--userns=keep-id» x',
      clean: 'podman run --pod web --net=host --add-host a:1 x',
    },
  ],
  'shell/container-two-networks': [
    { flagged: 'docker run --network «host» --network web x', clean: 'docker run --network db --network web x' },
    { flagged: 'podman run --network web --network «none» x', clean: 'podman run --network web --network "$x" x' },
  ],
  'shell/container-hostname-of-host': {
    flagged: 'docker run --uts=host «--hostname box» x',
    clean: 'docker run --network=host --hostname box x',
    fixed: 'docker run --uts=host x',
  },
  'shell/container-namespace-mode': [
    { flagged: 'docker run --userns=«keep-id» x', clean: 'podman run --userns=keep-id:uid=5,gid=5 x' },
    { flagged: 'docker run --pid «private» x', clean: 'docker run --pid container:web x' },
    { flagged: 'podman run --ipc «shared» x', clean: 'podman run --ipc shareable x; podman run --ipc "$ipc" x' },
  ],
  'shell/container-option-of-podman': {
    flagged: 'docker run «--uidmap» 0:1000:1 x',
    clean: 'podman run --uidmap 0:1000:1 x; docker run --made-up x',
  },
  'shell/container-userns-with-map': {
    flagged: 'podman run «--userns=auto» --uidmap 0:1000:1 x',
    clean: 'podman run --userns=auto x',
    fixed: 'podman run --uidmap 0:1000:1 x',
  },
  'shell/container-sysctl-not-namespaced': {
    flagged: 'docker run --sysctl «vm.max_map_count»=262144 x',
    clean: 'docker run --sysctl net.core.somaxconn=1024 --sysctl kernel.shmmax=1 --sysctl "$x=1" y',
  },
  'shell/container-sysctl-of-host': [
    {
      flagged: 'docker run --net=host --sysctl «net.ipv4.ip_forward»=1 x',
      clean: 'docker run --sysctl net.ipv4.ip_forward=1 x',
    },
    {
      flagged: 'podman run --ipc=host --sysctl «fs.mqueue.msg_max»=1 x',
      clean: 'podman run --ipc=host --sysctl net.ipv4.ip_forward=1 x',
    },
  ],
  'shell/container-shm-size-ignored': {
    flagged: 'docker run --ipc=host «--shm-size=1g» x',
    clean: 'docker run --ipc=private --shm-size=1g x',
    fixed: 'docker run --ipc=host x',
  },
  'shell/container-privileged': [
    { flagged: 'docker run «--privileged» x', clean: 'docker run --privileged=false x' },
    { flagged: 'docker run «--privileged» --pid=host x', clean: 'docker run x --privileged' },
  ],
  'shell/container-shares-host': {
    flagged: 'docker run «--pid=host» «--ipc host» x',
    clean: 'docker run --pid=container:a --ipc private x; docker run --pid=host --privileged x',
  },
  'shell/container-sys-admin': {
    flagged: 'podman run --cap-add «CAP_SYS_ADMIN» x',
    clean: 'podman run --cap-add NET_ADMIN --cap-drop ALL x',
  },
  'shell/container-shared-propagation': [
    { flagged: 'docker run -v «/mnt:/mnt:rw,rshared» x', clean: 'docker run -v /mnt:/mnt:rslave -v /a/shared:/b x' },
    {
      flagged: 'docker run --mount «type=bind,src=/a,dst=/b,bind-propagation=shared» x',
      clean: 'docker run --mount type=bind,src=/a,dst=/b,bind-propagation=rslave x',
    },
  ],
  'shell/runc-no-pivot': { flagged: 'runc run «--no-pivot» box', clean: 'runc --debug run -b /x box' },
  'shell/systemd-run-scope': {
    flagged: 'systemd-run --scope -p «PrivateNetwork=yes» id',
    clean: 'systemd-run -p PrivateNetwork=yes id; systemd-run --scope -p MemoryMax=1G id',
  },
  'shell/lsns-type': { flagged: 'lsns -t «mount»', clean: 'lsns -t mnt', fixed: 'lsns -t mnt' },
});
