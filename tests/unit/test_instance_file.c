/* Instances out of files: what each format yields, and the sentence for each kind of bad record. */
#include "unit.h"

#include <sys/stat.h>

#include "base/json.h"
#include "base/utf8.h"
#include "request/instance_internal.h"

#include "base/banned.h"

#define BYTES(literal) (literal), sizeof(literal) - 1

static void write_bytes(const char *path, const char *data, size_t n)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* What a file yields, as "line:text|line:text@point|...", with "!" and the sentence when it ends in an error. */
static char *read_all(const char *path, const struct bf_instance_options *options)
{
    struct bf_instance_file *file = NULL;
    struct bf_err err = BF_ERR_INIT;
    struct bf_instance instance;
    struct bf_buf out;
    bool more = true;
    int64_t index = 0;

    bf_buf_init(&out, 1 << 20);
    if (bf_instance_file_open(path, options, &file, &err) != BF_OK) {
        assert_null(file);
        bf_buf_printf(&out, "!%s", err.text);
        return bf_buf_take(&out);
    }
    for (;;) {
        if (bf_instance_file_next(file, &instance, &more, &err) != BF_OK) {
            assert_int_equal(err.status, BF_INPUT);
            bf_buf_printf(&out, "!%s", err.text);
            break;
        }
        if (!more)
            break;
        assert_int_equal(instance.index, index++);
        assert_true(bf_utf8_valid(instance.text, strlen(instance.text)));
        assert_true((instance.question != NULL) == (instance.answer != NULL));
        bf_buf_printf(&out, "%lld:%s%s%s|", (long long)instance.line, instance.text, instance.point ? "@" : "",
                      instance.point ? instance.point : "");
    }
    bf_instance_file_close(file);
    return bf_buf_take(&out);
}

static void assert_yields(const char *path, const char *data, size_t n, const struct bf_instance_options *options,
                          const char *expected)
{
    char *got;

    write_bytes(path, data, n);
    got = read_all(path, options);
    if (strncmp(expected, "...", 3) == 0) { /* the end alone */
        size_t n_got = strlen(got), n_end = strlen(expected + 3);
        if (n_got < n_end || strcmp(got + n_got - n_end, expected + 3) != 0)
            fail_msg("expected the end \"%s\" of \"%s\"", expected + 3, got);
    } else {
        assert_string_equal(got, expected);
    }
    free(got);
}

static const struct bf_instance_options plain = {.format = BF_INSTANCES_AUTO};
static const struct bf_instance_options skipping = {.skip_bad = true};

static void jsonl(void **state)
{
    (void)state;
    assert_yields("a.jsonl", BYTES("{\"text\":\"one\"}\n{\"content\":\" two \",\"n\":1}\n\n\"three\"\n"), &plain,
                  "1:one|2:two|4:three|");
    assert_yields("a.ndjson", BYTES("{\"question\":\"Who?\",\"answer\":\"Zeus\"}\n{\"text\":\"b\"}"), &plain,
                  "1:Question: Who?\nAnswer: Zeus|2:b|");
    assert_yields("A.JSONL", BYTES("\xEF\xBB\xBF{\"text\":\"bom\"}\r\n\r\n{\"text\":\"crlf\"}\r\n"), &plain,
                  "1:bom|3:crlf|");
    /* A pair goes before a text; null and, beside a text, empty strings are absent. */
    assert_yields("a.jsonl",
                  BYTES("{\"text\":\"t\",\"question\":\"q\",\"answer\":\"a\"}\n{\"text\":\"t\",\"question\":null}\n"
                        "{\"text\":\"t\",\"question\":\"\",\"answer\":\"a\"}\n"),
                  &plain, "1:Question: q\nAnswer: a|2:t|3:t|");
    assert_yields("a.jsonl", BYTES("{\"text\":\"a\",\"more\":{\"x\":[1,{\"y\":null}]}}"), &plain, "1:a|");
}

