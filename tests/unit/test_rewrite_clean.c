#include "synth/talk.h"
#include "unit.h"

#include "base/buf.h"

static void assert_clean(const char *text, const char *expected)
{
    struct bf_buf out;

    bf_buf_init(&out, 1 << 20);
    bf_rewrite_clean(&out, text, strlen(text));
    if (strcmp(out.data, expected) != 0)
        fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, out.data, expected);
    bf_buf_release(&out);
}

#define ZEUS "Zeus rules the sky."

static void announcements_go(void **state)
{
    static const char *const texts[] = {
        "Sure! Here's a rewritten version:\n\n" ZEUS,
        "Sure! Here's a rewritten version: " ZEUS,
        "Sure, here is the rewritten sentence:\n" ZEUS,
        "Certainly! Here is a version in a formal register: " ZEUS,
        "Of course! Here\xe2\x80\x99s the sentence, rephrased:\n\n\"" ZEUS "\"",
        "Here is the rewritten sentence: " ZEUS,
        "Here are the lines:\n" ZEUS,
        "Rewritten sentence: " ZEUS,
        "Rewritten sentence:\n" ZEUS,
        "**Rewritten sentence:** " ZEUS,
        "**Rewritten Sentence**: " ZEUS,
        "### Rewritten version:\n\n" ZEUS,
        "Rewrite: " ZEUS,
        "Paraphrase: \"" ZEUS "\"",
        "The rewritten sentence is: " ZEUS,
        "The sentence could be rewritten as follows: " ZEUS,
        "Rewritten text (formal register): " ZEUS,
        "Sentence: " ZEUS,
        "Sure!\n\nRewritten version:\n\n" ZEUS,
        "Certainly!\n" ZEUS,
        "\"Rewritten sentence: " ZEUS "\"",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        assert_clean(texts[i], ZEUS);
}

static void remarks_after_it_go(void **state)
{
    static const char *const texts[] = {
        ZEUS "\n\nNote: I kept the name.",
        ZEUS "\n\n(Note: the name is kept.)",
        ZEUS "\n\n**Explanation:** I changed the order.",
        ZEUS "\nI hope this helps!",
        ZEUS "\n\nLet me know if you need more.",
        ZEUS "\n\nThis version keeps all facts.",
        ZEUS "\n\nThis text still conveys the same.",
        ZEUS "\n\n---\n\nOriginal: The sky is ruled.",
        ZEUS "\n\nOriginal sentence: The sky is ruled.",
        "Sure! Here's a rewritten version:\n\n\"" ZEUS "\"\n\nI hope this helps!",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        assert_clean(texts[i], ZEUS);
}

static void text_around_it_is_removed(void **state)
{
    (void)state;
    assert_clean("\"" ZEUS "\"", ZEUS);
    assert_clean("\xe2\x80\x9c" ZEUS "\xe2\x80\x9d", ZEUS);
    assert_clean("\xc2\xab " ZEUS " \xc2\xbb", ZEUS);
    assert_clean("'" ZEUS "'", ZEUS);
    assert_clean("`" ZEUS "`", ZEUS);
    assert_clean("**" ZEUS "**", ZEUS);
    assert_clean("**\"" ZEUS "\"**", ZEUS);
    assert_clean(" \n\t" ZEUS "\r\n", ZEUS);
}

/* What might be the text itself stays. */
static void texts_are_not_taken_for_talk(void **state)
{
    static const char *const texts[] = {
        "",
        ZEUS,
        "The rule: never look back.",
        "The rewritten version of the novel has one theme: loss.",
        "Here is where Troy stood: on a hill.",
        "Here is a riddle from his diary: what walks on four legs?",
        "Sure! Zeus rules.",
        "Surely Zeus rules: he has the thunder.",
        "Sure enough, Zeus rules.",
        "OK: Zeus rules.",
        "Note: Zeus rules.",
        "Explanation of the storm: Zeus.",
        "Original sinners of the myth: Tantalus and Sisyphus.",
        "\"Zeus\" and \"Hera\"",
        "'Zeus' and 'Hera'",
        "**Zeus** and **Hera**",
        "He said \"Zeus\"",
        "\"",
        "\"\"",
        "\" \"",
        "**",
        "Rewritten sentence:",
        "Text: ",
        "It is 10:30 in the revised version:12 of it",
        "Zeus rules.\nNoted poets say so.",
        "Zeus rules.\nChanges of weather are his.",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        char trimmed[200];
        size_t n = strlen(texts[i]);

        while (n > 0 && texts[i][n - 1] == ' ')
            n--;
        memcpy(trimmed, texts[i], n);
        trimmed[n] = '\0';
        assert_clean(texts[i], trimmed);
    }
}

static void bytes_become_utf8(void **state)
{
    struct bf_buf out;

    (void)state;
    assert_clean("Zeus \xff rules", "Zeus \xef\xbf\xbd rules");
    bf_buf_init(&out, 100);
    bf_rewrite_clean(&out, "\"Zeus\0 rules\"", 13); /* the length counts, not a NUL */
    assert_string_equal(out.data, "Zeus rules");
    bf_buf_clear(&out);
    bf_rewrite_clean(&out, "Rewrite: Zeus", 3);
    assert_string_equal(out.data, "Rew");
    bf_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(announcements_go),          cmocka_unit_test(remarks_after_it_go),
        cmocka_unit_test(text_around_it_is_removed), cmocka_unit_test(texts_are_not_taken_for_talk),
        cmocka_unit_test(bytes_become_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
