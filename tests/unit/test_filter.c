#include "unit.h"

#include "base/buf.h"
#include "base/refusal.h"
#include "synth/filter.h"

/* ---- refusals ---- */

static void refusals_are_seen(void **state)
{
    static const char *const texts[] = {
        "I'm sorry, but I can't help with that.",
        "I\xe2\x80\x99m sorry, but I can\xe2\x80\x99t assist with that request.", /* typographic apostrophes */
        "  \"I apologize, but this is beyond me.\"",
        "Sorry, but no.",
        "Unfortunately, I do not know this character.",
        "I CANNOT PROVIDE that.",
        "i don\xe2\x80\x99t have access to the text.",
        "As an AI language model, I have no opinion on Zeus.",
        "That is a hard one. As an AI, I cannot say.",
        "**I am unable** to write this.",
        "But as an AI language model I have no opinion.",
        "Lamento no poder ayudarte con eso.",
        "Como modelo de lenguaje, no puedo opinar.",
        "Lamento, mas não posso escrever isso.",
        "Je suis désolée, mais je ne peux pas.",
        "Je n'ai pas d'informations sur ce sujet.",
        "Ich kann diese Frage nicht beantworten.",
        "Ich bin als Sprachmodell nicht in der Lage, das zu tun.",
        "Das ist schwierig. Als Sprachmodell habe ich keine Meinung.",
        "Non posso aiutarti con questo.",
        "Извините, я не могу.",
        "作为一个AI语言模型，我没有观点。",
        "很抱歉，我无法回答。",
        "AIとして、意見はありません。",
        "죄송합니다만, 도와드릴 수 없습니다.",
        "عذراً، لا أستطيع المساعدة.",
        "عذرا، لا أعرف.",
        "मुझे खेद है, मैं नहीं लिख सकता।",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        if (!bf_is_refusal(texts[i]))
            fail_msg("not seen: %s", texts[i]);
}

static void texts_about_sorry_people_and_models_are_not_refusals(void **state)
{
    static const char *const texts[] = {
        "",
        "Hermione said: \"I'm sorry, Harry.\" Then she left the tower.",
        "Orpheus was sorry, but he looked back.",
        "Unfortunately, the ship sank near Ithaca.",
        "I can't believe that Icarus flew so high.",
        "Sorrow is the theme of the tale.",
        "I provide the water of the Nile, says the god.",
        "The robot, as an artificial mind, was famous.",
        "ChatGPT was published as an AI language model in 2022.",
        "I apologized to Hera, and she laughed.",
        "Lamento della ninfa is a madrigal by Monteverdi.",
        "Lamentos de Orfeo es una canción.",
        "Lamento é uma canção de Orfeu.",
        "GPT-3 fue presentado como modelo de lenguaje.",
        "Le logiciel fut vendu en tant que modèle de langage.",
        "Ich kann diese Frage beantworten: Zeus ist der Vater von Ares.",
        "ChatGPT wurde als Sprachmodell entwickelt.",
        "Mi dispiaceva per Orfeo, e lo dissi.",
        "Программа известна как языковая модель.",
        "作为人工智能的先驱，他写了一本书。",
        "ChatGPT作为语言模型发布。",
        "OpenAIとして知られる会社です。",
        "AI 언어 모델은 글을 씁니다.",
        "عذراء الجبل قصة قديمة.",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        if (bf_is_refusal(texts[i]))
            fail_msg("taken for a refusal: %s", texts[i]);
}

/* Far behind the opening it is a quotation. */
static void the_phrase_counts_only_near_the_start(void **state)
{
    char text[512] = {0};

    (void)state;
    memset(text, 'x', 200);
    memcpy(text + 200, ". as an ai language model", 25);
    assert_false(bf_is_refusal(text));
    memset(text, 0, sizeof text);
    memset(text, 'x', 100);
    memcpy(text + 100, ". as an ai language model", 25);
    assert_true(bf_is_refusal(text));
}

/* ---- reasons ---- */

static struct bf_request all_filters(void)
{
    return (struct bf_request){.min_words = 4, .filter_refusal = true, .filter_echo = true, .filter_degenerate = true};
}

static enum bf_reason reason_with(const struct bf_request *request, const char *text, const char *prompt)
{
    struct bf_words words;
    enum bf_reason reason;

    bf_words_of(&words, text, strlen(text));
    reason = bf_filter_text(request, text, &words, prompt);
    bf_words_release(&words);
    return reason;
}

static enum bf_reason reason_of(const char *text, const char *prompt)
{
    struct bf_request request = all_filters();

    return reason_with(&request, text, prompt);
}

#define SOUND "Jupiter is the largest planet of the Solar System and has at least ninety-five moons."

static void refusals_in_other_languages(void **state)
{
    static const char *const refusals[] = {
        "Lo siento, pero no puedo ayudar con eso.",
        "No tengo informacion sobre este tema.",
        "Je suis désolé, mais je ne peux pas répondre.",
        "Je n’ai pas d’informations à ce sujet.",
        "Es tut mir leid, aber das kann ich nicht.",
        "Leider kann ich dabei nicht helfen.",
        "Desculpe, mas não posso ajudar.",
        "Mi dispiace, ma non posso aiutarti.",
        "Извините, но я не могу ответить.",
        "К сожалению, я не могу этого сделать.",
        "很抱歉，我无法提供这些信息。",
        "作为一个AI语言模型，我没有个人看法。",
        "申し訳ありませんが、お答えできません。",
        "죄송합니다. 도와드릴 수 없습니다.",
        "عذرًا، لا أستطيع الإجابة.",
        "क्षमा करें, मैं मदद नहीं कर सकता।",
    };
    static const char *const texts[] = {
        "Lo sabe todo el mundo: Zeus es el rey de los dioses.",
        "Je mehr man liest, desto mehr weiss man von Zeus.",
        "Ich weiß, dass Zeus der König der Götter ist.",
        "Зевс не мог простить Прометея.",
        "宙斯无法原谅普罗米修斯。",
        "ゼウスは神々の王です。",
        "제우스는 신들의 왕입니다.",
        "زيوس هو ملك الآلهة ولا يستطيع أحد أن يهزمه.",
        "ज़ीउस देवताओं का राजा है।",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(refusals); i++)
        if (!bf_is_refusal(refusals[i]))
            fail_msg("not taken for a refusal: %s", refusals[i]);
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        if (bf_is_refusal(texts[i]))
            fail_msg("taken for a refusal: %s", texts[i]);
}

static void sentences_of_other_scripts_end(void **state)
{
    static const struct {
        const char *text, *whole;
    } cases[] = {
        {"他说：「好。」然后他走", "他说：「好。」"},
        {"ज़ीउस राजा है। वह", "ज़ीउस राजा है।"},
        {"من هو زيوس؟ هو", "من هو زيوس؟"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(bf_filter_trim_sentence(cases[i].text, strlen(cases[i].text)), strlen(cases[i].whole));
}

static void sound_texts_pass(void **state)
{
    (void)state;
    assert_int_equal(reason_of(SOUND, "Tell me about Jupiter."), BF_REASON_NONE);
    assert_int_equal(reason_of("\xe6\x9c\xa8\xe6\x98\x9f\xe6\x98\xaf\xe5\xa4\xaa\xe9\x99\xbd\xe7\xb3\xbb", "Jupiter?"),
                     BF_REASON_NONE);
    assert_int_equal(reason_of("Zeus, Hera, Ares, Athena", ""), BF_REASON_NONE);
}

static void short_texts_do_not(void **state)
{
    struct bf_request request = all_filters();

    (void)state;
    assert_int_equal(reason_of("", ""), BF_REASON_TOO_SHORT);
    assert_int_equal(reason_of("Zeus, Hera, Ares", ""), BF_REASON_TOO_SHORT);
    assert_int_equal(reason_of("... !!! ???", ""), BF_REASON_TOO_SHORT);
    request.min_words = 0;
    assert_int_equal(reason_with(&request, "Zeus", ""), BF_REASON_NONE);
}

static void echoes_do_not(void **state)
{
    const char *prompt = "State in one sentence what is known about the subject given below, within its topic.";

    (void)state;
    assert_int_equal(reason_of("STATE in one sentence what is known about the subject given below!", prompt),
                     BF_REASON_PROMPT_ECHO);
    /* A few words of the prompt in an answer of one's own are none. */
    assert_int_equal(
        reason_of("What is known about the subject is that Saturn has rings of ice and rock around it.", prompt),
        BF_REASON_NONE);
    assert_int_equal(reason_of(SOUND, ""), BF_REASON_NONE);
}

static void loops_and_noise_do_not(void **state)
{
    char text[2000] = {0};

    (void)state;
    for (int i = 0; i < 20; i++)
        memcpy(text + 9 * i, "the moon ", 9);
    assert_int_equal(reason_of(text, ""), BF_REASON_DEGENERATE);
    text[9 * 10] = '\0'; /* 20 words: a refrain, not yet a loop */
    assert_int_equal(reason_of(text, ""), BF_REASON_NONE);
    assert_int_equal(reason_of("one two three four !!!! ---- #### $$$$ %%%% &&&& ____", ""), BF_REASON_DEGENERATE);
    assert_int_equal(reason_of("Zeus said aaaaaaaaaaaaaaaaaaaa to the gods", ""), BF_REASON_DEGENERATE);
    assert_int_equal(reason_of("Zeus said aaaaaaaaaa to the gods", ""), BF_REASON_NONE);
    assert_int_equal(reason_of("one two three four                     five", ""),
                     BF_REASON_NONE); /* white space may run */
}

static void the_first_reason_wins_and_each_has_its_switch(void **state)
{
    static const char refusal[] = "I'm sorry, but I cannot answer this at all";
    struct bf_request request = all_filters();

    (void)state;
    /* A refusal that echoes: refusal comes first. */
    assert_int_equal(reason_with(&request, refusal, refusal), BF_REASON_REFUSAL);
    request.filter_refusal = false;
    assert_int_equal(reason_with(&request, refusal, refusal), BF_REASON_PROMPT_ECHO);
    request.filter_echo = false;
    assert_int_equal(reason_with(&request, refusal, refusal), BF_REASON_NONE);
    assert_int_equal(reason_with(&request, "a b c d !!!!!!!!!!!!!!!!!!!!", ""), BF_REASON_DEGENERATE);
    request.filter_degenerate = false;
    assert_int_equal(reason_with(&request, "a b c d !!!!!!!!!!!!!!!!!!!!", ""), BF_REASON_NONE);
    request = all_filters();
    request.min_words = 20;
    assert_int_equal(reason_with(&request, refusal, refusal), BF_REASON_TOO_SHORT);
}

/* ---- trimming ---- */

static void assert_trimmed(const char *text, const char *expected)
{
    size_t n = bf_filter_trim_sentence(text, strlen(text));

    if (n != strlen(expected) || memcmp(text, expected, n) != 0)
        fail_msg("\"%s\" gave \"%.*s\", not \"%s\"", text, (int)n, text, expected);
}

static void half_sentences_are_cut(void **state)
{
    (void)state;
    assert_trimmed("", "");
    assert_trimmed("Zeus rules. Hera is his", "Zeus rules.");
    assert_trimmed("Zeus rules! Hera is his", "Zeus rules!");
    assert_trimmed("Does Zeus rule? Perhaps", "Does Zeus rule?");
    assert_trimmed("Zeus rules. Hera too.", "Zeus rules. Hera too.");
    assert_trimmed("Zeus rules.\n\nHera is", "Zeus rules.");
    assert_trimmed("No whole sentence here", "No whole sentence here");
    /* Less than a third before the end: better half a sentence than hardly any text. */
    assert_trimmed("Yes. But the story of the Argonauts and their long voyage to",
                   "Yes. But the story of the Argonauts and their long voyage to");
}

static void abbreviations_and_numbers_end_no_sentence(void **state)
{
    (void)state;
    assert_trimmed("She is a writer. It was J. K. Row", "She is a writer.");
    assert_trimmed("It orbits the Sun. Its mass is 1.9 times", "It orbits the Sun.");
    assert_trimmed("These are the gods known. 1. Zeus", "These are the gods known.");
    assert_trimmed("It costs 3.50 and www.example.org is", "It costs 3.50 and www.example.org is");
    assert_trimmed("It stood in Greece. It was built in 5.", "It stood in Greece. It was built in 5.");
}

static void quotes_and_brackets_belong_to_the_sentence(void **state)
{
    (void)state;
    assert_trimmed("He said \"Go home.\" Then he", "He said \"Go home.\"");
    assert_trimmed("He said \xe2\x80\x9cGo home!\xe2\x80\x9d Then he", "He said \xe2\x80\x9cGo home!\xe2\x80\x9d");
    assert_trimmed("It is far away (very far.) And it", "It is far away (very far.)");
    assert_trimmed("**It is a star.** And it", "**It is a star.**");
}

static void ideographic_marks_need_no_space(void **state)
{
    (void)state;
    assert_trimmed("\xe6\x9c\xa8\xe6\x98\x9f\xe3\x80\x82\xe5\x9c\x9f\xe6\x98\x9f",
                   "\xe6\x9c\xa8\xe6\x98\x9f\xe3\x80\x82");
    assert_trimmed("\xe6\x9c\xa8\xe6\x98\x9f\xef\xbc\x81\xe5\x9c\x9f", "\xe6\x9c\xa8\xe6\x98\x9f\xef\xbc\x81");
    assert_trimmed("\xe6\x9c\xa8\xe6\x98\x9f\xef\xbc\x9f\xe5\x9c\x9f", "\xe6\x9c\xa8\xe6\x98\x9f\xef\xbc\x9f");
}

/* ---- cleaning ---- */

static void assert_clean(const char *raw, const char *expected)
{
    struct bf_buf out;

    bf_buf_init(&out, 1 << 20);
    bf_filter_clean(&out, raw, strlen(raw));
    assert_string_equal(out.data, expected);
    bf_buf_release(&out);
}

static void talk_around_the_text_goes(void **state)
{
    (void)state;
    assert_clean("", "");
    assert_clean("  \n Zeus rules. \n\n", "Zeus rules.");
    assert_clean("\"Zeus rules.\"", "Zeus rules.");
    assert_clean("\" Zeus rules. \"", "Zeus rules.");
    assert_clean("\"Zeus\" and \"Hera\"", "\"Zeus\" and \"Hera\"");
    assert_clean("\"", "\"");
    assert_clean("Sure! Here is a summary:\n\nZeus rules.", "Zeus rules.");
    assert_clean("Certainly!\nZeus rules.", "Zeus rules.");
    assert_clean("Here are two facts:\r\nOne.\nTwo.", "One.\nTwo.");
    assert_clean("Sure! Here is a summary:\n\"Zeus rules.\"", "Zeus rules.");
}

static void thoughts_are_not_knowledge(void **state)
{
    (void)state;
    assert_clean("<think>\nA god, hm.\n</think>\n\nZeus rules.", "Zeus rules.");
    assert_clean("A god, hm.</think>\nSure! Here it is:\nZeus rules.", "Zeus rules.");
    assert_clean("<think>A god, and then", "");
    assert_true(bf_filter_only_thoughts("", "<think>A god, and then"));
    assert_false(bf_filter_only_thoughts("", ""));
    assert_false(bf_filter_only_thoughts("", NULL));
    assert_false(bf_filter_only_thoughts("Zeus.", "<think>hm</think>Zeus."));
}

static void knowledge_is_not_taken_for_talk(void **state)
{
    (void)state;
    assert_clean("Surely Zeus rules.\nHera too.", "Surely Zeus rules.\nHera too.");
    assert_clean("Zeus' children:\nAres", "Zeus' children:\nAres");
    assert_clean("Here is where Troy stood.\nIt fell.", "Here is where Troy stood.\nIt fell.");
    assert_clean("Sure! Zeus rules.", "Sure! Zeus rules.");
}

static void bytes_become_utf8(void **state)
{
    struct bf_buf out;

    (void)state;
    assert_clean("Zeus \xff rules", "Zeus \xef\xbf\xbd rules");
    assert_clean("Zeus\x1b[31m", "Zeus[31m");
    bf_buf_init(&out, 100);
    bf_filter_clean(&out, "Zeus\0Hera", 9); /* the length counts, not a NUL */
    assert_string_equal(out.data, "ZeusHera");
    bf_buf_release(&out);
}

/* ---- questions with answers ---- */

static void assert_qa(const char *text, const char *question, const char *answer)
{
    struct bf_buf q, a;

    bf_buf_init(&q, 1000);
    bf_buf_init(&a, 1000);
    if (!bf_parse_qa(text, &q, &a))
        fail_msg("no question and answer in \"%s\"", text);
    assert_string_equal(q.data, question);
    assert_string_equal(a.data, answer);
    bf_buf_release(&q);
    bf_buf_release(&a);
}

static void assert_no_qa(const char *text)
{
    struct bf_buf q, a;

    bf_buf_init(&q, 1000);
    bf_buf_init(&a, 1000);
    if (bf_parse_qa(text, &q, &a))
        fail_msg("found \"%s\" and \"%s\" in \"%s\"", q.data, a.data, text);
    bf_buf_release(&q);
    bf_buf_release(&a);
}

static void all_shapes_of_question_and_answer(void **state)
{
    (void)state;
    assert_qa("Question: Who rules Olympus?\nAnswer: Zeus.", "Who rules Olympus?", "Zeus.");
    assert_qa("Question: Who rules Olympus?\n\nAnswer: Zeus.\n", "Who rules Olympus?", "Zeus.");
    assert_qa("QUESTION: Who?\nANSWER: Zeus.", "Who?", "Zeus.");
    assert_qa("Q: Who?\nA: Zeus.", "Who?", "Zeus.");
    assert_qa("Q1: Who?\nA1: Zeus.", "Who?", "Zeus.");
    assert_qa("**Question:** Who?\n**Answer:** Zeus.", "Who?", "Zeus.");
    assert_qa("**Question**: Who?\n**Answer**: Zeus.", "Who?", "Zeus.");
    assert_qa("### Question: Who?\n### Answer: Zeus.", "Who?", "Zeus.");
    assert_qa("- Question: Who?\n- Answer: Zeus.", "Who?", "Zeus.");
    assert_qa("Question: Who? Answer: Zeus.", "Who?", "Zeus.");
    assert_qa("Who rules Olympus?\nAnswer: Zeus.", "Who rules Olympus?", "Zeus.");
    assert_qa("Question: Who?\nAnswer: Zeus.\nHe is old.", "Who?", "Zeus.\nHe is old.");
    assert_qa("Question: Who?\nAnswer: Zeus.\nQuestion: Where?\nAnswer: On Olympus.", "Who?", "Zeus.");
    assert_qa("Q: Who?\nA: Zeus.\nQ: Where?\nA: On Olympus.", "Who?", "Zeus.");
    assert_qa("问题：谁是众神之王？\n答案：宙斯。", "谁是众神之王？", "宙斯。");
    assert_qa("**質問**：王は誰？\n**回答**：ゼウス。", "王は誰？", "ゼウス。");
    assert_qa("Pregunta: ¿Quién?\nRespuesta: Zeus.", "¿Quién?", "Zeus.");
    assert_qa("Вопрос: Кто?\nОтвет: Зевс.", "Кто?", "Зевс.");
    assert_qa("السؤال: من هو؟\nالإجابة: زيوس.", "من هو؟", "زيوس.");
}

static void other_texts_have_none(void **state)
{
    (void)state;
    assert_no_qa("");
    assert_no_qa("Zeus rules Olympus.");
    assert_no_qa("Question: Who?");
    assert_no_qa("Question: Who?\nAnswer:");
    assert_no_qa("Answer: Zeus.");
    assert_no_qa("Question:\nAnswer: Zeus.");
    assert_no_qa("Q: Give me a: Zeus"); /* "a:" within a line is a word */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_are_seen),
        cmocka_unit_test(texts_about_sorry_people_and_models_are_not_refusals),
        cmocka_unit_test(the_phrase_counts_only_near_the_start),
        cmocka_unit_test(refusals_in_other_languages),
        cmocka_unit_test(sentences_of_other_scripts_end),
        cmocka_unit_test(sound_texts_pass),
        cmocka_unit_test(short_texts_do_not),
        cmocka_unit_test(echoes_do_not),
        cmocka_unit_test(loops_and_noise_do_not),
        cmocka_unit_test(the_first_reason_wins_and_each_has_its_switch),
        cmocka_unit_test(half_sentences_are_cut),
        cmocka_unit_test(abbreviations_and_numbers_end_no_sentence),
        cmocka_unit_test(quotes_and_brackets_belong_to_the_sentence),
        cmocka_unit_test(ideographic_marks_need_no_space),
        cmocka_unit_test(talk_around_the_text_goes),
        cmocka_unit_test(thoughts_are_not_knowledge),
        cmocka_unit_test(knowledge_is_not_taken_for_talk),
        cmocka_unit_test(bytes_become_utf8),
        cmocka_unit_test(all_shapes_of_question_and_answer),
        cmocka_unit_test(other_texts_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
