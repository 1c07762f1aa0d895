#include "channel.h"

#include "text.h"
#include "util.h"

#include <string.h>
#include <sys/socket.h>

static bool send_message(int fd, const struct message *message)
{
    ssize_t sent;

    do
        sent = send(fd, message, sizeof *message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == sizeof *message;
}

bool channel_send(int fd, enum message_kind kind, int32_t value)
{
    struct message message = { .kind = (int32_t)kind, .value = value };

    return send_message(fd, &message);
}

static void copy(char *to, size_t size, const char *from)
{
    text_format(to, size, "%s", from ? from : "");
}

void channel_send_failure(int fd, const struct failure *failure, int result)
{
    struct message message = { .kind = MESSAGE_FAILURE, .number = failure->step ? failure->number : -result };

    message.type = failure->step ? (int32_t)failure->type : NS_NONE;
    copy(message.step, sizeof message.step, failure->step ? failure->step : "helper");
    copy(message.path, sizeof message.path, failure->path);
    copy(message.detail, sizeof message.detail, failure->detail);
    send_message(fd, &message);
}

int channel_receive(int fd, struct message *message)
{
    ssize_t got;

    do
        got = recv(fd, message, sizeof *message, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == ECONNRESET ? -EPIPE : -errno;
    if (got != sizeof *message)
        return got == 0 ? -EPIPE : -EBADMSG;
    message->step[sizeof message->step - 1] = '\0';
    message->path[sizeof message->path - 1] = '\0';
    message->detail[sizeof message->detail - 1] = '\0';
    return 0;
}

bool channel_expect(int fd, enum message_kind kind)
{
    struct message message;

    return channel_receive(fd, &message) == 0 && message.kind == (int32_t)kind;
}

int channel_failure(struct message *message, struct failure *failure)
{
    int number = message->number > 0 ? message->number : EIO;

    fail(failure, message->step, number);
    failure->type = message->type >= 0 && message->type < NS_NONE ? (enum ns_type)message->type : NS_NONE;
    failure->path = message->path[0] ? message->path : NULL;
    failure->detail = message->detail[0] ? message->detail : NULL;
    return -number;
}
