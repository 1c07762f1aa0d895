/*
 * The floor that `scan` is measured against: for every process, readlinkat over eight namespace links plus one open, read and close of stat; one
 * thread, nothing kept, nothing printed but the count.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char *const links[] = {"ns/mnt", "ns/uts", "ns/ipc", "ns/pid", "ns/net", "ns/user", "ns/cgroup", "ns/time"};

int main(void)
{
    char buffer[4096];
    long processes = 0;
    DIR *proc = opendir("/proc");
    if (!proc)
        err(1, "/proc");
    for (struct dirent *entry; (entry = readdir(proc));) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        int process = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (process < 0)
            continue;
        for (size_t i = 0; i < sizeof links / sizeof *links; i++)
            if (readlinkat(process, links[i], buffer, sizeof buffer) < 0)
                break;
        int stat = openat(process, "stat", O_RDONLY | O_CLOEXEC);
        if (stat >= 0) {
            if (read(stat, buffer, sizeof buffer) > 0)
                processes++;
            close(stat);
        }
        close(process);
    }
    closedir(proc);
    printf("%ld\n", processes);
    return 0;
}
