#include "listen.h"
#include "network.h"
#include "relay_place.h"
#include "stream.h"
#include "util.h"
#include "verbs.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Bytes that are read at once and not read on until they are written: back-pressure. 64 KiB cost twice the processor time. */
#define PART 262144
/* A datagram travels behind its length as two bytes, the higher first; 65,535 bytes are more than UDP carries. */
#define FRAME 2
#define DATAGRAM_MAX 65535
/* Nanoseconds. Who answers sooner than that keeps a processor from its sleep anyway. */
#define SOON 500000

/* From one descriptor to the other. */
struct direction {
    int from;
    struct stream to;
    bool from_datagrams, to_datagrams;
    /* The source has ended. */
    bool ended;
    /* So was said to the other side. */
    bool closed;
    /* What was last carried this way was answered soon. */
    bool answered_soon;
    /* Of a frame that is not yet whole. */
    size_t length;
    char part[FRAME + PART];
};

/* Whole frames are sent, what is left waits. What a datagram socket does not take is lost, as UDP has it. */
static void send_frames(struct direction *direction)
{
    const unsigned char *part = (const unsigned char *)direction->part;
    size_t at = 0, size;

    while (direction->length - at >= FRAME &&
           (size = (size_t)part[at] << 8 | part[at + 1]) <= direction->length - at - FRAME) {
        (void)!send(direction->to.fd, part + at + FRAME, size, MSG_NOSIGNAL);
        at += FRAME + size;
    }
    direction->length -= at;
    memmove(direction->part, direction->part + at, direction->length);
}

/* 0, or -errno of a read that failed. */
static int take(struct direction *direction)
{
    char *part = direction->part;
    ssize_t got = read(direction->from, part + (direction->from_datagrams ? FRAME : direction->length),
                       direction->from_datagrams ? DATAGRAM_MAX : sizeof direction->part - direction->length);

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (direction->from_datagrams) {
        /* Of a datagram that nobody took the kernel only tells here (ECONNREFUSED); the next may find somebody. */
        if (got < 0)
            return 0;
        part[0] = (char)(got >> 8);
        part[1] = (char)got;
        got += FRAME;
    }
    if (got <= 0) {
        direction->ended = got == 0;
        return got < 0 ? -errno : 0;
    }
    if (!direction->to_datagrams)
        return stream_append(&direction->to, part, (size_t)got);
    direction->length += (size_t)got;
    send_frames(direction);
    return 0;
}

/*
 * Tells the other side of the end, once it has all that came before. The end of what comes from the socket is said as a
 * record before: the end of our output alone could also be that of a connection that was reset.
 */
static void close_if_ended(struct direction *direction, struct output *output)
{
    if (!direction->ended || direction->closed || stream_pending(&direction->to) > 0)
        return;
    direction->closed = true;
    if (direction->from != STDIN_FILENO) {
        record_begin(output, "eof");
        record_end(output);
        output_flush(output);
    }
    if (shutdown(direction->to.fd, SHUT_WR) == 0 || errno != ENOTSOCK)
        return;
    int fd = direction->to.fd;
    stream_free(&direction->to);
    close(fd);
    close(STDOUT_FILENO);
}

static int why_gone(int fd)
{
    int number = 0;
    socklen_t length = sizeof number;

    getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length);
    return number ? -number : -EPIPE;
}

static int64_t nanoseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/*
 * As poll(2). To be woken takes as long as an answer, and longer where a processor is woken, too. So where the last answer came
 * soon the next one is waited for awake, by turns with whoever else wants to run. A stream in one direction has no answers.
 */
static int wait_for(struct pollfd polls[4], unsigned last, bool *answered_soon)
{
    int64_t begin = nanoseconds();
    bool awake = *answered_soon;
    int ready;

    while ((ready = poll(polls, 4, awake ? 0 : -1)) == 0) {
        sched_yield();
        awake = nanoseconds() - begin < SOON;
    }
    *answered_soon = polls[1 - last].revents && nanoseconds() - begin < SOON;
    return ready;
}

