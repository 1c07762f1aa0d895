/*
 * Things that change while a test looks on. Every mode ends with everything it started when its stdin closes.
 *
 *   change storm WIDTH        at all times about WIDTH short-lived processes, many of them in namespaces of their own; each line on stdin is answered with
 *                             `made=N`, how many there have been
 *   change shift TYPE         prints `ready self=… id=…`, its own pid and the namespace's id; each line on stdin toggles between the first namespace and a new one, and `id=…` is printed when it is done
 *   change reuse              prints `ready pid=…`; each line on stdin replaces that child by another process with the same pid, then prints `pid=…`
 *   change fork               prints `ready`; each line on stdin starts a child (`pid=…`) that stays
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
}

/* Answers what was asked meanwhile; true once stdin has been closed. */
static int input_ended(unsigned made)
{
    struct pollfd in = {.fd = 0, .events = POLLIN};
    char line[16];
    if (poll(&in, 1, 0) <= 0)
        return 0;
    if (read(0, line, sizeof line) <= 0)
        return 1;
    printf("made=%u\n", made);
    fflush(stdout);
    return 0;
}

/* One of a storm: a little life with what a scan looks at, then the end at any moment of it. */
static int short_life(void *number)
{
    static const int flags[] = {0, 0, 0, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNS | CLONE_NEWUTS, CLONE_NEWCGROUP};
    unsigned n = (unsigned)(uintptr_t)number;
    char name[16];
    snprintf(name, sizeof name, "storm %u", n);
    prctl(PR_SET_NAME, name);
    if (flags[n % 8])
        (void)!unshare(flags[n % 8]);
    if (n % 5 == 0)
        usleep(n % 7000);
    _exit(0);
}

/* They share this process's memory, each on a stack of its own: an own copy of it would make them dear and so few. */
static void storm(size_t width)
{
    enum { stack_size = 16384 };
    struct place {
        pid_t pid;
        char *stack;
    } *places = calloc(width, sizeof *places);
    unsigned made = 0;
    for (size_t i = 0; places && i < width; i++)
        if (!(places[i].stack = malloc(stack_size)))
            err(1, "malloc");
    puts("ready");
    fflush(stdout);
    while (!input_ended(made)) {
        for (size_t i = 0; i < width; i++) {
            if (places[i].pid && waitpid(places[i].pid, NULL, WNOHANG) == 0)
                continue;
            places[i].pid = clone(short_life, places[i].stack + stack_size, CLONE_VM | SIGCHLD, (void *)(uintptr_t)made);
            if (places[i].pid > 0)
                made++;
            else
                places[i].pid = 0;
        }
    }
    while (wait(NULL) > 0)
        ;
}

static const struct {
    const char *name;
    int flag;
} types[] = {{"mnt", CLONE_NEWNS}, {"uts", CLONE_NEWUTS}, {"ipc", CLONE_NEWIPC}, {"net", CLONE_NEWNET}, {"cgroup", CLONE_NEWCGROUP}};

static int own(const char *type)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/ns/%s", type);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(1, "%s", path);
    return fd;
}

static void say_id(const char *prefix, int fd)
{
    struct stat st;
    if (fstat(fd, &st))
        err(1, "fstat");
    printf("%sid=%lu\n", prefix, st.st_ino);
    fflush(stdout);
}

static void shift(const char *type)
{
    int flag = 0, away = 0;
    char line[16];
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, type))
            flag = types[i].flag;
    int first = own(type);
    printf("ready self=%d ", getpid());
    say_id("", first);
    while (fgets(line, sizeof line, stdin)) {
        if (away ? setns(first, flag) : unshare(flag))
            err(1, "shift");
        away = !away;
        int now = own(type);
        say_id("", now);
        close(now);
    }
}

static pid_t start_with_pid(pid_t wanted)
{
    pid_t parent = getpid();
    struct clone_args args = {.exit_signal = SIGCHLD};
    if (wanted) {
        args.set_tid = (uintptr_t)&wanted;
        args.set_tid_size = 1;
    }
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (pid < 0)
        err(1, "clone3");
    if (pid == 0) {
        die_with_parent(parent);
        for (;;)
            pause();
    }
    return pid;
}

/* Field 22: the identity of a process beside its pid, counted in clock ticks, so two quick lives can share it. */
static unsigned long long start_time(pid_t pid)
{
    char path[64], text[1024];
    unsigned long long start = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file || !fgets(text, sizeof text, file))
        err(1, "%s", path);
    fclose(file);
    char *rest = strrchr(text, ')');
    if (rest)
        sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &start);
    return start;
}

static void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    if (waitpid(pid, NULL, 0) < 0)
        err(1, "waitpid");
}

static void reuse(void)
{
    char line[16];
    pid_t pid = start_with_pid(0);
    printf("ready pid=%d start=%llu\n", pid, start_time(pid));
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        unsigned long long before = start_time(pid);
        do {
            end_child(pid);
            pid = start_with_pid(pid);
        } while (start_time(pid) == before);
        printf("pid=%d start=%llu\n", pid, start_time(pid));
        fflush(stdout);
    }
    end_child(pid);
}

static void fork_on_demand(void)
{
    char line[16];
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        pid_t pid = start_with_pid(0);
        printf("pid=%d\n", pid);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (!strcmp(mode, "storm") && argc > 2)
        storm(strtoul(argv[2], NULL, 10));
    else if (!strcmp(mode, "shift") && argc > 2)
        shift(argv[2]);
    else if (!strcmp(mode, "reuse"))
        reuse();
    else if (!strcmp(mode, "fork"))
        fork_on_demand();
    else
        errx(2, "unknown mode: %s", mode);
    return 0;
}