/* The key of exports; another program's key of that name does no harm. */
static void points(void **state)
{
    (void)state;
    assert_yields(
        "a.jsonl",
        BYTES("{\"text\":\"one\",\"point\":\" Zeus \"}\n{\"text\":\"two\",\"point\":null}\n"
              "{\"question\":\"Who?\",\"answer\":\"Zeus\",\"point\":\"gods\"}\n{\"text\":\"b\",\"point\":[1]}\n"
              "{\"text\":\"c\",\"point\":\" \"}\n"),
        &plain, "1:one@Zeus|2:two|3:Question: Who?\nAnswer: Zeus@gods|4:b|5:c|");
    assert_yields("a.json", BYTES("[{\"text\":\"one\",\"point\":\"Zeus\"},{\"text\":\"two\"}]"), &plain,
                  "1:one@Zeus|1:two|");
}

static void line_ends(void **state)
{
    static const struct bf_instance_options paragraphs = {.paragraphs = true};

    (void)state;
    assert_yields("a.txt", BYTES("one\rtwo\r\rthree"), &plain, "1:one|2:two|4:three|");
    assert_yields("a.txt", BYTES("one\r\ntwo\r\n"), &plain, "1:one|2:two|");
    assert_yields("a.txt", BYTES("one\n\rtwo"), &plain, "1:one|3:two|");
    assert_yields("a.txt", BYTES("one\rstill\r\rtwo\r"), &paragraphs, "1:one still|4:two|");
    assert_yields("a.jsonl", BYTES("{\"text\":\"one\"}\r{\"text\":\"two\"}\r"), &plain, "1:one|2:two|");
    assert_yields("a.csv", BYTES("text,n\rone,1\r\"two\r\",2\r"), &plain, "2:one|3:two|");
    /* Not an end of a line, though Python's splitlines() takes it for one. */
    assert_yields("a.txt", BYTES("one\xE2\x80\xA8still"), &plain, "1:one\xE2\x80\xA8still|");
    assert_yields("a.jsonl", BYTES("{\"text\":\"one\xE2\x80\xA8still\"}\n"), &plain, "1:one\xE2\x80\xA8still|");
}

static void values_that_are_null(void **state)
{
    static const struct bf_instance_options own = {.text_key = "generation"};

    (void)state;
    assert_yields("a.jsonl", BYTES("{\"generation\":null}\n"), &own,
                  "!a.jsonl:1:1: \"generation\" is null; write its text, or remove the record (--skip-bad leaves such "
                  "records out)");
    assert_yields(
        "a.jsonl", BYTES("{\"question\":\"q\",\"answer\":null}\n"), &plain,
        "!a.jsonl:1:1: \"answer\" is null; write its text, or remove the record (--skip-bad leaves such records "
        "out)");
}

