#include "request.h"

#include "text.h"
#include "util.h"

#include <string.h>

bool request_id(const char *text, int64_t *id)
{
    const char *end = text + strlen(text);
    uint64_t number;

    if (!parse_number(&text, end, &number) || text != end || number > REQUEST_ID_MAX)
        return false;
    *id = (int64_t)number;
    return true;
}

long request_read(const char *data, size_t length, struct request *request)
{
    const char *payload;
    size_t payload_length;
    long taken = netstring_read(data, length, &payload, &payload_length);

    if (taken <= 0)
        return taken;
    *request = (struct request){ .id = -1 };
    request->error = netstring_split(payload, payload_length, &request->words);
    if (request->error) {
        request->detail = "not a list of netstrings";
    } else if (request->words.count == 0 || !request_id(request->words.word[0], &request->id)) {
        request->error = -EBADMSG;
        request->detail = "no request id";
    } else if (request->words.count < 2) {
        request->error = -EBADMSG;
        request->detail = "no verb";
    } else {
        request->word = request->words.word + 1;
        request->count = request->words.count - 1;
    }
    return taken;
}

void request_free(struct request *request)
{
    words_free(&request->words);
}

static bool starts_with(const char *data, size_t length, const char *prefix)
{
    return length >= strlen(prefix) && memcmp(data, prefix, strlen(prefix)) == 0;
}

bool request_is_answer(const char *lines, size_t length, int64_t id)
{
    const char *before = length > 1 ? memrchr(lines, '\n', length - 1) : NULL;
    const char *last = before ? before + 1 : lines;
    char prefix[64];
    size_t size = text_format(prefix, sizeof prefix, "{\"id\":%lld,", (long long)id);

    length -= (size_t)(last - lines);
    return starts_with(last, length, prefix) && (starts_with(last + size, length - size, "\"end\":") ||
                                                 starts_with(last + size, length - size, "\"error\":"));
}
