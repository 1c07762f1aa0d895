/* sock_diag(7). musl has none of the kernel's headers for it, and the manual leaves out what came after it was written. */
#include "sockets.h"

#include "failure.h"
#include "util.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define NETLINK_SOCK_DIAG 4
#define SOCK_DIAG_BY_FAMILY 20
#define NLMSG_ERROR 2
#define NLMSG_DONE 3
#define NLM_F_REQUEST_DUMP 0x301
#define UDIAG_SHOW_NAME 1
#define UNIX_DIAG_NAME 0
#define INET_DIAG_SKV6ONLY 11
#define VSOCK_FAMILY 40
/* States of include/net/tcp_states.h, which all of these families share. */
#define LISTEN (1u << 10)
/* Of a datagram socket: it has no peer. */
#define UNCONNECTED (1u << 7)

struct header {
    uint32_t length;
    uint16_t type, flags;
    uint32_t sequence, port;
};
struct inet_id {
    uint16_t port, peer_port;
    unsigned char address[16], peer[16];
    uint32_t device, cookie[2];
};
struct request {
    struct header header;
    uint8_t family, protocol, extensions, pad;
    uint32_t states;
    union {
        struct inet_id inet;
        struct {
            uint32_t inode, show, cookie[2];
        } other;
    };
};
struct inet_message {
    struct header header;
    uint8_t family, state, timer, retransmits;
    struct inet_id id;
    uint32_t expires, received, sent, uid, inode;
};
struct unix_message {
    struct header header;
    uint8_t family, type, state, pad;
    uint32_t inode, cookie[2];
};
struct vsock_message {
    struct header header;
    uint8_t family, type, state, shutdown;
    uint32_t cid, port, peer_cid, peer_port, inode, cookie[2];
};
struct attribute {
    uint16_t length, type;
};

/* What is asked for. The request of the families that are not the internet's is shorter. */
static const struct kind {
    uint8_t family, protocol;
    uint16_t states;
    char name[8];
} kinds[] = {
    { AF_INET, IPPROTO_TCP, LISTEN, "tcp" },    { AF_INET6, IPPROTO_TCP, LISTEN, "tcp6" },
    { AF_INET, IPPROTO_UDP, UNCONNECTED, "udp" }, { AF_INET6, IPPROTO_UDP, UNCONNECTED, "udp6" },
    { AF_UNIX, 0, LISTEN, "unix" },             { VSOCK_FAMILY, 0, LISTEN, "vsock" },
};

static const char *find_attribute(const char *message, size_t length, size_t at, uint16_t type, size_t *size)
{
    struct attribute attribute;

    for (; at + sizeof attribute <= length; at += (attribute.length + 3u) & ~3u) {
        memcpy(&attribute, message + at, sizeof attribute);
        if (attribute.length < sizeof attribute || attribute.length > length - at)
            return NULL;
        *size = attribute.length - sizeof attribute;
        if (attribute.type == type)
            return message + at + sizeof attribute;
    }
    return NULL;
}

