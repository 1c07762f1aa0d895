#include "link.h"

#include "util.h"

#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

/* musl has none of the kernel's headers for this; the numbers are rtnetlink(7)'s. */
struct nlmsghdr {
    uint32_t length;
    uint16_t type, flags;
    uint32_t sequence, port;
};
struct ifinfomsg {
    uint8_t family, pad;
    uint16_t type;
    int32_t index;
    uint32_t flags, change;
};
struct ifaddrmsg {
    uint8_t family, prefix, flags, scope;
    uint32_t index;
};
struct attribute {
    uint16_t length, type;
};
#define NETLINK_ROUTE 0
#define NLMSG_ERROR 2
#define NLMSG_DONE 3
#define NLM_F_REQUEST 1
#define NLM_F_ACK 4
#define NLM_F_EXCL 0x200
#define NLM_F_DUMP 0x300
#define NLM_F_CREATE 0x400
#define RTM_NEWLINK 16
#define RTM_DELLINK 17
#define RTM_NEWADDR 20
#define RTM_GETADDR 22
#define IFLA_IFNAME 3
#define IFLA_LINKINFO 18
#define IFLA_NET_NS_FD 28
#define IFLA_INFO_KIND 1
#define IFLA_INFO_DATA 2
#define VETH_INFO_PEER 1
#define IFA_ADDRESS 1
#define IFA_LOCAL 2
#define IFA_F_NODAD 2
#define RT_SCOPE_LINK 253
/* A part of a dump is never longer: NLMSG_GOODSIZE, or what was last read into. */
#define PART_MAX 8192

struct request {
    _Alignas(4) char data[512];
    size_t length;
};

static void append(struct request *request, const void *data, size_t length)
{
    /* All requests here are far shorter than the buffer. */
    memcpy(request->data + request->length, data, length);
    request->length += (length + 3) & ~(size_t)3;
}

static void begin(struct request *request, uint16_t type, uint16_t flags, const void *body, size_t length)
{
    struct nlmsghdr header = { .type = type, .flags = flags | NLM_F_REQUEST | NLM_F_ACK, .sequence = 1 };

    *request = (struct request){ .length = 0 };
    append(request, &header, sizeof header);
    append(request, body, length);
}

/* Returns where it begins, to close one that has others within. */
static size_t attribute(struct request *request, uint16_t type, const void *data, size_t length)
{
    struct attribute header = { .length = (uint16_t)(sizeof header + length), .type = type };
    size_t start = request->length;

    append(request, &header, sizeof header);
    if (length > 0)
        append(request, data, length);
    return start;
}

static void close_attribute(struct request *request, size_t start)
{
    uint16_t length = (uint16_t)(request->length - start);

    memcpy(request->data + start, &length, sizeof length);
}

/* A socket from which the answer comes, or -errno. */
static int ask(struct request *request)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    uint32_t length = (uint32_t)request->length;

    if (fd < 0)
        return -errno;
    memcpy(request->data, &length, sizeof length);
    if (send(fd, request->data, request->length, 0) >= 0)
        return fd;
    int number = errno;
    close(fd);
    return -number;
}

static int perform(struct request *request)
{
    autoclose int fd = ask(request);
    _Alignas(4) char answer[1024];
    struct nlmsghdr header;
    int32_t number;

    if (fd < 0)
        return fd;
    for (;;) {
        ssize_t got = recv(fd, answer, sizeof answer, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if ((size_t)got < sizeof header + sizeof number)
            return -EBADMSG;
        memcpy(&header, answer, sizeof header);
        memcpy(&number, answer + sizeof header, sizeof number);
        if (header.type == NLMSG_ERROR)
            return number;
    }
}

int link_veth(const char *name, int net, unsigned *index)
{
    struct ifinfomsg none = { .family = AF_UNSPEC };
    struct request request;
    uint32_t descriptor = (uint32_t)net;

    begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &none, sizeof none);
    attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
    size_t info = attribute(&request, IFLA_LINKINFO, NULL, 0);
    attribute(&request, IFLA_INFO_KIND, "veth", 4);
    size_t data = attribute(&request, IFLA_INFO_DATA, NULL, 0);
    size_t peer = attribute(&request, VETH_INFO_PEER, &none, sizeof none);
    attribute(&request, IFLA_IFNAME, "eth0", 5);
    attribute(&request, IFLA_NET_NS_FD, &descriptor, sizeof descriptor);
    close_attribute(&request, peer);
    close_attribute(&request, data);
    close_attribute(&request, info);
    int result = perform(&request);
    if (!result)
        *index = if_nametoindex(name);
    return result;
}

