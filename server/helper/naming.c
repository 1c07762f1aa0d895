#include "naming.h"

#include "procfs.h"
#include "reference.h"
#include "text.h"
#include "title.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>

int naming_open(int ends[2])
{
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0;
}

void naming_take(int fd)
{
    char text[1024];
    ssize_t got = read(fd, text, sizeof text - 1);

    text[got > 0 ? got : 0] = '\0';
    /* Several may have come, each ended by a NUL; the last one holds. */
    for (const char *name = text; got > 0 && name < text + got; name += strlen(name) + 1)
        if (instance_is_name(name))
            title_rename(name);
}

int naming_connect(const struct host *host, uint32_t pid)
{
    autofree uint32_t *numbers = NULL;
    size_t capacity = 0;
    char path[PROC_PATH_SIZE], target[16];

    text_format(path, sizeof path, "%u/fd", pid);
    ssize_t count = list_numbers_at(host->proc, path, &numbers, &capacity);
    for (ssize_t i = 0; i < count; i++) {
        text_format(path, sizeof path, "%u/fd/%u", pid, numbers[i]);
        if (readlinkat(host->proc, path, target, sizeof target) < 5 || memcmp(target, "pipe:", 5) != 0)
            continue;
        int fd = openat(host->proc, path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
    }
    return count < 0 ? (int)count : -EOPNOTSUPP;
}

bool naming_tell(int fd, const char *name)
{
    size_t size = strlen(name) + 1;

    /* No more than PIPE_BUF, so whole or not at all. */
    return write(fd, name, size) == (ssize_t)size;
}
