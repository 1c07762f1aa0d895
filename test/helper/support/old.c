/*
 * Runs a command as on an older kernel: `old LEVEL COMMAND…`. What came later answers as it would there.
 *
 *   4.18   no system call that came after it, of nsfs only the four ioctls of 4.11
 *   4.8    moreover none of nsfs's ioctls
 *
 * The links in /proc stay, since nothing can take them away.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* pidfd_send_signal of 5.1; from it on all architectures use the same numbers. */
#define FIRST_LATER_CALL 424
#define NSFS_MAGIC 0xb7

int main(int argc, char **argv)
{
    if (argc < 3 || (strcmp(argv[1], "4.18") && strcmp(argv[1], "4.8")))
        errx(2, "usage: old 4.18|4.8 COMMAND…");
    unsigned known = strcmp(argv[1], "4.8") ? 4 : 0;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_LATER_CALL, 8, 0),
        /* Namespaces have file handles, with their id in them, since 6.18. */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_name_to_handle_at, 8, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffff),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, NSFS_MAGIC << 8 | known, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, NSFS_MAGIC << 8 | 0xff, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        err(1, "prctl");
    execvp(argv[2], argv + 2);
    err(1, "%s", argv[2]);
}
