/* Refusals, by their beginnings, in the languages that models use most. */
#include "base/refusal.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/letter_case.h"
#include "base/utf8.h"
#include "base/words.h"
#include "base/banned.h"

enum { READ = 4096, WINDOW = 160 };

/* Compared without case, diacritics and the form of the apostrophe. A phrase ends at the end of a word; a '*' leaves
 * the end of the word open. */
static const char *const openings[] = {
    "i'm sorry",
    "i am sorry",
    "sorry, but",
    "sorry, i",
    "i apologize",
    "i apologise",
    "my apologies",
    "unfortunately, i",
    "i'm unable",
    "i am unable",
    "i'm not able",
    "i am not able",
    "i can't assist",
    "i cannot assist",
    "i can't help",
    "i cannot help",
    "i can't provide",
    "i cannot provide",
    "i can't fulfill",
    "i cannot fulfill",
    "i can't answer",
    "i cannot answer",
    "i can't generate",
    "i cannot generate",
    "i can't create",
    "i cannot create",
    "i can't comply",
    "i cannot comply",
    "i can't write",
    "i cannot write",
    "i won't be able",
    "i will not be able",
    "i don't have information",
    "i do not have information",
    "i don't have any information",
    "i do not have any information",
    "i don't have access",
    "i do not have access",
    "i have no information",
    "i'm just an ai",
    "i am just an ai",
    /* Spanish */
    "lo siento, pero",
    "lo siento, no",
    "lo siento, como",
    "lamento, pero",
    "lamento no poder",
    "lamento que no",
    "lamento mucho",
    "lamento informar*",
    "lamentablemente, no",
    "disculpa, pero",
    "disculpe, pero",
    "no puedo ayudar",
    "no puedo proporcionar",
    "no puedo responder",
    "no puedo generar",
    "no puedo crear",
    "no puedo escribir",
    "no puedo cumplir",
    "no tengo información sobre",
    "no tengo acceso",
    /* French */
    "je suis désolé*",
    "désolé, ",
    "désolée, ",
    "je m'excuse",
    "je ne peux pas vous",
    "je ne peux pas t'*",
    "je ne peux pas fournir",
    "je ne peux pas répondre",
    "je ne peux pas générer",
    "je ne peux pas créer",
    "je ne peux pas écrire",
    "je ne peux pas aider",
    "je ne suis pas en mesure",
    "je regrette, mais",
    "malheureusement, je",
    "je n'ai pas d'information*",
    "je n'ai pas accès",
    /* German */
    "es tut mir leid",
    "tut mir leid",
    "entschuldigung, ",
    "ich kann dir nicht",
    "ich kann dir dabei nicht",
    "ich kann ihnen nicht",
    "ich kann ihnen dabei nicht",
    "ich kann dabei nicht",
    "ich kann diese anfrage nicht",
    "ich kann diese frage nicht",
    "ich kann diese aufgabe nicht",
    "ich kann diese art von",
    "ich kann diesen text nicht",
    "ich kann diesen wunsch nicht",
    "ich kann dieser bitte nicht",
    "ich kann dieser anfrage nicht",
    "ich kann dieses thema nicht",
    "leider kann ich",
    "leider habe ich",
    "ich bin nicht in der lage",
    "ich habe keine informationen",
    "ich habe keinen zugriff",
    /* Portuguese */
    "desculpe, ",
    "desculpe-me",
    "sinto muito",
    "lamento, mas",
    "lamento, não",
    "lamento não poder",
    "lamento muito",
    "infelizmente, não",
    "infelizmente, eu",
    "não posso ajudar",
    "não posso fornecer",
    "não posso responder",
    "não posso gerar",
    "não posso criar",
    "não posso escrever",
    "não consigo",
    "não tenho informações",
    "não tenho acesso",
    /* Italian */
    "mi dispiace",
    "sono spiacente",
    "spiacente, ",
    "purtroppo non",
    "purtroppo, non",
    "non posso aiutar*",
    "non posso fornire",
    "non posso rispondere",
    "non posso generare",
    "non posso creare",
    "non posso scrivere",
    "non sono in grado",
    "non ho informazioni",
    "non ho accesso",
    /* Russian */
    "извините",
    "простите, ",
    "прошу прощения",
    "к сожалению, я",
    "мне жаль",
    "мне очень жаль",
    "я не могу",
    "я не в состоянии",
    "у меня нет информации",
    "у меня нет доступа",
    /* Chinese */
    "抱歉",
    "很抱歉",
    "非常抱歉",
    "对不起",
    "對不起",
    "不好意思，我",
    "我无法",
    "我無法",
    "我不能",
    "我没有关于",
    /* Japanese */
    "申し訳ありません",
    "申し訳ございません",
    "すみませんが",
    "すみません、",
    "ごめんなさい",
    "恐れ入りますが",
    "残念ながら、私",
    "お答えできません",
    "お手伝いできません",
    /* Korean */
    "죄송합니다*",
    "죄송하지만",
    "미안하지만",
    "미안합니다*",
    "유감스럽게도",
    "안타깝게도 저는",
    "저는 도와드릴 수 없*",
    /* Arabic */
    "عذرا",
    "عذرًا",
    "عذراً",
    "أعتذر",
    "آسف",
    "آسفة",
    "أنا آسف",
    "لا أستطيع",
    "لا يمكنني",
    "للأسف، لا",
    "للأسف لا",
    "ليس لدي معلومات",
    /* Hindi */
    "मुझे खेद है",
    "खेद है",
    "क्षमा करें",
    "माफ़ करें",
    "माफ करें",
    "मुझे माफ़ करें",
    "मुझे माफ करें",
    "मैं इसमें मदद नहीं",
    "मैं मदद नहीं कर*",
    "मेरे पास इसकी जानकारी नहीं",
};
static const char *const anywhere[] = {
    "as an ai language model",
    "as an ai assistant",
    "as an ai, i",
    "as an ai model",
    "as a language model, i",
    "as a large language model",
    "como modelo de lenguaje",
    "como modelo de ia",
    "como una ia",
    "en tant qu'ia",
    "en tant que modèle de langage",
    "als ki-modell",
    "als ki-sprachmodell",
    "als sprachmodell",
    "como modelo de linguagem",
    "como um modelo de linguagem",
    "como uma ia",
    "come modello linguistico",
    "come intelligenza artificiale",
    "как языковая модель",
    "как искусственный интеллект",
    "作为一个ai",
    "作为ai，我",
    "作为ai助手",
    "作为ai模型",
    "作为ai语言模型",
    "作为一名ai",
    "作为一个人工智能",
    "作为人工智能，我",
    "作为人工智能助手",
    "作为人工智能模型",
    "作为人工智能语言模型",
    "作为语言模型",
    "作为一个语言模型",
    "aiとして",
    "ai言語モデルとして",
    "저는 ai 언어 모델*",
    "ai 언어 모델로서*",
    "저는 인공지능 언어 모델*",
    "인공지능 언어 모델로서*",
    "كنموذج لغوي",
    "بصفتي نموذج*",
    "एआई भाषा मॉडल",
    "ai भाषा मॉडल",
};
/* Words after which a clause begins without a comma. */
static const char *const joining[] = {
    "but",  "however", "because", "since", "and",  "so",   "that", "pero", "porque", "y",    "que",
    "mais", "car",     "et",      "aber",  "denn", "weil", "da",   "und",  "dass",   "mas",  "pois",
    "e",    "ma",      "perché",  "но",    "ведь", "и",    "что",  "但",   "但是",   "因为",
};
static const char *const first_person[] = {
    "i",         "i'm", "ich",  "je",        "j'ai", "yo", "soy", "no puedo", "eu",  "sou",
    "não posso", "io",  "sono", "non posso", "я",    "我", "私",  "저는",     "أنا", "मैं",
};

