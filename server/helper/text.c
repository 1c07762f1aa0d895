#include "text.h"

#include "util.h"

#include <stdarg.h>
#include <string.h>

struct target {
    char *to;
    size_t size;
    size_t length;
};

static void put(struct target *target, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++, target->length++)
        if (target->length + 1 < target->size)
            target->to[target->length] = bytes[i];
}

static void put_padded(struct target *target, const char *bytes, size_t count, size_t width)
{
    for (; width > count; width--)
        put(target, " ", 1);
    put(target, bytes, count);
}

static void put_number(struct target *target, uint64_t number, bool negative, size_t width)
{
    char digits[21] = "-";

    put_padded(target, negative ? digits : digits + 1, format_number(digits + 1, number) + negative, width);
}

static size_t format_all(char *to, size_t size, const char *format, va_list list)
{
    struct target target = { .to = to, .size = size };

    for (;;) {
        size_t plain = strcspn(format, "%");
        put(&target, format, plain);
        format += plain;
        if (!*format++)
            break;
        uint64_t width = 0, most = SIZE_MAX;
        parse_number(&format, format + strspn(format, "0123456789"), &width);
        if (strncmp(format, ".*", 2) == 0) {
            most = (uint64_t)va_arg(list, int);
            format += 2;
        }
        bool is_long = strncmp(format, "ll", 2) == 0;
        format += is_long ? 2 : 0;
        if (*format == 's') {
            const char *text = va_arg(list, const char *);
            put_padded(&target, text, strnlen(text, most), width);
        } else if (*format == 'c') {
            char byte = (char)va_arg(list, int);
            put_padded(&target, &byte, 1, width);
        } else if (*format == 'u') {
            put_number(&target, va_arg(list, unsigned), false, width);
        } else {
            long long number = is_long ? va_arg(list, long long) : va_arg(list, int);
            put_number(&target, number < 0 ? -(uint64_t)number : (uint64_t)number, number < 0, width);
        }
        format++;
    }
    if (size > 0)
        to[target.length < size ? target.length : size - 1] = '\0';
    return target.length;
}

size_t text_format(char *to, size_t size, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    size_t length = format_all(to, size, format, list);
    va_end(list);
    return length;
}

void text_print(int fd, const char *format, ...)
{
    char text[8192];
    va_list list;

    va_start(list, format);
    size_t length = format_all(text, sizeof text, format, list);
    va_end(list);
    (void)!write(fd, text, length < sizeof text ? length : sizeof text - 1);
}
