#include "outliers.h"

#include "procfs.h"
#include "util.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* With more cgroups than this, systemd or something like it has placed everyone. */
#define CGROUPS_MAX 64

/* Where the whole of the hierarchy is mounted, as far as our own cgroup namespace shows it. */
static bool find_mount(const struct host *host, char *path, size_t size)
{
    autofree char *text = NULL;
    size_t capacity = 0;
    ssize_t length = read_whole_at(host->proc, "self/mountinfo", &text, &capacity);
    struct lines lines = lines_of(text, length);
    const char *line, *stop;

    while (next_line(&lines, &line, &stop)) {
        const char *fields = find_bytes(line, (size_t)(stop - line), " - cgroup ", 10);
        const char *root = find_bytes(line, (size_t)(stop - line), " / /", 4);
        if (fields && root && root < fields && find_bytes(fields, (size_t)(stop - fields), "name=systemd", 12)) {
            const char *point = root + 3;
            const char *blank = memchr(point, ' ', (size_t)(stop - point));
            size_t point_length = (size_t)(blank - point);
            /* An escaped blank or the like in there is not worth the trouble. */
            if (point_length >= size || memchr(point, '\\', point_length))
                return false;
            memcpy(path, point, point_length);
            path[point_length] = '\0';
            return true;
        }
    }
    return false;
}

static bool add_processes(struct outliers *outliers, int cgroup)
{
    autofree char *text = NULL;
    size_t capacity = 0;
    ssize_t length = read_whole_at(cgroup, "cgroup.procs", &text, &capacity);
    struct lines lines = lines_of(text, length);
    const char *line, *stop;
    uint64_t pid;

    while (next_line(&lines, &line, &stop)) {
        if (!parse_number(&line, stop, &pid) || reserve(outliers->pid, outliers->capacity, outliers->count + 1))
            return false;
        outliers->pid[outliers->count++] = (uint32_t)pid;
    }
    return length >= 0;
}

/* Below `directory`, which is taken over. */
static bool walk(struct outliers *outliers, int directory, unsigned *cgroups)
{
    struct stat status;
    /* cgroupfs counts the directories in a directory: 2 are itself and its parent. */
    bool leaf = fstat(directory, &status) == 0 && status.st_nlink == 2;
    DIR *stream = leaf ? NULL : fdopendir(directory);
    bool complete = true;

    if (!stream) {
        close(directory);
        return leaf;
    }
    for (const struct dirent *entry; complete && (entry = readdir(stream));) {
        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int child = openat(dirfd(stream), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child < 0) {
            complete = errno == ENOENT;
            continue;
        }
        complete = ++*cgroups <= CGROUPS_MAX && add_processes(outliers, child);
        if (complete)
            complete = walk(outliers, child, cgroups);
        else
            close(child);
    }
    closedir(stream);
    return complete;
}

bool outliers_find(struct outliers *outliers, const struct host *host)
{
    char path[256];
    unsigned cgroups = 0;

    *outliers = (struct outliers){ .since = host_ticks() };
    /* The pids in there are those of our own pid namespace. */
    if (!host->cgroup_systemd || host->own[NS_PID] == 0 || !find_mount(host, path, sizeof path))
        return false;
    int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || !walk(outliers, root, &cgroups)) {
        outliers_free(outliers);
        return false;
    }
    sort_numbers(outliers->pid, outliers->count);
    return true;
}

void outliers_free(struct outliers *outliers)
{
    free(outliers->pid);
    *outliers = (struct outliers){ 0 };
}

bool outliers_exclude(const struct outliers *outliers, uint32_t pid, uint64_t start)
{
    return start < outliers->since &&
           !has_number(outliers->pid, outliers->count, pid);
}
