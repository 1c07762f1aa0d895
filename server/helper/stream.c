#include "stream.h"

#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* poll's POLLOUT promises this much room in a pipe, PIPE_BUF. */
#define SURE_ROOM 4096

void stream_init(struct stream *stream, int fd)
{
    struct stat status;
    char path[64];

    *stream = (struct stream){ .fd = fd };
    if (fstat(fd, &status) < 0)
        return;
    stream->socket = S_ISSOCK(status.st_mode);
    if (!S_ISFIFO(status.st_mode))
        return;
    text_format(path, sizeof path, "/proc/self/fd/%d", fd);
    /* Refused when the pipe is another user's, as after sudo; then small writes have to do. */
    int own = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (own >= 0) {
        stream->fd = own;
        stream->own = true;
    }
}

void stream_free(struct stream *stream)
{
    free(stream->data);
    if (stream->own)
        close(stream->fd);
    *stream = (struct stream){ .fd = -1 };
}

int stream_append(struct stream *stream, const char *data, size_t length)
{
    size_t pending = stream_pending(stream);

    /* What was written makes room for what comes; moved no more often than it doubles, so that it stays linear. */
    if (stream->begin > 0 && stream->begin >= pending) {
        memmove(stream->data, stream->data + stream->begin, pending);
        stream->begin = 0;
        stream->length = pending;
    }
    int result = reserve(stream->data, stream->capacity, stream->length + length);
    if (result)
        return result;
    memcpy(stream->data + stream->length, data, length);
    stream->length += length;
    return 0;
}

size_t stream_pending(const struct stream *stream)
{
    return stream->length - stream->begin;
}

int stream_write(struct stream *stream)
{
    size_t pending = stream_pending(stream);
    ssize_t written;

    if (pending == 0)
        return 0;
    const char *data = stream->data + stream->begin;
    if (stream->socket)
        written = send(stream->fd, data, pending, MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        written = write(stream->fd, data, stream->own || pending < SURE_ROOM ? pending : SURE_ROOM);
    if (written < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    stream->begin += (size_t)written;
    return 0;
}
