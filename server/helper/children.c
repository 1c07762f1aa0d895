#include "children.h"

#include "kernel.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/*
 * Before pidfd_open(2) there was this: a folder of /proc is taken for a pidfd (5.1), whatever the process's number is where we
 * are. Without it only a number of our own pid namespace may be killed.
 */
static bool kill_listed(const struct host *host, uint32_t pid, bool own_numbers)
{
    char path[PROC_PATH_SIZE];

    text_format(path, sizeof path, "%u", pid);
    autoclose int folder = openat(host->proc, path, O_DIRECTORY | O_CLOEXEC);
    return (folder >= 0 && syscall(SYSCALL_PIDFD_SEND_SIGNAL, folder, SIGKILL, NULL, 0) == 0) ||
           (own_numbers && kill((pid_t)pid, SIGKILL) == 0);
}

void children_end(const struct host *host)
{
    autofree uint32_t *pids = NULL;
    size_t capacity = 0;
    char text[1024];
    uint64_t self;

    /* As the numbers of this /proc are, which getpid(2)'s need not be. */
    if (read_number_at(host->proc, "self/stat", &self))
        return;
    for (;;) {
        pid_t pid;
        bool killed = false;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (pid < 0)
            return;
        ssize_t count = list_numbers_at(host->proc, ".", &pids, &capacity);
        for (ssize_t i = 0; i < count; i++) {
            char path[PROC_PATH_SIZE];
            struct proc_stat status;
            text_format(path, sizeof path, "%u/stat", pids[i]);
            ssize_t length = read_file_at(host->proc, path, text, sizeof text);
            /* A child's pid is not given to another before it was waited for. */
            if (length > 0 && parse_stat(text, (size_t)length, &status) && status.ppid == self)
                killed = kill_listed(host, pids[i], self == (uint64_t)getpid()) || killed;
        }
        /* One that took other credentials may be beyond our rights. */
        if (!killed || (waitpid(-1, NULL, 0) < 0 && errno != EINTR))
            return;
    }
}
