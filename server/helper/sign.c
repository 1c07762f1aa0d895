#include "sign.h"

#include "kernel.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>

void sign_open(struct sign *sign, const struct host *host)
{
    struct statfs filesystem;

    *sign = (struct sign){ .fd = openat(host->proc, "loadavg", O_RDONLY | O_CLOEXEC) };
    /* lxcfs puts a file of its own there, which it renews every few seconds only. */
    if (sign->fd >= 0 && (host->own[NS_PID] == 0 || fstatfs(sign->fd, &filesystem) < 0 ||
                          filesystem.f_type != PROC_SUPER_MAGIC))
        sign_close(sign);
}

void sign_close(struct sign *sign)
{
    if (sign->fd >= 0)
        close(sign->fd);
    sign->fd = -1;
}

enum sign_change sign_ask(struct sign *sign, uint32_t *from, uint32_t *to)
{
    char text[128];
    uint64_t threads, last;
    ssize_t length = sign->fd < 0 ? -1 : pread(sign->fd, text, sizeof text, 0);
    const char *end = text + (length > 0 ? length : 0);
    const char *at = length > 0 ? memchr(text, '/', (size_t)length) : NULL;

    /* `0.20 0.18 0.12 1/80 11206` */
    if (!at++ || !parse_number(&at, end, &threads) || at == end || *at++ != ' ' || !parse_number(&at, end, &last))
        return SIGN_UNKNOWN;
    bool known = sign->valid;
    bool same = sign->threads == threads && sign->last == last;
    *from = sign->last;
    *to = (uint32_t)last;
    *sign = (struct sign){ .fd = sign->fd, .valid = true, .last = (uint32_t)last, .threads = threads };
    /* Pids begin anew when they reach their maximum. */
    if (!known || *to < *from)
        return SIGN_UNKNOWN;
    return same ? SIGN_SAME : SIGN_RANGE;
}
