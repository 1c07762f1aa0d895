#include "relay_place.h"

#include "util.h"

#include <arpa/inet.h>
#include <string.h>

static bool read_internet(const char *text, struct relay_place *place)
{
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    bool v6 = text[0] == '[';
    uint64_t port;

    if (!colon || (v6 && (colon == text + 1 || colon[-1] != ']')))
        return false;
    size_t length = (size_t)(colon - text) - (v6 ? 2 : 0);
    const char *at = colon + 1, *end = at + strlen(at);
    if (length >= sizeof host || !parse_number(&at, end, &port) || at != end || port == 0 || port > UINT16_MAX)
        return false;
    memcpy(host, text + v6, length);
    host[length] = '\0';
    /* Both have the port in the same place. */
    place->address.v4.sin_port = htons((uint16_t)port);
    place->address.any.sa_family = v6 ? AF_INET6 : AF_INET;
    place->length = v6 ? sizeof place->address.v6 : sizeof place->address.v4;
    return inet_pton(place->address.any.sa_family, host,
                     v6 ? (void *)&place->address.v6.sin6_addr : (void *)&place->address.v4.sin_addr) == 1;
}

static bool read_unix(const char *name, struct relay_place *place)
{
    struct sockaddr_un *address = &place->address.un;
    size_t length = strlen(name);

    if (length < 2 || length > sizeof address->sun_path || (name[0] != '/' && name[0] != '@'))
        return false;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, name, length);
    /* An abstract name begins with a null byte, and all of its length counts (unix(7)). */
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    place->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

int relay_place_parse(const char *text, struct relay_place *place, struct failure *failure)
{
    bool known = false;

    *place = (struct relay_place){ .type = SOCK_STREAM };
    if (text && strncmp(text, "unix:", 5) == 0) {
        known = read_unix(text + 5, place);
    } else if (text && (strncmp(text, "tcp:", 4) == 0 || strncmp(text, "udp:", 4) == 0)) {
        place->type = text[0] == 'u' ? SOCK_DGRAM : SOCK_STREAM;
        known = read_internet(text + 4, place);
    }
    return known ? 0 : fail_usage(failure, "place", "a place is tcp:ADDRESS:PORT, udp:ADDRESS:PORT, unix:/PATH or unix:@NAME");
}

bool relay_place_is_path(const struct relay_place *place)
{
    return place->address.any.sa_family == AF_UNIX && place->address.un.sun_path[0] == '/';
}
