/*
 * `listen` waits for connections within a net namespace. Each is a record `accepted`, and is handed to the `relay` that asks
 * for it over a unix socket outside, as a descriptor (unix(7), SCM_RIGHTS), so that it is carried like any other.
 */
#include "listen.h"

#include "network.h"
#include "relay_place.h"
#include "text.h"
#include "util.h"
#include "verbs.h"

#include <poll.h>
#include <string.h>

/* The kernel takes no more than net.core.somaxconn; musl's SOMAXCONN is what that was before 5.4. */
#define BACKLOG 4096
/* Connections that wait to be taken; the kernel keeps further ones. */
#define WAITING_MAX 64

/* Room for one descriptor. */
union rights {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

/* A socket whose name the kernel chooses, five hexadecimal digits (unix(7), autobind). */
static int open_hand(char name[8], struct failure *failure)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    socklen_t length = sizeof(sa_family_t);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, BACKLOG) == 0) {
        length = sizeof address;
        if (getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
            text_format(name, 8, "%.*s", (int)length - 1 - (int)sizeof(sa_family_t), address.sun_path + 1);
            return fd;
        }
    }
    int number = errno;
    cleanup_close(&fd);
    return fail(failure, "hand", number);
}

static int open_listener(const struct relay_place *place, struct failure *failure)
{
    static const int on = 1;
    int fd = socket(place->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    /* As every server has it: what is left of former connections does not hold the port. */
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && bind(fd, &place->address.any, place->length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int number = errno;
    cleanup_close(&fd);
    return fail(failure, "bind", number);
}

/* To somebody with our own rights only. False when it was not taken. */
static bool hand_on(int hand, int connection)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    union rights rights = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
                                        .cmsg_type = SCM_RIGHTS } };
    char byte = 0;
    struct iovec piece = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &rights,
                              .msg_controllen = sizeof rights };
    autoclose int fd = accept4(hand, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.uid != geteuid())
        return false;
    memcpy(CMSG_DATA(&rights.header), &connection, sizeof connection);
    return sendmsg(fd, &message, MSG_NOSIGNAL) == 1;
}

int listen_receive(const char *name, struct failure *failure)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    union rights rights;
    char byte;
    struct iovec piece = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &rights,
                              .msg_controllen = sizeof rights };
    autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t length = strlen(name);
    int connection;

    if (fd < 0 || length >= sizeof address.sun_path)
        return fail(failure, "accepted", fd < 0 ? errno : EINVAL);
    memcpy(address.sun_path + 1, name, length);
    if (connect(fd, (struct sockaddr *)&address, (socklen_t)(sizeof(sa_family_t) + 1 + length)) < 0)
        return fail(failure, "accepted", errno);
    if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != 1 || message.msg_controllen < CMSG_LEN(sizeof connection) ||
        rights.header.cmsg_type != SCM_RIGHTS)
        return fail(failure, "accepted", EPROTO);
    memcpy(&connection, CMSG_DATA(&rights.header), sizeof connection);
    return connection;
}

static void say(struct output *output, const char *record, const char *name)
{
    record_begin(output, record);
    if (name)
        json_text(output, "name", name);
    record_end(output);
    output_flush(output);
}

/* Returns when nothing can be said any more. */
static int wait_for_connections(int listener, int hand, struct output *output)
{
    int waiting[WAITING_MAX];
    size_t count = 0;

    while (!output->error) {
        /* Whoever asks before there is a connection waits. */
        struct pollfd polls[] = { { .fd = count < WAITING_MAX ? listener : -1, .events = POLLIN },
                                  { .fd = count > 0 ? hand : -1, .events = POLLIN } };
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            return -errno;
        if (polls[1].revents && hand_on(hand, waiting[0])) {
            close(waiting[0]);
            memmove(waiting, waiting + 1, --count * sizeof *waiting);
        }
        int fd = polls[0].revents ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd >= 0) {
            waiting[count++] = fd;
            say(output, "accepted", NULL);
        }
    }
    return output->error;
}

int verb_listen(const struct options *options, struct output *output, struct failure *failure)
{
    struct network network;
    struct relay_place place;
    struct host host;
    char name[8];
    int result = network_parse(options->word, options->count, &network, failure);

    if (!result)
        result = relay_place_parse(network.place, &place, failure);
    if (!result && (place.type != SOCK_STREAM || relay_place_is_path(&place)))
        result = fail_usage(failure, "place", "what listens is tcp:ADDRESS:PORT or unix:@NAME");
    if (result)
        return result;
    /* It stays in the net namespace in which it was made: whoever takes the connections does not join the target's. */
    autoclose int hand = open_hand(name, failure);
    result = hand < 0 ? hand : host_open(&host, failure);
    if (result)
        return result;
    result = network_join(&network, &host, false, failure);
    host_close(&host);
    if (result)
        return result;
    autoclose int listener = open_listener(&place, failure);
    if (listener < 0)
        return listener;
    say(output, "listening", name);
    return wait_for_connections(listener, hand, output);
}
