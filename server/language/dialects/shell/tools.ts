import { optionTable, type OptionTable } from './options.ts';

/** util-linux 2.42, sys-utils/unshare.c. */
export const unshareOptions = optionTable(`
  h,help V,version
  m,mount[=] u,uts[=] i,ipc[=] n,net[=] p,pid[=] U,user[=] C,cgroup[=] T,time[=]
  f,fork kill-child[=] forward-signals mount-proc[=] mount-binfmt[=]
  map-user= map-users= map-group= map-groups= r,map-root-user c,map-current-user map-auto map-subids owner=
  propagation= setgroups= keep-caps S,setuid= G,setgid= R,root= w,wd= monotonic= boottime= l,load-interp=
  clear-env whitelist-env=
`);

/** util-linux 2.42, sys-utils/nsenter.c. */
export const nsenterOptions = optionTable(`
  a,all h,help V,version t,target=
  m[=],mount[=] u[=],uts[=] i[=],ipc[=] n[=],net[=] N,net-socket= p[=],pid[=] U[=],user[=] C[=],cgroup[=] T[=],time[=]
  S,setuid= G,setgid= r[=],root[=] w[=],wd[=] W[=],wdns[=] e,env F,no-fork c,join-cgroup
  preserve-credentials keep-caps user-parent Z,follow-context
`);

/** util-linux 2.42, sys-utils/lsns.c. */
export const lsnsOptions = optionTable(`
  J,json l,list n,noheadings o,output= output-all P,persistent p,task= Q,filter= r,raw u,notruncate W,nowrap t,type= T,tree[=] H,list-columns
  h,help V,version
`);

const containerFlags = `
  d,detach i,interactive t,tty P,publish-all q,quiet rm init privileged read-only no-healthcheck oom-kill-disable
  sig-proxy disable-content-trust help
`;
const containerValues = `
  a,attach= add-host= annotation= blkio-weight= blkio-weight-device= cap-add= cap-drop= cgroup-parent= cgroupns= cidfile=
  cpu-period= cpu-quota= cpu-rt-period= cpu-rt-runtime= c,cpu-shares= cpus= cpuset-cpus= cpuset-mems= detach-keys= device=
  device-cgroup-rule= device-read-bps= device-read-iops= device-write-bps= device-write-iops= dns= dns-opt= dns-option=
  dns-search= entrypoint= e,env= env-file= expose= gpus= group-add= health-cmd= health-interval= health-retries=
  health-start-period= health-timeout= h,hostname= ip= ip6= ipc= l,label= label-file= link-local-ip= log-driver= log-opt=
  mac-address= m,memory= memory-reservation= memory-swap= memory-swappiness= mount= name= network= net= network-alias=
  net-alias= oom-score-adj= pid= pids-limit= platform= p,publish= pull= restart= runtime= security-opt= shm-size=
  stop-signal= stop-timeout= storage-opt= sysctl= tmpfs= ulimit= u,user= userns= uts= v,volume= volumes-from= w,workdir=
`;
const podmanOnly = `
  env-host http-proxy no-hosts no-hostname passwd read-only-tmpfs replace rmi rootfs tls-verify unsetenv-all
  arch= authfile= cert-dir= cgroup-conf= cgroups= chrootdirs= conmon-pidfile= creds= decryption-key= env-merge= gidmap= gpus=
  group-entry= health-log-destination= health-max-log-count= health-max-log-size= health-on-failure= health-startup-cmd=
  health-startup-interval= health-startup-retries= health-startup-success= health-startup-timeout= hosts-file= hostuser=
  image-volume= init-ctr= init-path= os= passwd-entry= personality= pidfile= pod= pod-id-file= preserve-fd= preserve-fds=
  rdt-class= requires= retry= retry-delay= sdnotify= seccomp-policy= secret= shm-size-systemd= signature-policy= subgidname=
  subuidname= systemd= timeout= tz= uidmap= umask= unsetenv= variant=
`;