int link_up(const char *name)
{
    struct ifinfomsg link = { .family = AF_UNSPEC, .flags = IFF_UP, .change = IFF_UP };
    struct request request;

    link.index = (int32_t)if_nametoindex(name);
    if (link.index == 0)
        return -ENODEV;
    begin(&request, RTM_NEWLINK, 0, &link, sizeof link);
    return perform(&request);
}

int link_configure(const char *name, const struct create_address *address)
{
    /* Without others on a link of two there is no need to look for duplicates, which would make an address wait. */
    struct ifaddrmsg body = { .family = (uint8_t)address->family, .prefix = (uint8_t)address->prefix,
                              .flags = address->family == AF_INET6 ? IFA_F_NODAD : 0 };
    size_t length = address->family == AF_INET6 ? 16 : 4;
    struct request request;

    body.index = if_nametoindex(name);
    if (body.index == 0)
        return -ENODEV;
    begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    attribute(&request, IFA_LOCAL, address->bytes, length);
    attribute(&request, IFA_ADDRESS, address->bytes, length);
    int result = perform(&request);
    return result ? result : link_up(name);
}

int link_delete(unsigned index)
{
    struct ifinfomsg link = { .family = AF_UNSPEC, .index = (int32_t)index };
    struct request request;

    begin(&request, RTM_DELLINK, 0, &link, sizeof link);
    return perform(&request);
}

/* Whether both begin with the same bits. */
static bool share_bits(const char *a, const unsigned char *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    return memcmp(a, b, whole) == 0 && (rest == 0 || (((unsigned char)a[whole] ^ b[whole]) >> (8 - rest)) == 0);
}

/* Whether an address of another link is in the network, or the network in that of the address. */
static bool overlaps(const char *message, size_t length, const struct create_address *address, unsigned except)
{
    struct ifaddrmsg body;
    struct attribute header;
    size_t at = sizeof(struct nlmsghdr) + sizeof body, size = address->family == AF_INET6 ? 16 : 4;

    if (length < at)
        return false;
    memcpy(&body, message + sizeof(struct nlmsghdr), sizeof body);
    /* Each link has a network of its own for those of its scope. */
    if (body.family != address->family || body.index == except ||
        (body.family == AF_INET6 && body.scope == RT_SCOPE_LINK))
        return false;
    for (; at + sizeof header <= length; at += (header.length + 3u) & ~3u) {
        memcpy(&header, message + at, sizeof header);
        if (header.length < sizeof header || header.length > length - at)
            return false;
        /* On a link of two the one is this end's and the other has the network; else they are the same. */
        unsigned prefix = header.type == IFA_ADDRESS ? body.prefix : header.type == IFA_LOCAL ? 8 * size : 0;
        if (prefix != 0 && header.length == sizeof header + size &&
            share_bits(message + at + sizeof header, address->bytes, prefix < address->prefix ? prefix : address->prefix))
            return true;
    }
    return false;
}

static int check_address(const struct create_address *address, unsigned except)
{
    struct ifaddrmsg body = { .family = (uint8_t)address->family };
    _Alignas(4) char part[PART_MAX];
    struct request request;
    struct nlmsghdr header;

    begin(&request, RTM_GETADDR, NLM_F_DUMP, &body, sizeof body);
    autoclose int fd = ask(&request);
    if (fd < 0)
        return fd;
    for (;;) {
        ssize_t got = recv(fd, part, sizeof part, MSG_TRUNC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || (size_t)got > sizeof part)
            return got < 0 ? -errno : -EMSGSIZE;
        for (size_t at = 0, left; (left = (size_t)got - at) >= sizeof header; at += (header.length + 3u) & ~3u) {
            int32_t number;
            memcpy(&header, part + at, sizeof header);
            if (header.length < sizeof header || header.length > left)
                return -EBADMSG;
            if (header.type == NLMSG_DONE)
                return 0;
            if (header.type == NLMSG_ERROR && header.length >= sizeof header + sizeof number) {
                memcpy(&number, part + at + sizeof header, sizeof number);
                return number;
            }
            if (header.type == RTM_NEWADDR && overlaps(part + at, header.length, address, except))
                return -EADDRINUSE;
            if (((header.length + 3u) & ~3u) > left)
                break;
        }
    }
}

int link_check_addresses(const struct create_veth *veth, unsigned except)
{
    int result = check_address(&veth->own, except);

    return result ? result : check_address(&veth->peer, except);
}
