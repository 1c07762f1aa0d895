/* What `serve` passes on to a request with a terminal or a stream. */
#include "base64.h"
#include "terminal.h"
#include "util.h"

#include <string.h>
#include <sys/socket.h>

bool terminal_parse_size(const char *text, uint16_t *size)
{
    const char *end = text + strlen(text);
    uint64_t number;

    if (!parse_number(&text, end, &number) || text != end || number == 0 || number > UINT16_MAX)
        return false;
    *size = (uint16_t)number;
    return true;
}

int terminal_socket(int ends[2])
{
    /* Messages stay whole, and one that finds no room is refused at once instead of in part. */
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;
}

static int pass_on(int socket, const struct terminal_message *message)
{
    ssize_t sent = send(socket, message, sizeof *message + message->length, MSG_DONTWAIT | MSG_NOSIGNAL);

    return sent < 0 ? -errno : 0;
}

int terminal_type(int socket, char *const *word, size_t count)
{
    autofree struct terminal_message *message = malloc(sizeof *message + TERMINAL_TYPED_MAX + 3);
    size_t length = count == 1 ? strlen(word[0]) : 0;

    if (!message)
        return -ENOMEM;
    if (count > 1 || length > (TERMINAL_TYPED_MAX + 2) / 3 * 4)
        return -EINVAL;
    long decoded = base64url_decode(count == 1 ? word[0] : "", length, message->data);
    if (decoded < (long)count || decoded > TERMINAL_TYPED_MAX)
        return -EINVAL;
    *message = (struct terminal_message){ .length = (uint16_t)decoded };
    return pass_on(socket, message);
}

int terminal_resize(int socket, char *const *word, size_t count)
{
    struct terminal_message message = { 0 };

    if (count != 2 || !terminal_parse_size(word[0], &message.columns) || !terminal_parse_size(word[1], &message.rows))
        return -EINVAL;
    return pass_on(socket, &message);
}

int terminal_taken(int socket, char *const *word, size_t count)
{
    struct terminal_message message = { 0 };

    if (count != 1 || !terminal_parse_size(word[0], &message.columns))
        return -EINVAL;
    return pass_on(socket, &message);
}
