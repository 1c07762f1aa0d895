/*
 * Does one step that the kernel refuses, and says so as the helper would: a line with an error record, or `{"done":{}}`.
 *
 *   unshare TYPE…              unshare(2)
 *   threads TYPE…              the same with a second thread
 *   clone3 TYPE…               clone3(2)
 *   uid_map LINE               a child makes a user namespace, and this process writes its map
 *   gid_map LINE
 *   own_gid_map LINE           makes a user namespace and writes its own map, setgroups still allowed
 *   setgroups                  setgroups(2) with no group
 *   offsets                    makes a time namespace and sets an offset after the first child
 *   ended                      setns(2) to the pidfd of a process that has ended
 *   filter COMMAND…            runs a command with a seccomp filter that does what container engines' do
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name;
    uint64_t flag;
} types[] = {
    {"mnt", CLONE_NEWNS}, {"uts", CLONE_NEWUTS}, {"ipc", CLONE_NEWIPC}, {"pid", CLONE_NEWPID},
    {"net", CLONE_NEWNET}, {"user", CLONE_NEWUSER}, {"cgroup", CLONE_NEWCGROUP}, {"time", 0x80},
};

static uint64_t flags_of(char **words)
{
    uint64_t flags = 0;
    for (; *words; words++)
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            if (strcmp(types[i].name, *words) == 0)
                flags |= types[i].flag;
    return flags;
}

static int report(const char *step, int result)
{
    int number = errno;
    if (result >= 0)
        puts("{\"done\":{}}");
    else
        printf("{\"error\":{\"step\":\"%s\",\"errno\":\"%s\",\"number\":%d}}\n", step, strerrorname_np(number), number);
    return 0;
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0)
        return -1;
    ssize_t length = write(fd, text, strlen(text));
    int number = errno;
    close(fd);
    errno = number;
    return length < 0 ? -1 : 0;
}

static void *wait_for_ever(void *unused)
{
    pause();
    return unused;
}

static int write_map_of_child(const char *file, const char *line)
{
    int ready[2];
    char path[64], byte;
    if (pipe(ready))
        err(1, "pipe");
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWUSER) || write(ready[1], "", 1) != 1)
            _exit(1);
        pause();
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        errx(1, "no user namespace");
    snprintf(path, sizeof path, "/proc/%d/%s", child, file);
    int result = write_file(path, line), number = errno;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    errno = number;
    return report(file, result);
}

static int offsets(void)
{
    if (unshare(0x80))
        return report("unshare", -1);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    return report("timens_offsets", write_file("/proc/self/timens_offsets", "monotonic 5 0\n"));
}

static int join_ended(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    int fd = (int)syscall(SYS_pidfd_open, child, 0);
    waitpid(child, NULL, 0);
    return report("setns", setns(fd, CLONE_NEWNET));
}

/* Docker's default: no new user namespace by clone or unshare, and clone3, whose flags a filter cannot read, not there. */
static int filtered(char **command)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 2, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        err(1, "prctl");
    execvp(command[0], command);
    err(1, "%s", command[0]);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        errx(2, "usage: refuse WHAT [WORD…]");
    const char *what = argv[1];
    if (strcmp(what, "unshare") == 0)
        return report("unshare", unshare((int)flags_of(argv + 2)));
    if (strcmp(what, "threads") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, wait_for_ever, NULL);
        return report("unshare", unshare((int)flags_of(argv + 2)));
    }
    if (strcmp(what, "clone3") == 0) {
        struct clone_args args = {.flags = flags_of(argv + 2), .exit_signal = SIGCHLD};
        int result = (int)syscall(SYS_clone3, &args, sizeof args);
        if (result == 0)
            _exit(0);
        return report("clone3", result);
    }
    if ((strcmp(what, "uid_map") == 0 || strcmp(what, "gid_map") == 0) && argc > 2)
        return write_map_of_child(what, argv[2]);
    if (strcmp(what, "own_gid_map") == 0 && argc > 2)
        return report("gid_map", unshare(CLONE_NEWUSER) ? -1 : write_file("/proc/self/gid_map", argv[2]));
    if (strcmp(what, "setgroups") == 0)
        return report("setgroups", setgroups(0, NULL));
    if (strcmp(what, "offsets") == 0)
        return offsets();
    if (strcmp(what, "ended") == 0)
        return join_ended();
    if (strcmp(what, "filter") == 0 && argc > 2)
        return filtered(argv + 2);
    errx(2, "unknown: %s", what);
}
