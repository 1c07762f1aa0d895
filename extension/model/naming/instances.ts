/** The name under which `create --keep` keeps something, as the holder's command line tells it: `linux-namespaces: NAME TYPE,TYPE`. */
const title = /^linux-namespaces: ([A-Za-z0-9_.-]{1,64}) [a-z,]+$/;

/** Undefined for the command line of anything else. */
export function instanceName(cmdline: string | undefined): string | undefined {
  return title.exec(cmdline ?? '')?.[1];
}
