/*
 * Keeps one namespace alive in one way and says so: prints one line `ready key=value…`, then waits until its stdin closes and ends with everything it
 * started. So a test never sleeps and never races: after the line the situation stands, and it stands until the test lets go.
 *
 *   keep fd TYPE              only an open file descriptor keeps the namespace
 *   keep socket               only a socket made in it keeps a net namespace
 *   keep thread TYPE          only a second thread is in it
 *   keep leaderless TYPE      as thread, and the thread-group leader has exited
 *   keep flight TYPE          only a file descriptor that is on its way through a socket, so that no process has it
 *   keep for-children TYPE    time or pid: where this process's children would be created
 *   keep nested-user          a user namespace without processes that has a child with one
 *   keep nested-pid           a pid namespace without processes whose child is kept by a file descriptor
 *   keep owner                a user namespace without processes that owns a net namespace kept by a file descriptor
 *   keep look PATH            no keeping: prints what the kernel's ioctls say about the namespace file and ends
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define NS_GET_USERNS _IO(0xb7, 1)
#define NS_GET_PARENT _IO(0xb7, 2)
#define NS_GET_NSTYPE _IO(0xb7, 3)
#define NS_GET_OWNER_UID _IO(0xb7, 4)
/* Linux 6.18. */
#define NS_GET_ID _IOR(0xb7, 13, unsigned long long)

static const struct {
    const char *name;
    int flag;
    /* The link through which a process reaches what it has unshared: pid and time change for its children only. */
    const char *link;
} types[] = {
    {"mnt", CLONE_NEWNS, "mnt"},
    {"uts", CLONE_NEWUTS, "uts"},
    {"ipc", CLONE_NEWIPC, "ipc"},
    {"pid", CLONE_NEWPID, "pid_for_children"},
    {"net", CLONE_NEWNET, "net"},
    {"user", CLONE_NEWUSER, "user"},
    {"cgroup", CLONE_NEWCGROUP, "cgroup"},
    {"time", CLONE_NEWTIME, "time_for_children"},
};

static size_t find_type(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i].name, name))
            return i;
    errx(2, "no such type: %s", name);
}

static ino_t inode(int fd)
{
    struct stat st;
    if (fstat(fd, &st))
        err(1, "fstat");
    return st.st_ino;
}

static int open_link(const char *dir, const char *link)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/ns/%s", dir, link);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(1, "%s", path);
    return fd;
}

static void unshare_or_die(int flags)
{
    if (unshare(flags))
        err(1, "unshare(%#x)", flags);
}

/* A child that shares the table of file descriptors: what it opens stays open here after its end. */
static pid_t fork_sharing_files(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (pid < 0)
        err(1, "clone");
    return pid;
}

static void reap(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            err(1, "waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        errx(1, "the preparing child failed");
}

static void wait_for_end_of_input(void)
{
    char byte;
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        err(1, "%s", path);
    close(fd);
}

/* A file descriptor of a new namespace in which nothing is. */
static int open_empty(size_t type)
{
    int box[2];
    if (pipe2(box, O_CLOEXEC))
        err(1, "pipe2");
    pid_t child = fork_sharing_files();
    if (child == 0) {
        unshare_or_die(types[type].flag);
        /* pid_for_children can be opened only once the new pid namespace has had a process. */
        pid_t init = types[type].flag == CLONE_NEWPID ? fork_sharing_files() : -1;
        if (init == 0)
            _exit(0);
        int fd = open_link("self", types[type].link);
        /* Left to the reaper it would stay a process of the namespace for a while. */
        if (init > 0)
            reap(init);
        if (write(box[1], &fd, sizeof fd) != sizeof fd)
            _exit(1);
        _exit(0);
    }
    int fd;
    reap(child);
    if (read(box[0], &fd, sizeof fd) != sizeof fd)
        err(1, "read");
    return fd;
}

static void keep_fd(size_t type)
{
    int fd = open_empty(type);
    printf("ready fd=%d id=%lu\n", fd, inode(fd));
    wait_for_end_of_input();
}

static void keep_flight(size_t type)
{
    int pair[2], fd = open_empty(type);
    char byte = 0, control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) || sendmsg(pair[0], &message, 0) != 1)
        err(1, "sendmsg");
    printf("ready id=%lu\n", inode(fd));
    close(fd);
    wait_for_end_of_input();
}

static void keep_socket(void)
{
    int before = open_link("self", "net");
    unshare_or_die(CLONE_NEWNET);
    int inside = open_link("self", "net");
    ino_t id = inode(inside);
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sock < 0)
        err(1, "socket");
    if (setns(before, CLONE_NEWNET))
        err(1, "setns");
    close(inside);
    close(before);
    printf("ready fd=%d id=%lu\n", sock, id);
    wait_for_end_of_input();
}

static size_t thread_type;

static void *in_thread(void *leader)
{
    if (leader)
        pthread_join(*(pthread_t *)leader, NULL);
    unshare_or_die(types[thread_type].flag);
    int fd = open_link("thread-self", types[thread_type].link);
    ino_t id = inode(fd);
    close(fd);
    printf("ready tid=%ld id=%lu\n", syscall(SYS_gettid), id);
    wait_for_end_of_input();
    exit(0);
}

