"""Runs a command on a terminal of its own: stdin and stdout are the terminal's other side, descriptor 3 takes lines
`ROWS COLUMNS`. Ends with the command's status, 128 and the number for a signal."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


pid, master = pty.fork()
if pid == 0:
    os.close(3)
    os.execvp(sys.argv[1], sys.argv[1:])
resize(master, 24, 80)
sources = [0, 3, master]
while master in sources:
    for fd in select.select(sources, [], [])[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            # What the last process on the terminal leaves.
            data = b""
        if not data:
            sources.remove(fd)
            if fd == 0:
                # Nobody is there any more: as when a connection is lost.
                sources.remove(master)
                os.close(master)
                break
        elif fd == 0:
            os.write(master, data)
        elif fd == 3:
            for line in data.split(b"\n"):
                if line:
                    resize(master, *map(int, line.split()))
        else:
            os.write(1, data)
status = os.waitpid(pid, 0)[1]
sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
