/* Instances as a stream: memory does not grow with the file or with one line, pipes work, and pieces of any size give
 * the same. */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "request/instance_internal.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void); /* gcc has no header for it */
#else
#include <malloc.h>
#endif

#include "base/banned.h"

#define N_LINES 200000
#define LONG_LINE ((size_t)50 << 20)

static const struct bf_instance_options plain = {.format = BF_INSTANCES_AUTO};
static const struct bf_instance_options skipping = {.skip_bad = true};

/* Bytes that are allocated now, mapped ones too. Sanitizers keep freed memory, so the kernel's figure would not do. */
static size_t bytes_in_use(void)
{
#ifdef SANITIZED
    return __sanitizer_get_current_allocated_bytes();
#else
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#endif
}

/* Read all; the most memory that was in use at an instance, beyond `before`. */
static size_t read_all(const char *path, const struct bf_instance_options *options, size_t before,
                       struct bf_instance_stats *stats)
{
    struct bf_instance_file *file = NULL;
    struct bf_err err = BF_ERR_INIT;
    struct bf_instance instance;
    size_t most = 0;
    bool more = true;

    assert_int_equal(bf_instance_file_open(path, options, &file, &err), BF_OK);
    while (more) {
        size_t now;
        if (bf_instance_file_next(file, &instance, &more, &err) != BF_OK)
            fail_msg("%s", err.text);
        now = bytes_in_use();
        if (now > before && now - before > most)
            most = now - before;
    }
    *stats = *bf_instance_file_stats(file);
    bf_instance_file_close(file);
    return most;
}

/* The same instances in each format. */
static void write_many(const char *path, const char *format)
{
    static const char sentence[] = "The planet Saturn has rings of ice and rock, \\u2018wide\\u2019 and thin";
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    if (strcmp(format, "json") == 0)
        (void)fputs("[\n", file);
    else if (strcmp(format, "csv") == 0)
        (void)fputs("id,text\r\n", file);
    for (int i = 0; i < N_LINES; i++) {
        if (strcmp(format, "jsonl") == 0)
            (void)fprintf(file, "{\"id\": %d, \"text\": \"%s, said number %d.\"}\n", i, sentence, i);
        else if (strcmp(format, "json") == 0)
            (void)fprintf(file, "  {\"id\": %d, \"text\": \"%s, said number %d.\"}%s\n", i, sentence, i,
                          i + 1 < N_LINES ? "," : "]");
        else if (strcmp(format, "csv") == 0)
            (void)fprintf(file, "%d,\"%s,\r\n said number %d.\"\r\n", i, sentence, i);
        else
            (void)fprintf(file, "%s, said number %d.\n%s", sentence, i, i % 3 == 0 ? "\n" : "");
    }
    assert_int_equal(fclose(file), 0);
}

static void memory_does_not_grow_with_the_file(void **state)
{
    static const char *const formats[] = {"jsonl", "json", "csv", "txt"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(formats); i++) {
        struct bf_instance_stats stats;
        char path[20];
        size_t most;

        (void)snprintf(path, sizeof path, "many.%s", formats[i]);
        write_many(path, formats[i]);
        most = read_all(path, &plain, bytes_in_use(), &stats);
        assert_int_equal(stats.n_good, N_LINES);
        assert_int_equal(stats.n_bad, 0);
        if (most > (size_t)200 << 10)
            fail_msg("%s: %zu bytes for %d lines", formats[i], most, N_LINES);
        assert_int_equal(unlink(path), 0);
    }
}

static void the_memory_of_duplicates(void **state)
{
    static const struct bf_instance_options once = {.skip_duplicates = true};
    struct bf_instance_stats stats;
    size_t most;

    (void)state;
    write_many("many.txt", "txt");
    most = read_all("many.txt", &once, bytes_in_use(), &stats);
    assert_int_equal(stats.n_good, N_LINES);
    assert_true(most < (size_t)48 * N_LINES);
    assert_int_equal(unlink("many.txt"), 0);
}