static void keep_thread(size_t type, int leaderless)
{
    static pthread_t main_thread;
    pthread_t thread;
    thread_type = type;
    main_thread = pthread_self();
    if (pthread_create(&thread, NULL, in_thread, leaderless ? &main_thread : NULL))
        errx(1, "pthread_create");
    if (leaderless)
        pthread_exit(NULL);
    pthread_join(thread, NULL);
}

static void keep_for_children(size_t type)
{
    unshare_or_die(types[type].flag);
    pid_t child = 0;
    if (types[type].flag == CLONE_NEWPID) {
        child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            pause();
            _exit(0);
        }
    }
    int fd = open_link("self", types[type].link);
    printf("ready id=%lu child=%d\n", inode(fd), child);
    close(fd);
    wait_for_end_of_input();
}

static void keep_nested_user(void)
{
    char uid_map[32], gid_map[32];
    /* Asked for before the unshare: after it both read as the overflow id. */
    snprintf(uid_map, sizeof uid_map, "0 %u 1", getuid());
    snprintf(gid_map, sizeof gid_map, "0 %u 1", getgid());
    unshare_or_die(CLONE_NEWUSER);
    /* A user namespace can be made only by someone who has an id in the present one. */
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", uid_map);
    write_file("/proc/self/gid_map", gid_map);
    int outer = open_link("self", "user");
    ino_t outer_id = inode(outer);
    close(outer);
    unshare_or_die(CLONE_NEWUSER);
    int inner = open_link("self", "user");
    printf("ready outer=%lu inner=%lu\n", outer_id, inode(inner));
    close(inner);
    wait_for_end_of_input();
}

static void keep_nested_pid(void)
{
    int box[2];
    ino_t outer_id;
    int inner;
    if (pipe2(box, O_CLOEXEC))
        err(1, "pipe2");
    pid_t maker = fork_sharing_files();
    if (maker == 0) {
        unshare_or_die(CLONE_NEWPID);
        pid_t init = fork_sharing_files();
        if (init == 0) {
            int fd = open_link("self", "pid");
            outer_id = inode(fd);
            close(fd);
            unshare_or_die(CLONE_NEWPID);
            pid_t inner_init = fork_sharing_files();
            if (inner_init == 0)
                _exit(0);
            inner = open_link("self", "pid_for_children");
            reap(inner_init);
            if (write(box[1], &outer_id, sizeof outer_id) < 0 || write(box[1], &inner, sizeof inner) < 0)
                _exit(1);
            _exit(0);
        }
        reap(init);
        _exit(0);
    }
    reap(maker);
    if (read(box[0], &outer_id, sizeof outer_id) < 0 || read(box[0], &inner, sizeof inner) < 0)
        err(1, "read");
    printf("ready outer=%lu inner=%lu fd=%d\n", outer_id, inode(inner), inner);
    wait_for_end_of_input();
}

static void keep_owner(void)
{
    int box[2];
    ino_t user_id;
    int net;
    if (pipe2(box, O_CLOEXEC))
        err(1, "pipe2");
    pid_t child = fork_sharing_files();
    if (child == 0) {
        unshare_or_die(CLONE_NEWUSER | CLONE_NEWNET);
        int fd = open_link("self", "user");
        user_id = inode(fd);
        close(fd);
        net = open_link("self", "net");
        if (write(box[1], &user_id, sizeof user_id) < 0 || write(box[1], &net, sizeof net) < 0)
            _exit(1);
        _exit(0);
    }
    reap(child);
    if (read(box[0], &user_id, sizeof user_id) < 0 || read(box[0], &net, sizeof net) < 0)
        err(1, "read");
    printf("ready user=%lu net=%lu fd=%d\n", user_id, inode(net), net);
    wait_for_end_of_input();
}

static void look(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(1, "%s", path);
    printf("id=%lu", inode(fd));
    unsigned long long nsid;
    if (ioctl(fd, NS_GET_ID, &nsid) == 0)
        printf(" nsid=%llu", nsid);
    int owner = ioctl(fd, NS_GET_USERNS);
    if (owner >= 0)
        printf(" owner=%lu", inode(owner));
    int parent = ioctl(fd, NS_GET_PARENT);
    if (parent >= 0)
        printf(" parent=%lu", inode(parent));
    uid_t uid;
    if (ioctl(fd, NS_GET_OWNER_UID, &uid) == 0)
        printf(" uid=%u", uid);
    puts("");
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    const char *arg = argc > 2 ? argv[2] : "";
    if (!strcmp(mode, "fd"))
        keep_fd(find_type(arg));
    else if (!strcmp(mode, "flight"))
        keep_flight(find_type(arg));
    else if (!strcmp(mode, "socket"))
        keep_socket();
    else if (!strcmp(mode, "thread"))
        keep_thread(find_type(arg), 0);
    else if (!strcmp(mode, "leaderless"))
        keep_thread(find_type(arg), 1);
    else if (!strcmp(mode, "for-children"))
        keep_for_children(find_type(arg));
    else if (!strcmp(mode, "nested-user"))
        keep_nested_user();
    else if (!strcmp(mode, "nested-pid"))
        keep_nested_pid();
    else if (!strcmp(mode, "owner"))
        keep_owner();
    else if (!strcmp(mode, "look"))
        look(arg);
    else
        errx(2, "unknown mode: %s", mode);
    return 0;
}