static void print_hex(const unsigned char *bytes, size_t length, struct output *output)
{
    static const char digits[] = "0123456789abcdef";
    char text[32];

    for (size_t i = 0; i < 2 * length; i++)
        text[i] = digits[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
    json_bytes(output, "address", text, 2 * length);
}

/* Returns the inode, 0 for a message that is too short. */
static uint32_t print_inet(const char *part, size_t length, struct output *output)
{
    char name[IF_NAMESIZE];
    struct inet_message message;
    size_t size;

    memcpy(&message, part, sizeof message);
    print_hex(message.id.address, message.family == AF_INET6 ? 16 : 4, output);
    json_number(output, "port", ntohs(message.id.port));
    json_number(output, "uid", message.uid);
    const char *only = find_attribute(part, length, sizeof message, INET_DIAG_SKV6ONLY, &size);
    if (only && size > 0)
        json_boolean(output, "v6only", *only);
    /* SO_BINDTODEVICE */
    if (message.id.device && if_indextoname(message.id.device, name))
        json_text(output, "device", name);
    return message.inode;
}

static uint32_t print_unix(const char *part, size_t length, struct output *output)
{
    struct unix_message message;
    size_t size;

    memcpy(&message, part, sizeof message);
    const char *name = find_attribute(part, length, sizeof message, UNIX_DIAG_NAME, &size);
    /* Some bind all of sun_path, or count the null byte at the end of a path. */
    while (name && size > 1 && !name[size - 1])
        size--;
    if (name && size > 0 && *name)
        json_bytes(output, "path", name, size);
    else if (name && size > 0)
        json_bytes(output, "abstract", name + 1, size - 1);
    json_number(output, "type", message.type);
    return message.inode;
}

static uint32_t print_vsock(const char *part, struct output *output)
{
    struct vsock_message message;

    memcpy(&message, part, sizeof message);
    json_number(output, "cid", message.cid);
    json_number(output, "port", message.port);
    json_number(output, "type", message.type);
    return message.inode;
}

static int print_socket(const struct kind *kind, const char *part, size_t length, struct output *output,
                        struct socket_inodes *inodes)
{
    bool is_inet = kind->protocol != 0;
    size_t least = is_inet                    ? sizeof(struct inet_message)
                   : kind->family == AF_UNIX ? sizeof(struct unix_message)
                                             : sizeof(struct vsock_message);

    if (length < least)
        return -EBADMSG;
    int result = reserve(inodes->inode, inodes->capacity, inodes->count + 1);
    if (result)
        return result;
    record_begin(output, "socket");
    json_text(output, "kind", kind->name);
    uint32_t inode = is_inet                   ? print_inet(part, length, output)
                     : kind->family == AF_UNIX ? print_unix(part, length, output)
                                               : print_vsock(part, output);
    json_number(output, "inode", inode);
    record_end(output);
    inodes->inode[inodes->count++] = inode;
    return 0;
}

/* 1 at the end, -errno of the kernel. */
static int print_part(const struct kind *kind, const char *part, size_t length, struct output *output,
                      struct socket_inodes *inodes)
{
    struct header header;
    int32_t number;

    for (size_t at = 0; at + sizeof header + sizeof number <= length; at += (header.length + 3u) & ~3u) {
        memcpy(&header, part + at, sizeof header);
        memcpy(&number, part + at + sizeof header, sizeof number);
        if (header.length < sizeof header || header.length > length - at)
            return -EBADMSG;
        /* The end of a dump has its error, too. */
        if (header.type == NLMSG_ERROR || header.type == NLMSG_DONE)
            return number < 0 ? number : 1;
        int result = header.type == SOCK_DIAG_BY_FAMILY
                         ? print_socket(kind, part + at, header.length, output, inodes)
                         : 0;
        if (result)
            return result;
    }
    return 0;
}

static int print_kind(const struct kind *kind, int fd, struct output *output, struct socket_inodes *inodes)
{
    struct request request = { .family = kind->family, .protocol = kind->protocol, .states = kind->states };
    /* A part of a dump is never longer. */
    _Alignas(4) char part[32768];
    int result = 0;

    request.header.type = SOCK_DIAG_BY_FAMILY;
    request.header.flags = NLM_F_REQUEST_DUMP;
    request.header.length = sizeof request;
    if (!kind->protocol) {
        request.header.length -= (uint32_t)(sizeof request.inet - sizeof request.other);
        request.other.show = UDIAG_SHOW_NAME;
    }
    if (send(fd, &request, request.header.length, 0) < 0)
        return -errno;
    while (!result) {
        ssize_t got = recv(fd, part, sizeof part, 0);
        if (got >= 0)
            result = print_part(kind, part, (size_t)got, output, inodes);
        else if (errno != EINTR)
            result = -errno;
    }
    return result < 0 ? result : 0;
}

int sockets_print(struct output *output, struct socket_inodes *inodes)
{
    int result = 0;

    for (size_t i = 0; i < array_length(kinds) && result != -ENOMEM; i++) {
        autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        result = fd < 0 ? -errno : print_kind(&kinds[i], fd, output, inodes);
        /* ENOENT: no module of this kernel tells of them (tcp_diag, udp_diag, unix_diag, vsock_diag). */
        if (result && result != -ENOMEM) {
            record_begin(output, "unlisted");
            json_text(output, "kind", kinds[i].name);
            json_text(output, "errno", errno_name(-result));
            record_end(output);
        }
    }
    return result == -ENOMEM ? result : 0;
}