/* A good record, one of 50 MB, a good one. */
static void write_long(const char *path, const char *head, const char *tail)
{
    FILE *file = fopen(path, "wb");
    char *block = malloc(1 << 20);

    assert_non_null(file);
    assert_non_null(block);
    memset(block, 'x', 1 << 20);
    assert_true(fputs(head, file) >= 0);
    for (size_t i = 0; i < LONG_LINE >> 20; i++)
        assert_int_equal(fwrite(block, 1, 1 << 20, file), 1 << 20);
    assert_true(fputs(tail, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(block);
}

static void a_line_of_50_mb(void **state)
{
    static const struct {
        const char *path, *head, *tail, *place;
    } cases[] = {
        {"long.jsonl", "\"a\"\n{\"text\":\"", "\"}\n\"b\"\n", "long.jsonl:2:1: "},
        {"long.json", "[\"a\",\n {\"text\":\"", "\"},\n\"b\"]\n", "long.json:2:2: "},
        {"long.csv", "text\na\n\"", "\"\nb\n", "long.csv:3:1: "},
        {"long.txt", "a\n", "\nb\n", "long.txt:2:1: "},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_instance_stats stats;
        struct bf_err err = BF_ERR_INIT;
        double begin;
        size_t most;

        write_long(cases[i].path, cases[i].head, cases[i].tail);
        begin = bf_seconds();
        most = read_all(cases[i].path, &skipping, bytes_in_use(), &stats);
        assert_int_equal(stats.n_good, 2);
        assert_int_equal(stats.n_bad, 1);
        assert_contains(stats.first_bad, cases[i].place);
        assert_contains(stats.first_bad, "the record is over 327680 bytes long, but its text may have 65536; split it");
        if (most > (size_t)1 << 20)
            fail_msg("%s: %zu bytes of memory", cases[i].path, most);
        assert_int_equal(bf_instance_file_check(cases[i].path, &plain, &stats, &err), BF_INPUT);
        assert_error(err, BF_INPUT, cases[i].place);
        if (bf_seconds() - begin > 10) /* twice 50 MB; some 0.1 s without sanitizers */
            fail_msg("%s: %.1f s", cases[i].path, bf_seconds() - begin);
        assert_int_equal(unlink(cases[i].path), 0);
    }
}

static void the_limit_is_of_the_text(void **state)
{
    struct bf_instance_options import = {.max_text = BF_IMPORT_TEXT_MAX, .skip_bad = true};
    struct bf_instance_options small = {.max_text = 10, .skip_bad = true};
    struct bf_instance_stats stats;

    (void)state;
    write_text("a.jsonl", "{\"text\":\"0123456789\"}\n{\"text\":\" \\u0416\\u0416\\u0416\\u0416\\u0416 \"}\n"
                          "{\"text\":\"0123456789a\"}\n{\"question\":\"q\",\"answer\":\"a\"}\n");
    (void)read_all("a.jsonl", &small, bytes_in_use(), &stats);
    assert_int_equal(stats.n_good, 2);
    assert_int_equal(stats.n_bad, 2);
    assert_contains(stats.first_bad, "a.jsonl:3:1: the text is 11 bytes long and the limit is 10; split it");
    write_long("long.jsonl", "{\"text\":\"a\"}\n{\"text\":\"", "\"}\n");
    (void)read_all("long.jsonl", &import, bytes_in_use(), &stats);
    assert_int_equal(stats.n_bad, 1);
    assert_contains(stats.first_bad,
                    "long.jsonl:2:1: the text is 52428800 bytes long and the limit is 16777216; split it");
    assert_int_equal(truncate("long.jsonl", (off_t)12 << 20), 0);
    {
        FILE *file = fopen("long.jsonl", "ab");
        assert_non_null(file);
        assert_true(fputs("\"}\n", file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    (void)read_all("long.jsonl", &import, bytes_in_use(), &stats);
    assert_int_equal(stats.n_good, 2);
    assert_int_equal(unlink("long.jsonl"), 0);
}

static const char fifo_lines[] =
    "\xEF\xBB\xBF{\"text\":\"one\"}\r\n\n{\"question\":\"Who?\",\"answer\":\"Zeus \xE2\x98\x80\"}\n\"three\"";

static void *write_fifo(void *path)
{
    FILE *file = fopen(path, "wb");

    for (size_t i = 0; file && i < sizeof fifo_lines - 1; i++) {
        (void)fputc(fifo_lines[i], file);
        (void)fflush(file); /* byte by byte: reads end anywhere */
    }
    if (file)
        (void)fclose(file);
    return NULL;
}

static void a_fifo(void **state)
{
    struct bf_instance_stats stats;
    struct bf_err err = BF_ERR_INIT;
    char path[] = "pipe.jsonl";
    pthread_t writer;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(bf_instance_file_check(path, &plain, &stats, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "cannot check 'pipe.jsonl' beforehand");
    assert_int_equal(pthread_create(&writer, NULL, write_fifo, path), 0);
    (void)read_all(path, &plain, bytes_in_use(), &stats);
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_int_equal(stats.n_good, 3);
    assert_int_equal(stats.n_pairs, 1);
    assert_int_equal(stats.n_blank, 1);
    assert_int_equal(stats.n_bytes, sizeof fifo_lines - 1);
}

static void standard_input(void **state)
{
    static const struct bf_instance_options csv = {.format = BF_INSTANCES_CSV};
    struct bf_instance_file *file = NULL;
    struct bf_instance instance;
    struct bf_err err = BF_ERR_INIT;
    bool more = false;
    int saved = dup(STDIN_FILENO), fd;

    (void)state;
    write_text("in", "text\none\n\"two\n");
    fd = open("in", O_RDONLY);
    assert_true(saved >= 0 && fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    assert_int_equal(bf_instance_file_open("-", &csv, &file, &err), BF_OK);
    assert_int_equal(bf_instance_file_next(file, &instance, &more, &err), BF_OK);
    assert_string_equal(instance.text, "one");
    assert_int_equal(bf_instance_file_next(file, &instance, &more, &err), BF_INPUT);
    assert_false(more);
    assert_error(err, BF_INPUT, "standard input:3:1: the quotation mark");
    bf_instance_file_close(file);
    assert_true(dup2(saved, STDIN_FILENO) == STDIN_FILENO && close(saved) == 0 && close(fd) == 0);
}

/* Everything that is yielded, then the numbers or the error. */
static char *transcript(const char *path, enum bf_instance_format format, bool paragraphs, size_t chunk)
{
    const struct bf_instance_options options = {.format = format, .skip_bad = true, .paragraphs = paragraphs};
    struct bf_instance_file *file = NULL;
    struct bf_instance instance;
    const struct bf_instance_stats *stats;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf out;
    bool more = true;
    int fd = open(path, O_RDONLY);

    assert_true(fd >= 0);
    bf_buf_init(&out, 1 << 20);
    assert_int_equal(bf_instance_file_from_fd(fd, "x", chunk, &options, &file, &err), BF_OK);
    while (bf_instance_file_next(file, &instance, &more, &err) == BF_OK && more)
        bf_buf_printf(&out, "%lld %lld %s\n", (long long)instance.record, (long long)instance.line, instance.text);
    stats = bf_instance_file_stats(file);
    bf_buf_printf(&out, "%lld %lld %lld %s / %s", (long long)stats->n_good, (long long)stats->n_bad,
                  (long long)stats->n_blank, stats->first_bad, err.text);
    bf_instance_file_close(file);
    assert_int_equal(close(fd), 0);
    return bf_buf_take(&out);
}

static void pieces_of_any_size(void **state)
{
    static const struct {
        enum bf_instance_format format;
        bool paragraphs;
        const char *data;
    } cases[] = {
        {BF_INSTANCES_JSONL, false, fifo_lines},
        {BF_INSTANCES_JSONL, false, "\"a\"\n{\"text\":\"b\\u00e9\"}\r\n \t\nbroken\n{\"text\":\"\xC3\xA9\"}\n\xC3\n"},
        {BF_INSTANCES_JSON, false,
         "[\"a,]\\\"\", {\"text\":\"b\",\"x\":[{},[]]} ,\n\"c\n\", nul, {\"content\":\"d\"} ] \n"},
        {BF_INSTANCES_JSON, false, "[\"a\", \"b\"] x"},
        {BF_INSTANCES_CSV, false,
         "id,\"text\"\r\n1,\"a, \"\"b\"\"\r\nc\"\r\n\r\n2,d\r\n3,\"e\" f\r\n4\r\n5,\"\"\r\n6,g"},
        {BF_INSTANCES_CSV, false, "text\na\n\"b\n\"\"\n"},
        {BF_INSTANCES_TXT, false, "a\r\n\r\n b \n\xE2\x98\x80\n\xE2\x98\n"},
        {BF_INSTANCES_TXT, true, "a\r\nb\r\n\r\n\r\n c\n\td\n \ne"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char *whole;

        write_text("pieces", cases[i].data);
        whole = transcript("pieces", cases[i].format, cases[i].paragraphs, BF_SOURCE_CHUNK);
        for (size_t chunk = 3; chunk <= strlen(cases[i].data) + 1; chunk++) {
            char *pieces = transcript("pieces", cases[i].format, cases[i].paragraphs, chunk);
            if (strcmp(whole, pieces) != 0)
                fail_msg("case %zu, chunks of %zu: %s\ninstead of: %s", i, chunk, pieces, whole);
            free(pieces);
        }
        free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_does_not_grow_with_the_file),
        cmocka_unit_test(the_memory_of_duplicates),
        cmocka_unit_test(a_line_of_50_mb),
        cmocka_unit_test(the_limit_is_of_the_text),
        cmocka_unit_test(a_fifo),
        cmocka_unit_test(standard_input),
        cmocka_unit_test(pieces_of_any_size),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