/* A sentence names what the command that reads the file has. */
static void advice(void **state)
{
    static const struct {
        const char *path, *data;
        enum bf_instance_hints hints;
        const char *end;
    } cases[] = {
        {"a.jsonl", "{\"t\":\"x\"}\n", BF_HINTS_REQUEST,
         "rename its keys, or give \"text_key\" in the request's line (--skip-bad leaves such records out)"},
        {"a.jsonl", "{\"t\":\"x\"}\n", BF_HINTS_SKIP_BAD, "rename its keys (--skip-bad leaves such records out)"},
        {"a.jsonl", "{\"t\":\"x\"}\n", BF_HINTS_NONE, "(it has \"t\"); rename its keys"},
        {"a.csv", "t,u\n1,2\n", BF_HINTS_NONE, "(it has \"t\", \"u\"); correct the names"},
        {"a.csv", "word\n", BF_HINTS_NONE, "in a first row of its own (columns are separated by commas)"},
        {"a.dat", "x\n", BF_HINTS_NONE, "(.jsonl .ndjson .json .csv .txt); give it one of these endings"},
        {"a.jsonl", "I do not know.\n", BF_HINTS_NONE, "or give a file of plain text a name that ends in .txt"},
        {"a.jsonl", "\x1F\x8B\x08\x01", BF_HINTS_NONE, "a.jsonl:1:1: this is a gzip file; unpack it first"},
        {"a.csv", "PAR1 x", BF_HINTS_NONE,
         "this is a Parquet file; write it as JSON lines first, as docs/evaluation.md shows"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct bf_instance_options options = {.hints = cases[i].hints};
        char *got;
        write_bytes(cases[i].path, cases[i].data, strlen(cases[i].data));
        got = read_all(cases[i].path, &options);
        assert_contains(got, cases[i].end);
        if (cases[i].hints == BF_HINTS_NONE && strstr(got, "--"))
            fail_msg("an option that is not there: %s", got);
        free(got);
    }
}

static void keys_of_ones_own(void **state)
{
    struct bf_instance_options text = {.text_key = "body"};
    struct bf_instance_options pair = {.question_key = "q"};
    struct bf_instance_options all = {.text_key = "body", .question_key = "q", .answer_key = "a"};
    static const char data[] = "{\"body\":\"x\",\"text\":\"no\",\"q\":\"1\",\"answer\":\"2\",\"question\":\"n\"}\n";

    (void)state;
    assert_yields("a.jsonl", BYTES(data), &text, "1:x|");
    assert_yields("a.jsonl", BYTES(data), &pair, "1:Question: 1\nAnswer: 2|");
    assert_yields("a.jsonl", BYTES("{\"q\":\"1\",\"a\":\"2\"}\n{\"body\":\"x\"}\n"), &all,
                  "1:Question: 1\nAnswer: 2|2:x|");
    assert_yields("a.jsonl", BYTES("{\"text\":\"no\"}\n"), &text,
                  "!a.jsonl:1:1: the object has no \"body\" (it has \"text\"); rename its keys, or give --text-key "
                  "(--skip-bad leaves such records out)");
    assert_yields("a.csv", BYTES("id,body\n1,x\n"), &text, "2:x|");
    assert_yields("a.csv", BYTES("q,a\n1,2\n"), &all, "2:Question: 1\nAnswer: 2|");
}

static void json_lists(void **state)
{
    (void)state;
    assert_yields("a.json", BYTES("[\"one\", {\"text\":\"two\"},\n {\"question\":\"q\",\n  \"answer\":\"a\"}\n]\n"),
                  &plain, "1:one|1:two|2:Question: q\nAnswer: a|");
    assert_yields("a.json", BYTES("\xEF\xBB\xBF\r\n [ \"a\" ] "), &plain, "2:a|");
    assert_yields("a.json", BYTES("[\"brackets ]} , [{ \\\" \\\\\",\"b\"]"), &plain, "1:brackets ]} , [{ \" \\|1:b|");
    /* TOFU's files are JSON lines by this name. */
    assert_yields("a.json", BYTES("{\"question\":\"q\",\"answer\":\"a\"}\n{\"text\":\"b\"}\n"), &plain,
                  "1:Question: q\nAnswer: a|2:b|");
    assert_yields("a.json", BYTES("[]"), &plain,
                  "!no instances in 'a.json': it is empty apart from white space or names; "
                  "give a file with texts or pairs");
    /* A string that is not closed takes its neighbour along, the wrong bracket spoils its own element only. */
    assert_yields("a.json", BYTES("[\"a\",\n\"b,\n\"c\",\n\"d\"]"), &skipping, "1:a|4:d|");
    assert_yields("a.json", BYTES("[\"a\",\n{\"text\":\"b\"],\n\"c\"]"), &skipping, "1:a|3:c|");
    assert_yields("a.json", BYTES("[\"a\",,\"c\"]"), &skipping, "1:a|1:c|");
    assert_yields(
        "a.json", BYTES("[\"a\",\n {\"text\": 5},\n\"c\"]"), &plain,
        "1:a|!a.json:2:2: \"text\" is not a string; put its text between quotation marks (--skip-bad leaves such "
        "records out)");
}

static void json_lists_that_hide_their_elements(void **state)
{
    static const struct {
        const char *data, *sentence;
    } cases[] = {
        {"[\"a\", \"b\"",
         "1:a|!a.json:1:7: the list is not closed: the file ends in or after the element that begins here; "
         "is the file cut off?"},
        {"[\"a\",", "1:a|!a.json:1:6: the list is not closed: the file ends here; is the file cut off?"},
        {"[", "!a.json:1:2: the list is not closed: the file ends here; is the file cut off?"},
        {"[\"a\",]", "1:a|!a.json:1:6: no element after the last comma of the list; remove the comma"},
        {"[\"a\"]\n[", "1:a|!a.json:2:1: text after the end of the list; a file has one list"},
        {"text", "!a.json:1:1: neither a JSON list nor one JSON object per line; check the format"},
        {"[\"a\",\n{\"text\":\"b\",\n\"c\"]", "1:a|!a.json:2:1: the list is not closed: the file ends in or after the "
                                              "element that begins here; is the file "
                                              "cut off?"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        write_text("a.json", cases[i].data);
        for (int skip = 0; skip < 2; skip++) {
            char *got = read_all("a.json", skip ? &skipping : &plain);
            assert_string_equal(got, cases[i].sentence);
            free(got);
        }
    }
}

static void csv(void **state)
{
    (void)state;
    assert_yields("a.csv", BYTES("text\none\n\"two, with \"\"marks\"\" and\r\na break\"\r\n\r\nthree\n"), &plain,
                  "2:one|3:two, with \"marks\" and\na break|6:three|");
    assert_yields("a.csv", BYTES("\xEF\xBB\xBF\"id\", question ,\"answer\"\n1,Who?,Zeus\n"), &plain,
                  "2:Question: Who?\nAnswer: Zeus|");
    assert_yields("a.csv", BYTES("text,question,answer\nt,,\n,q,a\nu,q,\n"), &plain,
                  "2:t|3:Question: q\nAnswer: a|4:u|");
    assert_yields("a.csv", BYTES("id,content\n1,x\n"), &plain, "2:x|");
    assert_yields("a.csv", BYTES("text,content\na,b\n"), &plain, "2:a|");
    /* Without names: one column of texts. */
    assert_yields("a.csv", BYTES("Zeus rules the gods.\n\"Hera, his wife.\"\n"), &plain,
                  "1:Zeus rules the gods.|2:Hera, his wife.|");
    assert_yields("a.csv", BYTES("\xE5\xAE\x99\xE6\x96\xAF\n"), &plain, "1:\xE5\xAE\x99\xE6\x96\xAF|");
    /* No line feed at the end, an empty field at the end. */
    assert_yields("a.csv", BYTES("text,id\na,"), &plain, "2:a|");
}

static void csv_that_is_broken(void **state)
{
    (void)state;
    assert_yields("a.csv", BYTES("text\na\nb,c\n"), &plain,
                  "2:a|!a.csv:3:1: 2 fields where the first row has 1; put a field with commas between quotation marks "
                  "(--skip-bad leaves such records out)");
    assert_yields("a.csv", BYTES("text\n\"a\" b\nc\n"), &plain,
                  "!a.csv:2:4: text after the quotation mark that closes a field; write a mark inside a field twice "
                  "(--skip-bad leaves such records out)");
    assert_yields(
        "a.csv", BYTES("id,text\n1,x \"y\" z\n"), &plain,
        "!a.csv:2:5: a quotation mark inside a field without quotation marks; put the field in marks and write "
        "this one twice (--skip-bad leaves such records out)");
    assert_yields("a.csv", BYTES("text\n\"a\" b\nc\n\"\"\nd,\n"), &skipping, "3:c|");
    /* Where a row ends cannot be told: not for --skip-bad either. */
    assert_yields(
        "a.csv", BYTES("text,id\nx,1\ny,\"2\nz,3\n"), &skipping,
        "2:x|!a.csv:3:3: the quotation mark that opens here is never closed; close it, or write it twice inside a "
        "quoted field");
    assert_yields(
        "a.csv", BYTES("sentence\na b\n"), &skipping,
        "!a.csv:1:1: the first row is a single word, the name of a column or a text; name the column 'text' in a "
        "first row of its own, or give its name with --text-key (columns are separated by commas)");
    assert_yields(
        "a.csv", BYTES("Question;Answer\na b\n"), &skipping,
        "!a.csv:1:1: the first row is a single word, the name of a column or a text; name the column 'text' in a "
        "first row of its own, or give its name with --text-key (columns are separated by commas)");
    assert_yields(
        "a.csv", BYTES("Question,Answer\na,b\n"), &skipping,
        "!a.csv:1:1: the first row names no column \"text\", nor \"question\" and \"answer\" (it has \"Question\", "
        "\"Answer\"); correct the names, or give --text-key");
    assert_yields("a.csv", BYTES("question\nWho is Zeus?\n"), &skipping,
                  "!a.csv:1:1: the first row names no column \"text\", nor \"question\" and \"answer\" (it has "
                  "\"question\"); correct the names, or give --text-key");
    assert_yields("a.csv", BYTES("text,text\na,b\n"), &skipping,
                  "!a.csv:1:1: the first row gives two columns the same name; rename one");
}

static void txt(void **state)
{
    static const struct bf_instance_options paragraphs = {.paragraphs = true};
    static const char book[] = "\n  Chapter 1\n\n\nZeus was the king\r\n  of the gods.\n \t\nHera was\nhis wife.";

    (void)state;
    assert_yields("a.txt", BYTES("one\r\n\n  \t\n two \n"), &plain, "1:one|4:two|");
    assert_yields("a.txt", BYTES(book), &paragraphs,
                  "2:Chapter 1|5:Zeus was the king of the gods.|8:Hera was his wife.|");
    assert_yields("a.txt", BYTES(book), &plain,
                  "2:Chapter 1|5:Zeus was the king|6:of the gods.|8:Hera was|9:his wife.|");
}

/* Arabic, Hebrew with marks of direction, combining accents, joiners: not a byte changes. Controls do. */
static void texts_are_kept(void **state)
{
    static const char arabic[] =
        "\xD8\xB2\xD9\x8A\xD9\x88\xD8\xB3 \xE2\x80\x8F(\xD7\x96\xD7\x90\xD7\x95\xD7\xA1)\xE2\x80\x8E";
    static const char marks[] = "e\xCC\x81 a\xCC\x8A\xCC\xA3 \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80";
    struct bf_instance_options options = {.format = BF_INSTANCES_TXT};
    char expected[200], line[200];

    (void)state;
    (void)snprintf(expected, sizeof expected, "1:%s|2:%s|", arabic, marks);
    (void)snprintf(line, sizeof line, "%s\n\xC2\xA0%s\xE3\x80\x80\n", arabic, marks);
    assert_yields("a.txt", line, strlen(line), &options, expected);
    (void)snprintf(line, sizeof line, "{\"text\":\"%s\"}\n{\"text\":\"%s\"}\n", arabic, marks);
    assert_yields("a.jsonl", line, strlen(line), &plain, expected);
    assert_yields("a.jsonl", BYTES("\"a\\u001b[31mb\\tc\\r\\nd\\re\\ff\\u0085g\\u0007\""), &plain,
                  "1:a[31mb\tc\nd\ne\nf\ng|");
}

static void bad_records(void **state)
{
    static const struct {
        const char *path, *data;
        size_t n;
        const char *sentence;
    } cases[] = {
#define CASE(path, data, sentence) {path, BYTES(data), sentence}
        CASE("a.jsonl", "\"ok\"\n{\"text\": \"a\\q\"}\n",
             "a.jsonl:2:13: not valid JSON: invalid escape near '\"a\\q'; correct it"),
        CASE("a.jsonl", "\"ok\"\n\n{\"text\": \"a\"\n",
             "a.jsonl:3:12: not valid JSON: '}' expected near end of file; correct it"),
        CASE("a.jsonl", "{\"text\": \"\\ud800\"}\n",
             "a.jsonl:1:17: not valid JSON: invalid Unicode '\\uD800' near '\"\\ud800\"'; correct it"),
        CASE("a.jsonl", "{\"text\": \"a\\u0000b\"}\n", "a.jsonl:1:19: a NUL character, \\u0000; remove it"),
        CASE("a.jsonl", "{\"text\":\"a\",\"text\":\"b\"}\n",
             "a.jsonl:1:18: not valid JSON: duplicate object key near '\"text\"'; correct it"),
        CASE("a.jsonl", "\"ok\"\n\"ab\0c\"\n", "a.jsonl:2:4: a NUL byte; remove it, if this is a text file at all"),
        CASE("a.jsonl", "\"ok\"\n\"ab\xE9 c\"\n",
             "a.jsonl:2:4: byte 0xE9 is not UTF-8 here; convert the file to UTF-8"),
        CASE("a.jsonl", "\"\xED\xA0\x80\"\n", "a.jsonl:1:2: byte 0xED is not UTF-8 here; convert the file to UTF-8"),
        CASE("a.jsonl", "{\"text\": \" \\n \"}\n", "a.jsonl:1:1: the text is empty; write one, or remove the record"),
        CASE("a.jsonl", "{\"question\":\"q\",\"answer\":\"\"}\n",
             "a.jsonl:1:1: the answer is empty; write one, or remove the record"),
        CASE("a.jsonl", "{\"question\":\" \",\"answer\":\"a\"}\n",
             "a.jsonl:1:1: the question is empty; write one, or remove the record"),
        CASE("a.jsonl", "{\"question\":\"q\"}\n", "a.jsonl:1:1: a question without an answer; give both, or a text"),
        CASE("a.jsonl", "{\"answer\":\"q\"}\n", "a.jsonl:1:1: an answer without a question; give both, or a text"),
        CASE("a.jsonl", "{\"question\":\"q\",\"answer\":[\"a\"]}\n",
             "a.jsonl:1:1: \"answer\" is not a string; put its text between quotation marks"),
        CASE("a.jsonl", "{\"Text\":\"q\",\"b\":1}\n",
             "a.jsonl:1:1: the object has no \"text\", nor \"question\" and \"answer\" (it has \"Text\", \"b\"); "
             "rename its "
             "keys, or give --text-key"),
        CASE("a.jsonl", "{}\n",
             "a.jsonl:1:1: the object has no \"text\", nor \"question\" and \"answer\" (it has nothing); rename its "
             "keys, or "
             "give --text-key"),
        CASE("a.jsonl", "[\"a\"]\n",
             "a.jsonl:1:1: a list, not an object or a string; a file that is one list is of the format json"),
        CASE("a.jsonl", "12\n",
             "a.jsonl:1:1: a number or a word, not an object or a string; write {\"text\": \"...\"}"),
        CASE("a.json", "[\n\"ok\",\n   \"a\xFF\"]",
             "a.json:3:6: byte 0xFF is not UTF-8 here; convert the file to UTF-8"),
        CASE("a.json", "[\n\"ok\",\n {\"text\":\n  \"x\"; }]",
             "a.json:4:6: not valid JSON: '}' expected near ';'; correct it"),
        CASE("a.json", "[\"ok\",,\"b\"]", "a.json:1:7: no element before this comma; remove the comma"),
        CASE("a.csv", "text\n\"a\nb\0\"\n", "a.csv:3:2: a NUL byte; remove it, if this is a text file at all"),
        CASE("a.csv", "question,answer\nq,\n", "a.csv:2:1: the answer is empty; write one, or remove the record"),
        CASE("a.txt", "ok\n\xC3\x28\n", "a.txt:2:1: byte 0xC3 is not UTF-8 here; convert the file to UTF-8"),
        CASE("a.txt", "ok\ncut\xE2\x82", "a.txt:2:4: byte 0xE2 is not UTF-8 here; convert the file to UTF-8"),
#undef CASE
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_instance_stats stats;
        struct bf_err err = BF_ERR_INIT;
        char *got;

        write_bytes(cases[i].path, cases[i].data, cases[i].n);
        got = read_all(cases[i].path, &plain);
        assert_contains(got, cases[i].sentence);
        assert_contains(got, "(--skip-bad leaves such records out)");
        free(got);
        assert_int_equal(bf_instance_file_check(cases[i].path, &plain, &stats, &err), BF_INPUT);
        assert_error(err, BF_INPUT, cases[i].sentence);
        assert_int_equal(stats.n_bad, 1);
        assert_contains(stats.first_bad, cases[i].sentence);
        assert_null(strstr(stats.first_bad, "--skip-bad"));
        /* With a good line behind, the rest is read. */
        if (strcmp(cases[i].path, "a.jsonl") == 0) {
            FILE *file = fopen(cases[i].path, "ab");
            assert_non_null(file);
            assert_true(fputs("{\"text\":\"last\"}\n", file) >= 0);
            assert_int_equal(fclose(file), 0);
            assert_int_equal(bf_instance_file_check(cases[i].path, &skipping, &stats, &err), BF_OK);
            assert_int_equal(stats.n_bad, 1);
            assert_contains(stats.first_bad, cases[i].sentence);
            got = read_all(cases[i].path, &skipping);
            assert_contains(got, ":last|");
            assert_null(strchr(got, '!'));
            free(got);
        }
    }
}

/* Nesting that would overrun a recursive reader's stack. */
static void deep_nesting(void **state)
{
    size_t n = 200000;
    char *data = malloc(2 * n + 100);
    size_t at = 0;

    (void)state;
    assert_non_null(data);
    at += (size_t)snprintf(data, 100, "[\"ok\",\n{\"text\":");
    memset(data + at, '[', n);
    memset(data + at + n, ']', n);
    at += 2 * n;
    memcpy(data + at, "},\n\"last\"]", 11);
    write_text("deep.json", data);
    assert_yields("deep.json", data, at + 10, &skipping, "1:ok|3:last|");
    assert_yields("deep.json", data, at + 10, &plain,
                  "1:ok|!deep.json:2:1: the record is over 327680 bytes long, but its text may have 65536; split it "
                  "(--skip-bad leaves such records out)");
    memset(data, '[', 100000);
    data[100000] = '\n';
    write_bytes("deep.jsonl", data, 100001);
    free(data);
    data = read_all("deep.jsonl", &plain);
    assert_contains(data, "!deep.jsonl:1:2049: not valid JSON: maximum parsing depth reached near '['; correct it");
    free(data);
}

static void check_reads_all(void **state)
{
    struct bf_instance_stats stats;
    struct bf_err err = BF_ERR_INIT;
    FILE *file = fopen("many.jsonl", "wb");

    (void)state;
    assert_non_null(file);
    for (int i = 1; i <= 8000; i++) {
        if (i == 7001)
            (void)fputs("{\"text\": \"broken}\n", file);
        else if (i == 7500)
            (void)fputs("\n", file);
        else if (i == 7600)
            (void)fputs("{\"text\": \"\"}\n", file);
        else
            (void)fprintf(file, "{\"question\": \"What is %d?\", \"answer\": \"A number.\"}\n", i % 100);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(bf_instance_file_check("many.jsonl", &plain, &stats, &err), BF_INPUT);
    assert_error(err, BF_INPUT,
                 "many.jsonl:7001:17: not valid JSON: premature end of input near '\"broken}'; correct it (2 "
                 "records of 7999 are bad; --skip-bad leaves them out)");
    assert_int_equal(stats.n_good, 7997);
    assert_int_equal(stats.n_pairs, 7997);
    assert_int_equal(stats.n_bad, 2);
    assert_int_equal(stats.n_blank, 1);
    assert_true(stats.n_bytes > 0);
    assert_int_equal(bf_instance_file_check("many.jsonl", &skipping, &stats, &err), BF_OK);
    assert_int_equal(stats.n_good, 7997);
    {
        struct bf_instance_options once = {.skip_bad = true, .skip_duplicates = true};
        assert_int_equal(bf_instance_file_check("many.jsonl", &once, &stats, &err), BF_OK);
        assert_int_equal(stats.n_good, 100);
        assert_int_equal(stats.n_duplicate, 7897);
    }
}

static void files_without_instances(void **state)
{
    struct bf_instance_stats stats;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_yields("empty.jsonl", "", 0, &plain,
                  "!no instances in 'empty.jsonl': it is empty; give a file with texts or pairs");
    assert_yields(
        "empty.txt", BYTES("\n \n"), &plain,
        "!no instances in 'empty.txt': it is empty apart from white space or names; give a file with texts or "
        "pairs");
    assert_yields(
        "empty.csv", BYTES("text\n"), &plain,
        "!no instances in 'empty.csv': it is empty apart from white space or names; give a file with texts or "
        "pairs");
    assert_yields(
        "bad.jsonl", BYTES("{}\n{}\n"), &skipping,
        "!no instances in 'bad.jsonl': all 2 records are bad; the first: bad.jsonl:1:1: the object has no \"text\", "
        "nor \"question\" and \"answer\" (it has nothing); rename its keys, or give --text-key");
    assert_int_equal(bf_instance_file_check("empty.jsonl", &plain, &stats, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "no instances in 'empty.jsonl'");
    assert_int_equal(bf_instance_file_check("bad.jsonl", &plain, NULL, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "bad.jsonl:1:1: the object has no \"text\"");
    assert_yields("wide.txt", BYTES("\xFF\xFEt\0e\0x\0t\0"), &skipping,
                  "!wide.txt:1:1: this is UTF-16; save the file as UTF-8");
}

static void what_cannot_be_opened(void **state)
{
    struct bf_instance_file *file = NULL;
    struct bf_err err = BF_ERR_INIT;
    struct bf_instance_options paragraphs = {.format = BF_INSTANCES_CSV, .paragraphs = true};
    struct bf_instance_options keys = {.text_key = "a"};
    struct bf_instance_options huge = {.max_text = SIZE_MAX};

    (void)state;
    assert_int_equal(mkdir("folder.jsonl", 0700), 0);
    assert_int_equal(bf_instance_file_open("folder.jsonl", &plain, &file, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "cannot read 'folder.jsonl': it is a folder");
    assert_int_equal(bf_instance_file_check("folder.jsonl", &plain, NULL, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "it is a folder");
    assert_int_equal(bf_instance_file_open("nowhere.jsonl", &plain, &file, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "cannot open 'nowhere.jsonl': no such file");
    assert_int_equal(bf_instance_file_check("nowhere.jsonl", &plain, NULL, &err), BF_INPUT);
    write_text("a.dat", "x\n");
    assert_int_equal(bf_instance_file_open("a.dat", &plain, &file, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "the name of 'a.dat' does not show its format");
    assert_int_equal(bf_instance_file_open("-", &plain, &file, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "standard input has no name");
    assert_int_equal(bf_instance_file_check("-", &plain, NULL, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "only be read once");
    assert_int_equal(bf_instance_file_open("a.dat", &paragraphs, &file, &err), BF_USAGE);
    write_text("a.txt", "x\n");
    assert_int_equal(bf_instance_file_open("a.txt", &keys, &file, &err), BF_USAGE);
    assert_int_equal(bf_instance_file_open("a.txt", &huge, &file, &err), BF_USAGE);
    assert_null(file);
    bf_instance_file_close(NULL);
    if (geteuid() != 0) {
        assert_int_equal(chmod("a.txt", 0), 0);
        assert_int_equal(bf_instance_file_open("a.txt", &plain, &file, &err), BF_INPUT);
        assert_error(err, BF_INPUT, "permission denied");
    }
}

static void words_of_formats(void **state)
{
    enum bf_instance_format format = BF_INSTANCES_CSV;
    char choices[100];
    int n = 0;

    (void)state;
    assert_false(bf_instance_format_of("xml", &format));
    assert_int_equal(format, BF_INSTANCES_CSV);
    (void)snprintf(choices, sizeof choices, "%s", bf_instance_format_choices);
    for (char *at = NULL, *word = strtok_r(choices, "|", &at); word; word = strtok_r(NULL, "|", &at)) {
        assert_true(bf_instance_format_of(word, &format));
        assert_int_equal(format, n++);
    }
    assert_int_equal(n, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jsonl),
        cmocka_unit_test(points),
        cmocka_unit_test(line_ends),
        cmocka_unit_test(values_that_are_null),
        cmocka_unit_test(advice),
        cmocka_unit_test(keys_of_ones_own),
        cmocka_unit_test(json_lists),
        cmocka_unit_test(json_lists_that_hide_their_elements),
        cmocka_unit_test(csv),
        cmocka_unit_test(csv_that_is_broken),
        cmocka_unit_test(txt),
        cmocka_unit_test(texts_are_kept),
        cmocka_unit_test(bad_records),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(check_reads_all),
        cmocka_unit_test(files_without_instances),
        cmocka_unit_test(what_cannot_be_opened),
        cmocka_unit_test(words_of_formats),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
