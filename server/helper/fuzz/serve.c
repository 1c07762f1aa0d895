/*
 * libFuzzer target for what `serve` reads: netstrings, the request in them, the words of its verb; and for the token
 * of --argv. Nothing is run. Build with `make fuzz`, then `obj/fuzz-serve -max_total_time=10`.
 */
#include "base64.h"
#include "request.h"
#include "util.h"
#include "verbs.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        __builtin_trap();
}

static void read_requests(const char *data, size_t size)
{
    size_t at = 0;

    while (at < size) {
        struct request request;
        long taken = request_read(data + at, size - at, &request);
        if (taken <= 0)
            break;
        require((size_t)taken <= size - at);
        at += (size_t)taken;
        if (!request.error) {
            const struct verb *verb;
            struct options options;
            struct failure failure = { 0 };
            require(request.id >= 0 && (uint64_t)request.id <= REQUEST_ID_MAX && request.count > 0);
            for (size_t i = 0; i < request.count; i++)
                require(strlen(request.word[i]) <= size);
            int result = verb_parse(request.word, request.count, &verb, &options, &failure);
            require(result != 0 || verb != NULL);
            /* What the words are refused with is printed, so it has to be printable. */
            struct output output;
            output_init(&output, -1, request.id);
            failure_print(&output, &failure, -1);
            record_begin(&output, "process");
            json_bytes(&output, "comm", data, size);
            record_end(&output);
            require(output.error == 0 && output.data[output.length - 1] == '\n');
            output_free(&output);
        }
        request_free(&request);
    }
}

static void read_token(const char *data, size_t size)
{
    struct words words;
    autofree char *decoded = malloc(size / 4 * 3 + 3);
    long length = base64url_decode(data, size, decoded);

    if (length >= 0 && netstring_split(decoded, (size_t)length, &words) == 0)
        words_free(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of exactly this size, so that reading one byte too far is seen. */
    autofree char *copy = malloc(size);

    if (size > 0)
        memcpy(copy, data, size);
    read_requests(copy, size);
    read_token(copy, size);
    return 0;
}