/* Until both sides have said that they have ended. */
static int carry(struct direction direction[2], struct output *output, const char **step)
{
    unsigned last = 0;
    int result = 0;

    while (!result && !(direction[0].closed && direction[1].closed)) {
        struct pollfd polls[4];
        for (unsigned i = 0; i < 2; i++) {
            struct direction *one = &direction[i];
            bool pending = !one->closed && stream_pending(&one->to) > 0;
            polls[i] = (struct pollfd){ .fd = one->ended || pending ? -1 : one->from, .events = POLLIN };
            /* Also without anything to write it tells that the other side is gone. */
            polls[i + 2] = (struct pollfd){ .fd = one->closed ? -1 : one->to.fd, .events = pending ? POLLOUT : 0 };
        }
        if (wait_for(polls, last, &direction[last].answered_soon) < 0 && errno != EINTR)
            return -errno;
        /* First from the socket: what has ended it is told to who reads. */
        for (unsigned i = 2; i-- > 0 && !result;) {
            *step = "read";
            if (polls[i].revents)
                result = take(&direction[last = i]);
            /* Mostly there is room at once. */
            if (!result && (polls[i].revents || polls[i + 2].revents)) {
                *step = "write";
                result = stream_write(&direction[i].to);
            }
            if (!result && !direction[i].to_datagrams && (polls[i + 2].revents & (POLLERR | POLLHUP)))
                result = why_gone(direction[i].to.fd);
            if (!result)
                close_if_ended(&direction[i], output);
        }
        /* With no end of its own, a datagram socket has nothing to say after the last of the other side. */
        if (direction[0].closed && direction[0].to_datagrams)
            return 0;
    }
    return result;
}

/* To be told by a reset, when this process is killed or fails, that not all was carried (socket(7)). */
static void set_linger(int fd, bool reset)
{
    struct linger linger = { .l_onoff = reset };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static int connect_to(int fd, const struct relay_place *place)
{
    int result = connect(fd, &place->address.any, place->length);

    /* An abstract name may also be the whole of sun_path, filled up with null bytes: all of them count (unix(7)). */
    if (result < 0 && errno == ECONNREFUSED && place->address.any.sa_family == AF_UNIX)
        result = connect(fd, &place->address.any, sizeof place->address.un);
    return result < 0 ? -errno : 0;
}

/* Between our standard streams and a socket that is connected, which is taken over. */
static int run(int connected, bool datagrams, struct output *output, struct failure *failure)
{
    autofree struct direction *direction = calloc(2, sizeof *direction);
    autoclose int fd = connected;
    const char *step;
    static const int on = 1;

    if (!direction)
        return fail(failure, "socket", ENOMEM);
    /* What is relayed was waited for once already. Not for other sockets, which is an error that does not matter. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    set_linger(fd, true);
    record_begin(output, "connected");
    record_end(output);
    output_flush(output);
    direction[0].from = STDIN_FILENO;
    direction[1].from = fd;
    stream_init(&direction[0].to, fd);
    stream_init(&direction[1].to, STDOUT_FILENO);
    direction[0].to_datagrams = direction[1].from_datagrams = datagrams;
    int result = carry(direction, output, &step);
    stream_free(&direction[0].to);
    stream_free(&direction[1].to);
    if (result)
        return fail(failure, step, -result);
    set_linger(fd, false);
    return 0;
}

static int open_place(const struct network *network, bool *datagrams, struct failure *failure)
{
    struct relay_place place;
    struct host host;
    int result = relay_place_parse(network->place, &place, failure);

    if (!result)
        result = host_open(&host, failure);
    if (result)
        return result;
    result = network_join(network, &host, relay_place_is_path(&place), failure);
    host_close(&host);
    if (result)
        return result;
    *datagrams = place.type == SOCK_DGRAM;
    int fd = socket(place.address.any.sa_family, place.type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(failure, "socket", errno);
    result = connect_to(fd, &place);
    if (!result)
        return fd;
    close(fd);
    return fail(failure, "connect", -result);
}

int verb_relay(const struct options *options, struct output *output, struct failure *failure)
{
    struct network network;
    bool datagrams = false;
    bool is_accepted = options->count == 1 && strncmp(options->word[0], "--accepted=", 11) == 0;
    int result = is_accepted ? 0 : network_parse(options->word, options->count, &network, failure);

    /* On the command line the standard output is the stream's. */
    if (output->fd == STDOUT_FILENO)
        output->fd = STDERR_FILENO;
    if (!result)
        result = is_accepted ? listen_receive(options->word[0] + 11, failure) : open_place(&network, &datagrams, failure);
    if (result >= 0)
        result = run(result, datagrams, output, failure);
    if (result)
        return result;
    record_begin(output, "end");
    record_end(output);
    return 0;
}
