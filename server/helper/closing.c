#include "closing.h"

#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

void close_now(struct closing *closing)
{
    unsigned count = closing->count;
    int lowest = INT_MAX, highest = -1;

    closing->count = 0;
    for (unsigned i = 0; i < count; i++) {
        lowest = closing->fd[i] < lowest ? closing->fd[i] : lowest;
        highest = closing->fd[i] > highest ? closing->fd[i] : highest;
    }
    /* The kernel gives out the lowest free numbers, so these are mostly without a gap. close_range came with 5.9. */
    if (count > 1 && highest - lowest + 1 == (int)count &&
        syscall(SYSCALL_CLOSE_RANGE, (unsigned)lowest, (unsigned)highest, 0) == 0)
        return;
    for (unsigned i = 0; i < count; i++)
        close(closing->fd[i]);
}

void close_later(struct closing *closing, int fd)
{
    if (closing->count == CLOSING_MAX)
        close_now(closing);
    closing->fd[closing->count++] = fd;
}

int open_closing(struct closing *closing, int directory, const char *path, int flags)
{
    int fd = openat(directory, path, flags);

    if (fd < 0 && errno == EMFILE && closing->count > 0) {
        close_now(closing);
        fd = openat(directory, path, flags);
    }
    return fd < 0 ? -errno : fd;
}
