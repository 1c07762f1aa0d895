/** In front of a command: who has no rights at all. */
export const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