/* Fold the phrase; is it a stem, after which the word continues? */
static bool fold(const char *phrase, struct bf_buf *folded)
{
    const size_t n = strlen(phrase);
    const bool stem = phrase[n - 1] == '*';
    bf_buf_clear(folded);
    bf_letter_fold(folded, phrase, stem ? n - 1 : n);
    return stem;
}

static bool begins_with(const char *text, const char *phrase, struct bf_buf *folded)
{
    const bool stem = fold(phrase, folded);
    return strncmp(text, folded->data, folded->len) == 0 && (stem || bf_is_word_edge(text, folded->len));
}

static bool ends_with(const char *text, size_t n, const char *phrase, struct bf_buf *folded)
{
    (void)fold(phrase, folded);
    return n >= folded->len && memcmp(text + n - folded->len, folded->data, folded->len) == 0 &&
           bf_is_word_edge(text, n - folded->len);
}

/* The place of the first letter. */
static const char *first_letter(const char *text)
{
    for (uint32_t cp = 0; *text;) {
        const size_t n = bf_utf8_decode(text, strnlen(text, 4), &cp);
        if (n > 0 && bf_letter_is(cp))
            break;
        text += n > 0 ? n : 1;
    }
    return text;
}

/* "ChatGPT was built as a language model" is about a model; "..., but as a language model I" is written by one. So the
 * phrase must begin a clause, or the text must be in the first person. */
static bool speaks_of_itself(const char *text, const char *start, size_t at, struct bf_buf *folded)
{
    uint32_t cp = 0;
    size_t n = at;
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\n'))
        n--;
    if (n == 0 || (n < at && memchr(text + n, '\n', at - n)))
        return true;
    size_t from = n - 1;
    while (from > 0 && ((unsigned char)text[from] & 0xc0) == 0x80)
        from--;
    if (bf_utf8_decode(text + from, n - from, &cp) == 0 || (!bf_letter_is(cp) && bf_letter_digit(cp) < 0))
        return true;
    for (size_t i = 0; i < sizeof joining / sizeof *joining; i++)
        if (ends_with(text, n, joining[i], folded))
            return true;
    for (size_t i = 0; i < sizeof first_person / sizeof *first_person; i++)
        if (begins_with(start, first_person[i], folded))
            return true;
    return false;
}

static bool has_phrase(const char *text, const char *start, const char *phrase, struct bf_buf *folded)
{
    const bool stem = fold(phrase, folded);
    size_t found[8], n_found = 0;
    for (const char *at = strstr(text, folded->data); at && at - text < WINDOW; at = strstr(at + 1, folded->data)) {
        const size_t from = (size_t)(at - text);
        if (n_found < sizeof found / sizeof *found && bf_is_word_edge(text, from) &&
            (stem || bf_is_word_edge(text, from + folded->len)))
            found[n_found++] = from;
    }
    bool is = false;
    for (size_t i = 0; i < n_found && !is; i++)
        is = speaks_of_itself(text, start, found[i], folded);
    return is;
}

bool bf_is_refusal(const char *text)
{
    struct bf_buf lower, phrase;
    bool found = false;
    bf_buf_init(&lower, (size_t)1 << 20);
    bf_buf_init(&phrase, 4096);
    bf_letter_fold(&lower, text, strnlen(text, READ));
    const char *start = first_letter(lower.data);
    for (size_t i = 0; i < sizeof openings / sizeof *openings && !found; i++)
        found = begins_with(start, openings[i], &phrase);
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere && !found; i++)
        found = has_phrase(lower.data, start, anywhere[i], &phrase);
    bf_buf_release(&lower);
    bf_buf_release(&phrase);
    return found;
}