/** docker/cli, cli/command/container/opts.go, and podman, cmd/podman/common/create.go. */
export const containerOptions: Readonly<Record<'docker' | 'podman', OptionTable>> = {
  docker: optionTable(
    `${containerFlags} ${containerValues} cpu-count= cpu-percent= domainname= health-start-interval= io-maxbandwidth=
    io-maxiops= isolation= kernel-memory= link= use-api-socket volume-driver=`,
    true,
  ),
  podman: optionTable(`${containerFlags} ${containerValues} ${podmanOnly}`, true),
};
export const podmanOptions: ReadonlySet<string> = new Set(optionTable(podmanOnly).long.keys());

/** What may stand before `run`. */
export const engineOptions: Readonly<Record<'docker' | 'podman', OptionTable>> = {
  docker: optionTable(
    `D,debug H,host= l,log-level= c,context= config= tls tlscacert= tlscert= tlskey= tlsverify v,version`,
    true,
  ),
  podman: optionTable(
    `r,remote syslog noout v,version trace transient-store rmi
    cdi-spec-dir= cgroup-manager= config= conmon= connection= c,context= events-backend= hooks-dir= host= H identity= imagestore=
    log-level= module= network-cmd-path= network-config-dir= out= root= runroot= runtime= runtime-flag= ssh= storage-driver=
    storage-opt= tmpdir= tls-ca= tls-cert= tls-key= url= volumepath=`,
    true,
  ),
};

export const systemdRunOptions = optionTable(`
  no-ask-password user system scope shell-scope G,collect q,quiet r,remain-after-exit send-sighup P,pipe t,pty pty-late S,shell
  same-dir d no-block wait ignore-failure expand-environment= slice-inherit json= job-mode=
  u,unit= p,property= description= slice= H,host= M,machine= C,capsule= service-type= uid= gid= nice= working-directory= E,setenv=
  on-active= on-boot= on-startup= on-unit-active= on-unit-inactive= on-calendar= on-timezone-change on-clock-change
  path-property= socket-property= timer-property= background= root-directory= R v,verbose h,help version no-pager
`);

export const runcOptions = optionTable(`
  b,bundle= console-socket= d,detach keep pid-file= no-subreaper no-pivot no-new-keyring preserve-fds= pidfd-socket= h,help
`);
export const runcGlobalOptions = optionTable(
  `debug log= log-format= root= criu= rootless= systemd-cgroup h,help v,version`,
);

interface Wrapper {
  readonly options: OptionTable;
  /** Words of its own between its options and the command. */
  readonly operands: number;
}

function wrapper(entries: string, operands = 0): Wrapper {
  return { options: optionTable(entries), operands };
}

/** Programs and built-ins that run the command which follows their own options. */
export const wrappers: ReadonlyMap<string, Wrapper> = new Map([
  [
    'sudo',
    wrapper(`A,askpass b,background B,bell E,preserve-env[=] H,set-home i,login k,reset-timestamp n,non-interactive
      P,preserve-groups s,shell S,stdin C,close-from= D,chdir= g,group= h,host= p,prompt= R,chroot= T,command-timeout=
      U,other-user= u,user= r,role= t,type=`),
  ],
  ['doas', wrapper('n s a= C= u=')],
  ['env', wrapper('i,ignore-environment 0,null v,debug u,unset= C,chdir= a,argv0=')],
  ['nohup', wrapper('help')],
  ['exec', wrapper('c l a=')],
  ['command', wrapper('p')],
  ['builtin', wrapper('help')],
  ['nice', wrapper('n,adjustment=')],
  ['ionice', wrapper('t,ignore c,class= n,classdata=')],
  ['timeout', wrapper('foreground preserve-status v,verbose f p k,kill-after= s,signal=', 1)],
  ['setsid', wrapper('c,ctty f,fork w,wait')],
  ['stdbuf', wrapper('i,input= o,output= e,error=')],
  ['chrt', wrapper('b,batch d,deadline f,fifo i,idle o,other r,rr R,reset-on-fork', 1)],
  ['taskset', wrapper('c,cpu-list', 1)],
  [
    'setpriv',
    wrapper(`no-new-privs nnp ambient-caps= inh-caps= bounding-set= ruid= euid= rgid= egid= reuid= regid= clear-groups
      keep-groups init-groups groups= securebits= pdeathsig= ptracer= selinux-label= apparmor-profile= landlock-access=
      landlock-rule= seccomp-filter= reset-env`),
  ],
]);
